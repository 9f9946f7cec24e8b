"""A scenario: products, sellers, buyers, who meets whom, the protocol, a seed, as a TOML file.

Every table is a frozen struct that refuses unknown keys, so a typing error in a scenario is one
line with its place. `sim.scenario.scenario_file` checks what no single table can see. What a
docstring says of a key is what the schema and the page on scenarios say of it.
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
from retailsim.market.core.issues import Issue
from retailsim.market.core.shipping import ShippingRules
from retailsim.market.protocols.registry import DEFAULT

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Count = Annotated[int, Meta(ge=1)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Seconds = Annotated[float, Meta(gt=0.0, le=1e6)]


class ScenarioTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the scenario."""


class RunTable(ScenarioTable, frozen=True, kw_only=True):
    """Name and seed, and how it is executed, which changes no result.

    Parameters
    ----------
    name : str
        What the run is called; part of its folder's name.
    seed : int
        All randomness follows from it.
    workers : int
        Processes that share the run.
    concurrency : int
        Markets in flight in each process; 0 means one where no agent waits, else 64.
    reply_timeout_s : float
        Seconds that a plug-in which waits may take for a reply.
    block_timeout_s : float
        Seconds that a plug-in may hold up the event loop.
    """

    name: Name = "pairwise"
    seed: int = 1
    workers: Annotated[int, Meta(ge=1, le=1024)] = 1
    concurrency: Annotated[int, Meta(ge=0, le=100_000)] = 0
    reply_timeout_s: Seconds = 300.0
    block_timeout_s: Seconds = 30.0


class ProductsTable(ScenarioTable, frozen=True, kw_only=True):
    """Which products there are, and how often something goes wrong with them.

    Parameters
    ----------
    catalog : str
        "builtin", or the path of a .jsonl, .jsonl.gz, .csv or .parquet file.
    per_category : int
        Products drawn of each category; all of them, with a warning, where there are fewer. In
        csales the whole catalogue is for sale.
    ids : tuple of str
        Exactly these products in this order, instead of a draw.
    issue_rate : float
        Share of orders that have an issue; 1.0 is the paper's setting.
    categories : str
        The path of a file that maps source categories to the four groups.
    """

    catalog: str = "builtin"
    per_category: Count | None = 30
    ids: tuple[str, ...] | None = None
    issue_rate: Share = 1.0
    categories: str | None = None


class ProfilesTable(ScenarioTable, frozen=True, kw_only=True):
    """The buyers' profiles, in csales.

    Parameters
    ----------
    file : str
        "builtin", or the path of a JSON or JSON Lines file.
    count : int
        Profiles drawn of them; all by default.
    index : str
        How the catalogue is searched: "bm25", or "embedding" with sentence-transformers.
    """

    file: str = "builtin"
    count: Count | None = None
    index: Literal["bm25", "embedding"] = "bm25"


Pair = tuple[str, str]


class DesignTable(ScenarioTable, frozen=True, kw_only=True):
    """Who meets whom, how often, under which conditions.

    Parameters
    ----------
    protocol : str
        The rules of an episode: "retail" has the five stages from pitch to review, "csales" is
        one sales conversation over the whole catalogue; or that of an installed package, or
        "module:NAME" beside the scenario.
    pairing : str or tuple of pairs
        "all"; "self", a seller and a buyer of the same id; "random", one seller drawn for each
        buyer, product and replication; or a list of [seller, buyer].
    replications : int
        How often everything is repeated, with new draws.
    price_multipliers : tuple of float
        One condition each: the list price is multiplied by it.
    discount : float
        Share taken off the price after that.
    start : date
        The day of the broadcasts.
    broadcast : str
        "shared", one pitch of a seller for all buyers of a product, or "episode", one for each.
    guidance : float
        Share of the four strategy dimensions that a seller plans, drawn for each product.
    nonbuyer_reviews : bool
        Whether those who do not buy review the pitch and the answers.
    max_turns : int
        Most exchanges in one dialogue; in csales, messages of the buyer (10 is usual).
    transcripts : bool
        Whether long texts are kept in the log; language models need them.
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
        Its name, on which its random streams depend; one line without a slash.
    agent : str
        "behavioral", "script" (sellers), "model", a profile or plug-in that `sim agents` lists,
        or "module:Class" beside the scenario. In csales sellers are "csi" (as "behavioral"),
        "fixed-script" and "random-action", buyers "csuser" (as "behavioral").
    model : str
        NAME of a [models.NAME] table, with agent = "model".
    persona : dict of str to str
        Trait = pole. Sellers: assertiveness (assertive, passive), friendliness (friendly,
        reserved), rationality (rational, emotional). Buyers: pickiness (picky, easygoing),
        price_consciousness (sensitive, indifferent), rationality.
    gender : str
        Of the person that the agent stands for.
    pitch_file : str
        The path of the text that a "script" seller speaks.
    options : dict
        Handed to the agent, which says what it takes.
    """

    id: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^/\x00-\x1f]+$")]
    agent: str = "behavioral"
    model: str | None = None
    persona: dict[str, str] | None = None
    gender: Literal["male", "female"] | None = None
    pitch_file: str | None = None
    options: dict[str, Any] = {}


