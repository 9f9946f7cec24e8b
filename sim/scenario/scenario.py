"""A scenario: products, sellers, buyers, who meets whom, the protocol, a seed, as a TOML file.

Every table is a frozen struct that refuses unknown keys, so a typing error in a scenario is one
line with its place. `sim.scenario.scenario_file` checks what no single table can see. What a
docstring says about a key is what the schema and the page on scenarios say about it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from inspect import cleandoc
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from retailsim.agents.llm.types import ModelConfig
from retailsim.events.messages import Role
from retailsim.market.catalogue.product import Category
from retailsim.market.claims.rules import NOBODY, RULES
from retailsim.market.core.issues import Issue
from retailsim.market.core.shipping import ShippingRules
from retailsim.market.protocols.registry import DEFAULT
from retailsim.sim.scenario.actions_table import ActionsTable
from retailsim.sim.scenario.anchor_table import AnchorTable
from retailsim.sim.scenario.kept_tables import CacheTable, LogTable
from retailsim.sim.scenario.policy_tables import PoliciesTable
from retailsim.sim.scenario.products_table import ProductsTable
from retailsim.sim.scenario.study_table import StudyTable

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Count = Annotated[int, Meta(ge=1)]
Half = Annotated[int, Meta(ge=1, le=2)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
SeatName = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^/\x00-\x1f]+$")]
Seconds = Annotated[float, Meta(gt=0.0, le=1e6)]


PARAMETER_SETS = ("paper", "field")
"""Names of the behavioral agents' parameters; any other word is the path of a file."""


class ScenarioTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the scenario."""


class RunTable(ScenarioTable, frozen=True, kw_only=True):
    """Name and seed of the run, and how it is executed, which does not change its results.

    Parameters
    ----------
    name : str
        Name of the run, and part of its folder's name; that of the scenario's file unless set.
    seed : int
        The seed from which all randomness follows.
    workers : int
        Number of processes that share the run.
    concurrency : int
        Number of markets in flight in each process; 0 means 1 if no agent waits, and 64 otherwise.
        Markets with people in them come on top.
    reply_timeout_s : float
        Seconds that a plug-in that waits may take to reply.
    block_timeout_s : float
        Seconds for which a plug-in may block the event loop.
    """

    name: Name = "pairwise"
    seed: int = 1
    workers: Annotated[int, Meta(ge=1, le=1024)] = 1
    concurrency: Annotated[int, Meta(ge=0, le=100_000)] = 0
    reply_timeout_s: Seconds = 300.0
    block_timeout_s: Seconds = 30.0


class ProfilesTable(ScenarioTable, frozen=True, kw_only=True):
    """The buyers' profiles (csales only).

    Parameters
    ----------
    file : str
        "builtin", or the path of a JSON or JSON Lines file.
    count : int
        Number of profiles drawn from the file; all of them by default.
    half : int
        Only the profiles of one half, 1 or 2, by a hash of their ids: what was tuned on one half
        is judged on the other.
    index : str
        How the catalogue is searched: "bm25", by words; or by sentence embeddings: "embedding",
        which needs the extra `embedding`, or "embedding-large", which needs `embedding-large`.
    """

    file: str = "builtin"
    count: Count | None = None
    half: Half | None = None
    index: Literal["bm25", "embedding", "embedding-large"] = "bm25"


Pair = tuple[str, str]


class DesignTable(ScenarioTable, frozen=True, kw_only=True):
    """Who meets whom, how often, under which conditions.

    Parameters
    ----------
    protocol : str
        The rules of an episode: "retail" has five stages from pitch to review, and "csales" is
        one sales conversation over the whole catalogue. It can also be a protocol from an
        installed package, or "module:NAME" beside the scenario.
    pairing : str or tuple of pairs
        "all" pairs every seller with every buyer; "self" pairs a seller and a buyer that have the
        same id; "random" draws one seller for each buyer, product and replication. A list of
        [seller, buyer] names the pairs.
    replications : int
        How many times everything is repeated, each time with new draws.
    price_multipliers : tuple of float
        Factors on the list price; each is a condition of its own.
    discount : float
        Share taken off the multiplied price.
    start : date
        Date of the broadcasts.
    broadcast : str
        "shared" gives all buyers of a product the same pitch from a seller; "episode" gives each
        buyer a pitch of their own.
    guidance : float
        Share of the four strategy dimensions that a seller plans; which ones is drawn for each
        product.
    nonbuyer_reviews : bool
        Whether buyers who do not buy also review the pitch and the answers.
    max_turns : int
        Most exchanges in a dialogue; in csales, most messages from the buyer (10 is usual).
    transcripts : bool
        Whether long texts are kept in the log; runs with language models need them.
    """

    protocol: Name = DEFAULT
    pairing: Literal["all", "self", "random"] | tuple[Pair, ...] = "all"
    replications: Count = 1
    price_multipliers: tuple[Annotated[float, Meta(gt=0.0, le=100.0)], ...] = (1.0,)
    discount: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.0
    start: dt.date = dt.date(2026, 3, 2)
    broadcast: Literal["shared", "episode"] = "shared"
    guidance: Share = 1.0
    nonbuyer_reviews: bool = False
    max_turns: Annotated[int, Meta(ge=1, le=20)] = 5
    transcripts: bool = True


class AgentTable(ScenarioTable, frozen=True, kw_only=True):
    """One seat.

    Parameters
    ----------
    id : str
        Name of the seat; one line without a slash.
    stream : str
        The key of the seat's random draws: two runs, or two seats, of one key draw the same, so
        that what differs is not luck. Its id unless set here; one line without a slash.
    agent : str
        "behavioral", "script" (sellers only), "model", "http" (an agent at options.url), "person"
        (somebody at a page), a profile or plug-in that `sim agents` lists, or "module:Class" beside
        the scenario. In csales the sellers are "csi" (the same as "behavioral"), "fixed-script" and
        "random-action", and the buyer is "csuser" (the same as "behavioral").
    model : str
        The NAME of a [models.NAME] table; goes with agent = "model".
    persona : dict of str to str
        Poles by trait. For sellers: assertiveness (assertive, passive), friendliness (friendly,
        reserved), rationality (rational, emotional). For buyers: pickiness (picky, easygoing),
        price_consciousness (sensitive, indifferent), rationality (rational, emotional).
    gender : str
        Gender of the person that the agent stands for.
    pitch_file : str
        The path of the text that a "script" seller speaks.
    options : dict
        Options of the agent, which decides which ones there are.
    """

    id: SeatName
    stream: SeatName | None = None
    agent: str = "behavioral"
    model: str | None = None
    persona: dict[str, str] | None = None
    gender: Literal["male", "female"] | None = None
    pitch_file: str | None = None
    options: dict[str, Any] = {}


class IssuesTable(ScenarioTable, frozen=True, kw_only=True):
    """What goes wrong with orders; how often is products.issue_rate.

    Parameters
    ----------
    weights : dict of issue to weight
        How often each issue is assigned to a product, relative to the others. An issue that is
        left out never occurs. All weights are equal by default.
    overclaim_rate : float
        Chance, for each claim in the pitch or in an answer that the product sheet does not support,
        that the issue becomes "not as described".
    """

    weights: dict[Issue, Annotated[float, Meta(ge=0.0, le=1e9)]] | None = None
    overclaim_rate: Share = 0.3


class ClaimsTable(ScenarioTable, frozen=True, kw_only=True):
    """Reading what sellers claim.

    Parameters
    ----------
    reader : str
        "rules" checks every pitch and every answer before the purchase, in csales every message of
        the seller, against the product sheet, by built-in rules; the NAME of a [models.NAME] table,
        or PROVIDER/MODEL, has that model check them, and the rules where it fails; "none" checks
        nothing, and only what a seller reports itself counts.
    """

    reader: Name = RULES


class BehavioralTable(ScenarioTable, frozen=True, kw_only=True):
    """Settings of the behavioral agents.

    Parameters
    ----------
    parameters : str
        "paper" (language models in these roles, as published), "field" (people), or the path of a
        file of parameters that override those of a set: of the one that its key `base` names, or of
        "paper". By default "paper" with the built-in catalogue and "field" with one of your own.
    wallet : dict of category to factor
        Factor on the $35 that the buyers would spend on an item of a category. With "field" the
        default takes them to the geometric mean of the category's list prices in the whole
        catalogue. With "paper" it is 1.9 with the built-in catalogue, whose goods are that much
        dearer than the paper's, and 1 with others.
    """

    parameters: str | None = None
    wallet: dict[Category, Annotated[float, Meta(gt=0.0, le=1e6)]] = {}


class Scenario(ScenarioTable, frozen=True, kw_only=True):
    """A whole scenario; its paths are relative to its own folder.

    Parameters
    ----------
    run : RunTable
        Name and seed of the run, and how it is executed.
    products : ProductsTable
        Which products are for sale.
    profiles : ProfilesTable
        The buyers' profiles (csales only).
    actions : ActionsTable
        What sellers choose from, beside act and tactic (csales only).
    design : DesignTable
        Who meets whom, how often, under which conditions.
    sellers, buyers : tuple of AgentTable
        The seats, at least one of each.
    models : mapping of str to ModelConfig
        Language models, under names of your choice.
    policy : PoliciesTable
        What the shop takes back, and what profit reckons with.
    shipping : ShippingRules
        Shipping fee and delivery times.
    issues : IssuesTable
        What goes wrong with orders.
    claims : ClaimsTable
        Reading what sellers claim.
    behavioral : BehavioralTable
        Settings of the behavioral agents.
    anchor : AnchorTable
        Figures of a shop of your own that the run is to start from.
    cache : CacheTable
        A cache of language models' answers that several runs share.
    log : LogTable
        How the log is kept.
    reward : mapping of str to float
        What a seller that learns is paid in: weights of the terms that its protocol has.
    rules : dict
        What sellers may say and do (csales only), or keys of a protocol from outside.
    study : StudyTable
        A study with people in the seats of one role.
    """

    run: RunTable = RunTable()
    products: ProductsTable = ProductsTable()
    profiles: ProfilesTable = ProfilesTable()
    actions: ActionsTable = ActionsTable()
    design: DesignTable = DesignTable()
    sellers: tuple[AgentTable, ...] = ()
    buyers: tuple[AgentTable, ...] = ()
    models: Mapping[str, ModelConfig] = {}
    policy: PoliciesTable = PoliciesTable()
    shipping: ShippingRules = ShippingRules()
    issues: IssuesTable = IssuesTable()
    claims: ClaimsTable = ClaimsTable()
    behavioral: BehavioralTable = BehavioralTable()
    anchor: AnchorTable = AnchorTable()
    cache: CacheTable = CacheTable()
    log: LogTable = LogTable()
    reward: Mapping[str, float] = {}
    rules: dict[str, Any] = {}
    study: StudyTable | None = None

    def seats(self, role: Role) -> tuple[AgentTable, ...]:
        """The seats of one role, in the scenario's order."""
        return self.sellers if role == "seller" else self.buyers

    @property
    def reader(self) -> str | None:
        """The [models] table that reads claims, if one does."""
        return None if self.claims.reader in (RULES, NOBODY) else self.claims.reader


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario: its root written out, every key described."""
    found = msgspec.json.schema(Scenario)
    tables = found["$defs"]
    for table in tables.values():
        _describe(table)
    root = tables.pop("Scenario")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **root, "$defs": tables}


_PARAMETERS = "\n\nParameters\n----------\n"


def _describe(table: dict[str, Any]) -> None:
    """Move what a docstring says about each key to the key."""
    about, _, parameters = cleandoc(table.get("description", "")).partition(_PARAMETERS)
    table["description"] = about
    for entry in re.split(r"\n(?=\S)", parameters):
        names, _, text = entry.partition(" : ")
        for name in names.split(", "):
            if name in table["properties"]:
                lines = text.split("\n")[1:]
                table["properties"][name]["description"] = " ".join(" ".join(lines).split())
