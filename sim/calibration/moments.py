"""Simulated moments: scenarios played in memory over many seeds with given parameters.

A seed draws the products' appeal, and with it a level of its own: one seed's rates say little.
So every rate is taken over many seeds, and a purchase counts by its chance rather than by its
draw where the buyers tell it. The same seeds are played whatever the parameters (common random
numbers), so what differs comes from the parameters alone.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import tomli_w
from numpy.typing import NDArray

from retailsim.agents.base import Agent
from retailsim.agents.protocol import agents_of
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.table import measure
from retailsim.market.protocols.registry import imported
from retailsim.sim.calibration.episode_counts import SCHEMA, EpisodeCount, played_counts
from retailsim.sim.calibration.targets import Target, Targets
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.run.launch import read_scenario, stocked
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.protocol import new_design
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from retailsim.sim.seats.cast import Cast
from retailsim.sim.terminal.audience import Nobody
from retailsim.sim.terminal.terminal import Terminal

Floats = NDArray[np.float64]
Values = Mapping[str, float]
"""Parameters by key."""


class Moments:
    """Plays the targets' scenarios; the same draws whatever the parameters.

    Parameters
    ----------
    targets : Targets
    folder : Path
        Where scenarios that are files stand.
    seeds : sequence of int or None
        Those to play; None: those that the fit plays.
    cut : bool
        Whether scenarios are cut down to the sample that the fit plays.
    chances : bool
        Whether purchases are counted by their chance; else they are as a run counts them.
    """

    def __init__(
        self,
        targets: Targets,
        folder: Path,
        seeds: Sequence[int] | None = None,
        *,
        cut: bool = True,
        chances: bool = True,
    ) -> None:
        self._targets = targets
        self._seeds = tuple(targets.fitted_seeds if seeds is None else seeds)
        self._cut, self._chances = cut, chances
        self._played: dict[tuple[Any, ...], Floats] = {}
        self._designs: dict[str, list[tuple[Design, Scenario]]] = {
            name: [self._design(name, folder, seed) for seed in self._seeds]
            for name in targets.scenarios
        }

    def _design(self, name: str, folder: Path, seed: int) -> tuple[Design, Scenario]:
        place, targets = folder / name, self._targets
        sample = targets.sample.get(name, ()) if self._cut else ()
        options = Options(
            scenario=str(place) if place.is_file() else name,
            seed=seed,
            settings=(*targets.settings.get(name, ()), *sample),
        )
        scenario, where = read_scenario(options)
        first = seed == self._seeds[0]  # what is to be said of the products is the same for all
        scenario, products = stocked(scenario, where, Terminal() if first else Nobody())
        return new_design(scenario, where, products, options.scenario), scenario

    def of(self, values: Values) -> list[float]:
        """Return each target's rate over all seeds together; 0 where none counts."""
        return self._pooled(values, len(self._seeds))

    def roughly(self, values: Values) -> list[float]:
        """Return them over the first few seeds only: what a parameter does takes no more."""
        return self._pooled(values, min(len(self._seeds), self._targets.slope_seeds))

    def by_seed(self, values: Values) -> Floats:
        """Return each target's rate, seed by seed: seeds x targets, nan where none counts."""
        sums = self._all_sums(values, len(self._seeds))
        with np.errstate(invalid="ignore", divide="ignore"):
            rates = sums[..., 0] / sums[..., 1]
        found: Floats = rates[..., 0] - np.where(self._is_difference(), rates[..., 1], 0.0)
        return found

    def episodes(self) -> int:
        """How many episodes one evaluation plays."""
        return sum(design.episodes for each in self._designs.values() for design, _ in each)

    def _pooled(self, values: Values, count: int) -> list[float]:
        above, below = np.moveaxis(self._all_sums(values, count).sum(axis=0), -1, 0)
        rates = np.divide(above, below, out=np.zeros_like(above), where=below > 0.0)
        found = rates[:, 0] - np.where(self._is_difference(), rates[:, 1], 0.0)
        return [float(one) for one in found]

    def _is_difference(self) -> NDArray[np.bool_]:
        return np.array([target.minus is not None for target in self._targets.targets])

    def _all_sums(self, values: Values, count: int) -> Floats:
        """Sums by seed, target, side (its own, what it is less), and above or below the line."""
        found = np.zeros((count, len(self._targets.targets), 2, 2))
        for name in self._designs:
            mine = [number for number, t in enumerate(self._targets.targets) if t.scenario == name]
            found[:, mine] = self._sums(name, values, count)
        return found

    def _sums(self, name: str, values: Values, count: int) -> Floats:
        """Play a scenario, or remember it: what does not touch it does not change it."""
        scenario = self._designs[name][0][1]
        touching = {key: value for key, value in values.items() if touches(key, name, scenario)}
        known = (name, count, *sorted(touching.items()))
        if known not in self._played:
            self._played[known] = self._play(name, touching, count)
        return self._played[known]

    def _play(self, name: str, values: Values, count: int) -> Floats:
        targets = [target for target in self._targets.targets if target.scenario == name]
        with tempfile.TemporaryDirectory(prefix="retailsim-") as place:
            parameters = Path(place) / "parameters.toml"
            parameters.write_text(tomli_w.dumps(as_tree(values)), encoding="utf-8")
            designs = self._designs[name][:count]
            return np.stack(
                [
                    _sums_of(self._counts(design, scenario, name, values, parameters), targets)
                    for design, scenario in designs
                ]
            )

    def _counts(
        self, design: Design, scenario: Scenario, name: str, values: Values, parameters: Path
    ) -> list[EpisodeCount]:
        changed = with_inputs(_with(scenario, name, values, parameters), Path())
        chances: dict[str, float] = {}
        classes: dict[str, type[Agent]] = {}
        if self._chances:
            changed, classes = telling(changed, design, chances)
        cast = Cast(changed, design.protocol, design.seed, Path.cwd(), classes=classes)
        return asyncio.run(played_counts(design, cast, chances))


