"""A scenario: products, sellers, buyers, who meets whom, the protocol, a seed, as a TOML file.

Every table is a frozen struct that refuses unknown keys, so a typing error in a scenario is one
line with its place. `check` adds what no single table can see.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from events.messages import Role
from market.issues import Issue
from market.product import Category
from market.shipping import ShippingRules

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Count = Annotated[int, Meta(ge=1)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the scenario."""


class RunTable(Table, frozen=True, kw_only=True):
    """``[run]``: name, seed, and how it is executed (which changes no result)."""

    name: Name = "pairwise"
    seed: int = 1
    workers: Annotated[int, Meta(ge=1, le=1024)] = 1
    concurrency: Annotated[int, Meta(ge=0, le=100_000)] = 0
    """Markets in flight per worker; 0: one where nobody waits, else 64."""
    reply_timeout_s: Annotated[float, Meta(gt=0)] = 300.0
    """Deadline of one reply of a plug-in that waits."""
    block_timeout_s: Annotated[float, Meta(gt=0)] = 30.0
    """How long a plug-in may hold up the event loop."""


class ProductsTable(Table, frozen=True, kw_only=True):
    """``[products]``: which ones, and what goes wrong with them."""

    catalog: str = "builtin"
    per_category: Count | None = 30
    ids: tuple[str, ...] | None = None
    issue_rate: Share = 1.0
    categories: str | None = None
    """A file that maps source categories to the four groups, merged over the built-in one."""


Pair = tuple[str, str]


class DesignTable(Table, frozen=True, kw_only=True):
    """``[design]``: who meets whom, how often, under which conditions."""

    protocol: Literal["retail"] = "retail"
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


class AgentTable(Table, frozen=True, kw_only=True):
    """``[[sellers]]`` and ``[[buyers]]``: one seat each."""

    id: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^/\x00-\x1f]+$")]
    agent: str = "behavioral"
    model: str | None = None
    persona: dict[str, str] | None = None
    gender: Literal["male", "female"] | None = None
    pitch_file: str | None = None
    options: dict[str, Any] = {}


class ModelTable(Table, frozen=True, kw_only=True):
    """``[models.NAME]``: a language model and its limits."""

    provider: Literal[
        "openai", "openai-responses", "anthropic", "google", "openrouter", "openai-compatible"
    ]
    model: str
    base_url: str | None = None
    key_env: str | None = None
    max_in_flight: Count | None = None
    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None
    temperature: Annotated[float, Meta(ge=0.0, le=2.0)] | None = None
    price: dict[str, float] | None = None


class PolicyTable(Table, frozen=True, kw_only=True):
    """``[policy.CATEGORY]``: what replaces the built-in return policy, key by key."""

    window_days: Annotated[int, Meta(ge=0)] | None = None
    condition: str | None = None
    buyer_pays: tuple[str, ...] | None = None


class IssuesTable(Table, frozen=True, kw_only=True):
    """``[issues]``: how often each goes wrong; the overall rate stands under ``[products]``."""

    weights: dict[Issue, Annotated[float, Meta(ge=0.0)]] | None = None
    overclaim_rate: Share = 0.3


class BehavioralTable(Table, frozen=True, kw_only=True):
    """``[behavioral]``: a file of parameters, merged over the built-in ones."""

    parameters: str | None = None


class LogTable(Table, frozen=True, kw_only=True):
    """``[log]``: how it is kept."""

    compress: bool = False


class Scenario(Table, frozen=True, kw_only=True):
    """A whole scenario; paths in it are relative to its own folder."""

    run: RunTable = RunTable()
    products: ProductsTable = ProductsTable()
    design: DesignTable = DesignTable()
    sellers: tuple[AgentTable, ...] = ()
    buyers: tuple[AgentTable, ...] = ()
    models: Mapping[str, ModelTable] = {}
    policy: Mapping[Category, PolicyTable] = {}
    shipping: ShippingRules = ShippingRules()
    issues: IssuesTable = IssuesTable()
    behavioral: BehavioralTable = BehavioralTable()
    log: LogTable = LogTable()

    def seats(self, role: Role) -> tuple[AgentTable, ...]:
        """The seats of one role, in the scenario's order."""
        return self.sellers if role == "seller" else self.buyers


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario, with its root written out."""
    found = msgspec.json.schema(Scenario)
    tables = found["$defs"]
    root = tables.pop("Scenario")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **root, "$defs": tables}