class PolicyTable(ScenarioTable, frozen=True, kw_only=True):
    """What replaces a category's built-in return policy, key by key.

    Parameters
    ----------
    window_days : int
        Days from delivery within which a return is possible; built in are 7 for Food, else 30.
    condition : str
        In which state the goods must come back.
    buyer_pays : tuple of str
        Issues whose return shipping the buyer pays, the seller paying all others.
    """

    window_days: Annotated[int, Meta(ge=0)] | None = None
    condition: str | None = None
    buyer_pays: tuple[Literal[Issue, "size or fit"], ...] | None = None


class IssuesTable(ScenarioTable, frozen=True, kw_only=True):
    """What goes wrong; the overall rate is products.issue_rate.

    Parameters
    ----------
    weights : dict of issue to weight
        How often a product is assigned each issue; those left out never. Equal by default.
    overclaim_rate : float
        Chance, for each claim of the pitch that the sheet does not carry, that the issue becomes
        "not as described".
    """

    weights: dict[Issue, Annotated[float, Meta(ge=0.0, le=1e9)]] | None = None
    overclaim_rate: Share = 0.3


class BehavioralTable(ScenarioTable, frozen=True, kw_only=True):
    """The behavioral agents.

    Parameters
    ----------
    parameters : str
        The path of a file of parameters, laid over the built-in ones.
    """

    parameters: str | None = None


class CacheTable(ScenarioTable, frozen=True, kw_only=True):
    """Answers of language models that runs share.

    Parameters
    ----------
    file : str
        The path of the cache, made if it is not there; without it nothing is shared.
    mode : str
        "use" asks for what is not in it; with "only" nothing new is asked or paid.
    """

    file: str | None = None
    mode: Literal["use", "only"] = "use"


class LogTable(ScenarioTable, frozen=True, kw_only=True):
    """How the log is kept.

    Parameters
    ----------
    compress : bool
        Whether finished segments are compressed; needs the extra `zstd`.
    """

    compress: bool = False


class Scenario(ScenarioTable, frozen=True, kw_only=True):
    """A whole scenario; paths in it are relative to its own folder.

    Parameters
    ----------
    run : RunTable
        Name and seed, and how it is executed.
    products : ProductsTable
        Which products there are.
    profiles : ProfilesTable
        The buyers' profiles, in csales.
    design : DesignTable
        Who meets whom, how often, under which conditions.
    sellers, buyers : tuple of AgentTable
        The seats, at least one of each.
    models : mapping of str to ModelConfig
        Language models by a name of one's own.
    policy : mapping of category to PolicyTable
        Changes to the return policies.
    shipping : ShippingRules
        Fee and delivery times.
    issues : IssuesTable
        What goes wrong.
    behavioral : BehavioralTable
        The behavioral agents.
    cache : CacheTable
        Answers of language models that runs share.
    log : LogTable
        How the log is kept.
    rules : dict
        What a protocol from outside is told.
    """

    run: RunTable = RunTable()
    products: ProductsTable = ProductsTable()
    profiles: ProfilesTable = ProfilesTable()
    design: DesignTable = DesignTable()
    sellers: tuple[AgentTable, ...] = ()
    buyers: tuple[AgentTable, ...] = ()
    models: Mapping[str, ModelConfig] = {}
    policy: Mapping[Category, PolicyTable] = {}
    shipping: ShippingRules = ShippingRules()
    issues: IssuesTable = IssuesTable()
    behavioral: BehavioralTable = BehavioralTable()
    cache: CacheTable = CacheTable()
    log: LogTable = LogTable()
    rules: dict[str, Any] = {}

    def seats(self, role: Role) -> tuple[AgentTable, ...]:
        """The seats of one role, in the scenario's order."""
        return self.sellers if role == "seller" else self.buyers


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
    """Move what a docstring says of each key to the key."""
    about, _, parameters = cleandoc(table.get("description", "")).partition(_PARAMETERS)
    table["description"] = about
    for entry in re.split(r"\n(?=\S)", parameters):
        names, _, text = entry.partition(" : ")
        for name in names.split(", "):
            if name in table["properties"]:
                lines = text.split("\n")[1:]
                table["properties"][name]["description"] = " ".join(" ".join(lines).split())