def touches(key: str, name: str, scenario: Scenario) -> bool:
    """Whether a parameter can change what a scenario comes to.

    An option belongs to one scenario, and what a pole changes to those where a seat has it.
    """
    owner, colon, _ = key.partition(":")
    if colon:
        return owner == name
    role, _, rest = key.partition(".")
    if rest.startswith("poles.") and role in ("seller", "buyer"):
        seats = scenario.sellers if role == "seller" else scenario.buyers
        return any(rest.split(".")[1] in (seat.persona or {}).values() for seat in seats)
    return True


def telling(
    scenario: Scenario, design: Design, chances: dict[str, float]
) -> tuple[Scenario, dict[str, type[Agent]]]:
    """Seat buyers that put their chance of a purchase into `chances`, where the protocol has such.

    Returns
    -------
    Scenario, dict
        With the names of their agents, and the classes by these names.
    """
    make = agents_of(design.protocol).telling
    if make is None:
        return scenario, {}
    kinds = imported(make)(chances.__setitem__)

    def seat(table: AgentTable) -> AgentTable:
        name = f"{table.agent} that tells"
        known = table.agent in kinds
        return msgspec.structs.replace(table, agent=name) if known else table

    buyers = tuple(map(seat, scenario.buyers))
    classes = {f"{name} that tells": kind for name, kind in kinds.items()}
    return msgspec.structs.replace(scenario, buyers=buyers), classes


def as_tree(values: Values) -> dict[str, Any]:
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


def _with(scenario: Scenario, name: str, values: Values, parameters: Path) -> Scenario:
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
    seat: AgentTable, side: str, everybody: Values, options: Mapping[str, float]
) -> AgentTable:
    """The seat with what is meant for all of its role, and what names it, in its options."""
    own = {
        key.rpartition("/")[2]: value
        for key, value in options.items()
        if key.rpartition("/")[0] == f"{side}/{seat.id}"
    }
    options_ = {**seat.options, **as_tree(everybody), **as_tree(own)}
    return msgspec.structs.replace(seat, options=options_)


def _sums_of(counts: Sequence[EpisodeCount], targets: Iterable[Target]) -> Floats:
    """Sums of one seed: target, side, (above, below) the line."""
    frame = pl.DataFrame([one.row() for one in counts], schema=dict(SCHEMA))
    lines: dict[str, Floats] = {}
    rows = []
    for target in targets:
        name = target.measure
        if name not in lines:
            lines[name] = _lines(measure(name), frame)
        sides = (target.where, target.minus)
        rows.append([_sum(lines[name], counts, where) for where in sides])
    return np.array(rows)


def _sum(lines: Floats, counts: Sequence[EpisodeCount], where: Mapping[str, str] | None) -> Floats:
    if where is None:
        return np.zeros(2)
    chosen = np.array([one.fits(where) for one in counts], dtype=bool)
    found: Floats = lines[:, chosen].sum(axis=1)
    return found


def _lines(one: Measure, frame: pl.DataFrame) -> Floats:
    """What each episode adds above and below the line of a measure."""
    above = one.above().cast(pl.Float64)
    if one.name == "conversion_rate":
        above = pl.coalesce("chance", above)
    sums = frame.select(
        pl.when(one.counts).then(value).otherwise(0.0).fill_null(0.0).cast(pl.Float64).alias(name)
        for name, value in (("above", above), ("below", one.below()))
    )
    return sums.to_numpy().T
