"""What a launch is told: the flags of the command, or what a program gives instead."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from retailsim.agents.base import Agent
from retailsim.sim.seats.seat_names import SeatEntries

if TYPE_CHECKING:
    from retailsim.agents.person.desk import Desk

DEFAULT = "pairwise"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The flags of ``launch``; None leaves the scenario's own value.

    With `parts` those who are named play the scenario's parts, as experiments do.

    A program may also give the scenario's `tables` instead of a file, whole seats among `sellers`
    and `buyers`, and the `classes` of agents that only its own process has, by the names of their
    seats' agents. An environment plays seats from `outside` itself; at the `desk` people are asked.

    With `shares` the run is divided into so many, for `shard` and `gather`, and put into a `store`.
    """

    scenario: str = DEFAULT
    seed: int | None = None
    out: Path | None = None
    workers: int | None = None
    sellers: SeatEntries | None = None
    buyers: SeatEntries | None = None
    catalog: Path | None = None
    profiles: Path | None = None
    budget: float | None = None
    settings: tuple[str, ...] = ()
    parts: bool = False
    dry_run: bool = False
    verbose: bool = False
    tables: Mapping[str, Any] | None = None
    classes: Mapping[str, type[Agent]] = {}
    outside: bool = False
    desk: Desk | None = None
    shares: int | None = None
    store: str | None = None
