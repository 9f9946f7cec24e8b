"""Simulated moments: scenarios played in memory with given parameters, without a run folder."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import tomli_w

from retailsim.agents.host import Hosting
from retailsim.agents.watchdog import Watchdog
from retailsim.analysis.measures.rows import ratio
from retailsim.analysis.measures.table import measure
from retailsim.events.messages import (
    ASPECTS,
    EpisodeClosed,
    EpisodeOpened,
    Event,
    OrderPlaced,
    RefundIssued,
    ReviewPosted,
)
from retailsim.events.outside import Door
from retailsim.market.protocols.registry import rules_of
from retailsim.sim.calibration.targets import Target, Targets
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.play.engine import Engine
from retailsim.sim.play.stop import Stop
from retailsim.sim.run.launch import Options, chosen_products, read_scenario
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.protocol import new_design
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from retailsim.sim.seats.cast import Cast
from retailsim.sim.terminal.terminal import Terminal


class Count(msgspec.Struct):
    """What one episode came to."""

    opened: EpisodeOpened | None = None
    closed: bool = False
    orders: int = 0
    units: int = 0
    refunded: int = 0
    stars: dict[str, int] = msgspec.field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """Return it as the episodes frame of a replay has it, as far as the measures here read."""
        return {
            "status": "closed",
            "decided": True,
            "settled": self.orders > 0,
            "orders": self.orders,
            "units": self.units,
            "units_refunded": self.refunded,
            "reviews": len(self.stars),
            **{f"rating_{aspect}": self.stars.get(aspect) for aspect in ASPECTS},
        }


_SCHEMA: dict[str, Any] = {
    "status": pl.String,
    **dict.fromkeys(("decided", "settled"), pl.Boolean),
    **dict.fromkeys(("orders", "units", "units_refunded", "reviews"), pl.Int64),
    **{f"rating_{aspect}": pl.Int64 for aspect in ASPECTS},
}


class Moments:
    """Plays the targets' scenarios; the same draws whatever the parameters.

    Parameters
    ----------
    targets : Targets
    folder : Path
        Where scenarios that are files stand.
    """

    def __init__(self, targets: Targets, folder: Path) -> None:
        self._targets = targets
        self._designs: dict[str, tuple[Design, Scenario]] = {}
        for name in dict.fromkeys(target.scenario for target in targets.targets):
            self._designs[name] = self._design(name, folder)

    def _design(self, name: str, folder: Path) -> tuple[Design, Scenario]:
        place = folder / name
        options = Options(
            scenario=str(place) if place.is_file() else name,
            seed=self._targets.seed,
            settings=self._targets.settings.get(name, ()),
        )
        scenario, where = read_scenario(options)
        products = chosen_products(scenario, where, Terminal())
        return new_design(scenario, where, products, options.scenario), scenario

    def of(self, values: Mapping[str, float]) -> list[float]:
        """Return each target's rate with these values of the parameters; 0 where none counts."""
        played = {name: self._play(name, values) for name in self._designs}
        return [_moment(target, played[target.scenario]) for target in self._targets.targets]

    def episodes(self) -> int:
        """How many episodes one evaluation plays."""
        return sum(design.episodes for design, _ in self._designs.values())

    def _play(self, name: str, values: Mapping[str, float]) -> list[Count]:
        design, scenario = self._designs[name]
        with tempfile.TemporaryDirectory(prefix="retailsim-") as place:
            parameters = Path(place) / "parameters.toml"
            parameters.write_text(tomli_w.dumps(as_tree(values)), encoding="utf-8")
            changed = with_inputs(_with(scenario, name, values, parameters), Path())
            cast = Cast(changed, design.protocol, design.seed, Path.cwd())
            return asyncio.run(played_counts(design, cast))


def as_tree(values: Mapping[str, float]) -> dict[str, Any]:
    """Nest dotted keys as a parameters file has them; options of a scenario (a colon) are none."""
    tree: dict[str, Any] = {}
    for key, value in values.items():
        if ":" in key:
            continue
        *parts, last = key.split(".")
        place = tree
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = value
    return tree


def _with(scenario: Scenario, name: str, values: Mapping[str, float], parameters: Path) -> Scenario:
    options = {
        key.partition(":")[2]: value
        for key, value in values.items()
        if key.partition(":")[0] == name and ":" in key
    }
    everybody = {key: value for key, value in options.items() if "/" not in key}
    behavioral = msgspec.structs.replace(scenario.behavioral, parameters=str(parameters))
    return msgspec.structs.replace(
        scenario,
        sellers=tuple(_seat(seat, "sellers", {}, options) for seat in scenario.sellers),
        buyers=tuple(_seat(seat, "buyers", everybody, options) for seat in scenario.buyers),
        behavioral=behavioral,
    )


def _seat(
    seat: AgentTable, side: str, everybody: Mapping[str, float], options: Mapping[str, float]
) -> AgentTable:
    """The seat with what is meant for all of its role, and what names it, in its options."""
    own = {
        key.rpartition("/")[2]: value
        for key, value in options.items()
        if key.rpartition("/")[0] == f"{side}/{seat.id}"
    }
    return msgspec.structs.replace(seat, options={**seat.options, **everybody, **own})


async def played_counts(design: Design, cast: Cast) -> list[Count]:
    """Play a design in memory and return what each episode came to."""
    found: dict[str, Count] = defaultdict(Count)

    def sink(events: Sequence[Event]) -> None:
        for event in events:
            if event.episode is not None:
                _count(found[event.episode], event)

    watch = Watchdog(warn_s=60.0, deadline_s=600.0, say=lambda line: None)
    engine = Engine(
        cast=cast,
        open_market=design.open,
        log=_Nowhere(),
        hosting=Hosting(admissions=rules_of(cast.protocol).admissions, watch=watch),
        stop=Stop(),
    )
    for spec in design.markets():
        await engine.play(spec, Door((), _Nowhere()), sink)
    return list(found.values())


class _Nowhere:
    """A log that keeps nothing."""

    def append(self, lines: bytes, count: int) -> None:
        """Leave it out."""

    async def append_durable(self, lines: bytes, count: int) -> None:
        """Leave it out."""

    async def room(self) -> None:
        """There is always room."""


def _count(count: Count, event: Event) -> None:
    match event:
        case EpisodeOpened():
            count.opened = event
        case EpisodeClosed():
            count.closed = True
        case OrderPlaced():
            count.orders += 1
            count.units += event.quantity
        case RefundIssued():
            count.refunded += event.quantity
        case ReviewPosted():
            count.stars[event.aspect] = event.rating


def _moment(target: Target, counts: Sequence[Count]) -> float:
    value = _rate(target, counts, target.where)
    return value if target.minus is None else value - _rate(target, counts, target.minus)


def _rate(target: Target, counts: Sequence[Count], where: Mapping[str, str]) -> float:
    some = [one.row() for one in counts if one.closed and _fits(one.opened, where)]
    frame = pl.DataFrame(some, schema=_SCHEMA)
    return ratio(measure(target.measure), frame) or 0.0


def _fits(opened: EpisodeOpened | None, where: Mapping[str, str]) -> bool:
    if opened is None:
        return False
    for key, wanted in where.items():
        role, _, trait = key.partition("_")
        found: Any = getattr(opened, key, None)
        if found is None and role in ("seller", "buyer"):
            found = (getattr(opened, f"{role}_persona") or {}).get(trait)
        if str(found) != wanted:
            return False
    return True
