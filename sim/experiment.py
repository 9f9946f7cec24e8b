"""`experiment NAME`: runs a preset's arms and prints its table beside the published one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from sim.errors import BadScenario, MissingExtra, RunExists
from sim.estimate import counted, duration, estimate
from sim.terminal import Terminal

if TYPE_CHECKING:
    from analysis.outcomes import Outcome, Row, Value
    from sim.design import Design


class Arm(msgspec.Struct, frozen=True):
    """One run of an experiment: its label, its scenario and what is set in it."""

    label: str
    scenario: str
    settings: tuple[str, ...] = ()


EXPERIMENTS: Mapping[str, tuple[Arm, ...]] = MappingProxyType(
    {
        "pairwise": (Arm("all", "pairwise"),),
        "demographic": (Arm("all", "demographic"),),
        "price-demand": (Arm("all", "price-demand"),),
        "elasticity": (Arm("all", "elasticity"),),
        "persona-effects": (Arm("buyers", "persona-buyers"), Arm("sellers", "persona-sellers")),
        "guidance": tuple(
            Arm(f"{share}", "guidance", (f"design.guidance={share}",))
            for share in (0.0, 0.25, 0.5, 0.75, 1.0)
        ),
        "category-fit": (Arm("all", "pairwise"),),
        "csales": (Arm("all", "csales"),),
    }
)
"""Experiment -> its runs; each scenario is a file that can be copied and changed."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told."""

    name: str
    out: Path | None = None
    settings: tuple[str, ...] = ()
    sellers: str | None = None
    buyers: str | None = None
    workers: int | None = None
    seed: int | None = None
    budget: float | None = None
    plan: bool = False


def experiment(asked: Asked, terminal: Terminal) -> int:
    """Run an experiment and print its table; returns the exit status."""
    if asked.name not in EXPERIMENTS:
        raise BadScenario("experiment", f"no {asked.name!r}; there are {', '.join(EXPERIMENTS)}")
    arms = EXPERIMENTS[asked.name]
    if asked.plan:
        return _plan(asked, arms, terminal)
    try:
        import analysis.experiments  # noqa: F401 - to fail before anything is run
    except ModuleNotFoundError as error:
        raise MissingExtra("experiment", error.name or "a package") from None
    folder = asked.out or Path("runs") / f"{asked.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunExists(folder)
    for arm in arms:
        terminal.say(f"{asked.name}: {arm.label}")
        status = _run(asked, arm, folder / arm.label)
        if status:
            return status
    return show(asked.name, {arm.label: folder / arm.label for arm in arms}, terminal)


class _Quiet(Terminal):
    """Says what goes on, and shows no result: the experiment's table is the result."""

    def out(self, text: str) -> None:
        """Leave it out."""

    def out_json(self, result: Any) -> None:
        """Leave it out."""

    def show(self, *parts: Any) -> None:
        """Leave it out."""


def _options(asked: Asked, arm: Arm, out: Path | None) -> Any:
    from sim.launch import Options

    return Options(
        scenario=arm.scenario,
        seed=asked.seed,
        out=out,
        workers=asked.workers,
        sellers=asked.sellers,
        buyers=asked.buyers,
        budget=asked.budget,
        settings=(*arm.settings, *asked.settings),
    )


def _run(asked: Asked, arm: Arm, out: Path) -> int:
    from sim.launch import launch

    return launch(_options(asked, arm, out), _Quiet())


def show(name: str, runs: Mapping[str, Path], terminal: Terminal) -> int:
    """Print an experiment's table from its runs; returns the exit status."""
    from analysis.loading import load

    if name == "csales":
        from analysis.conversations import table

        outcome = table(next(iter(runs.values())))
    else:
        from analysis.experiments import TABLES

        outcome = TABLES[name]({label: load(run) for label, run in runs.items()})
    folders = {label: str(run) for label, run in runs.items()}
    if terminal.json:
        terminal.out_json({"experiment": name, "runs": folders, "outcome": outcome})
        return 0
    terminal.show(*_tables(outcome))
    for note in outcome.notes:
        terminal.out(note)
    for label, folder in folders.items():
        terminal.out(f"{label}: {folder}")
    return 0


def _tables(outcome: Outcome) -> Sequence[Any]:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    parts: list[Any] = [Text(outcome.title, style="bold")]
    parts += [_table(rows, names) for rows, names in _parts(outcome.rows)]
    if not outcome.findings:
        return parts
    found = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("What is tested", "Found", "p", "Published"):
        found.add_column(heading)
    for finding in outcome.findings:
        p = finding.adjusted_p if finding.adjusted_p is not None else finding.test.p
        found.add_row(
            finding.claim,
            _estimate(finding.test),
            "-" if p is None else f"{p:.3f}",
            finding.published,
        )
    return [*parts, found]


_ABREAST = 5
"""Columns that fit beside each other."""


def _parts(rows: Sequence[Row]) -> Iterator[tuple[Sequence[Row], Sequence[str]]]:
    """Yield rows of the same columns, as many columns at a time as fit."""
    for names, some in groupby(rows, key=lambda row: tuple(value.name for value in row.values)):
        together = list(some)
        for start in range(0, len(names), _ABREAST):
            yield together, names[start : start + _ABREAST]


def _table(rows: Sequence[Row], names: Sequence[str]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from analysis.tables import Name

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for name in names:
        table.add_column(name, justify="right")
    for row in rows:
        values = {value.name: _cell(value) for value in row.values}
        table.add_row(Name(row.label), *(values.get(name, "") for name in names))
    return table


def _estimate(test: Any) -> str:
    if test.estimate is None:
        return test.note or "-"
    said = f"{test.estimate:+.3g}"
    if test.interval is None:
        return said
    return f"{said} ({test.interval.low:+.3g} to {test.interval.high:+.3g})"


def _cell(value: Value) -> str:
    found = value.measured
    said = "-" if found.value is None else _number(value.unit, found.value)
    if found.interval is not None:
        low, high = (_number(value.unit, end) for end in (found.interval.low, found.interval.high))
        said += f"\n{low} to {high}"
    if value.published is not None:
        said += f"\npaper {_number(value.unit, value.published)}"
    return said


def _number(unit: str, number: float) -> str:
    match unit:
        case "share":
            return f"{number:.1%}"
        case "cents":
            return f"${number / 100:,.2f}"
        case _:
            return f"{number:.2f}"


DESIGN_EFFECT = 4.7
"""What clustering costs in the published trajectories: assumed before anything is run."""


def _plan(asked: Asked, arms: tuple[Arm, ...], terminal: Terminal) -> int:
    """Say how many episodes there are, what they can tell, and what they cost."""
    from analysis.statistics.power import detectable, episodes_per_arm
    from events.streams import Seed
    from sim.design import design_of
    from sim.launch import chosen_products, chosen_profiles, read_scenario

    def design(arm: Arm) -> Design:
        scenario, folder = read_scenario(_options(asked, arm, None))
        products = chosen_products(scenario, folder, _Quiet())
        seed = Seed(scenario.run.seed)
        return design_of(scenario, products, chosen_profiles(scenario, folder), seed)

    designs = {arm.label: design(arm) for arm in arms}
    total = sum(one.episodes for one in designs.values())
    terminal.out(f"{asked.name}: {counted(len(arms), 'run')}, {counted(total, 'episode')}")
    for label, one in designs.items():
        found = estimate(one)
        cost = "nothing is spent"
        if found is not None:
            dollars = "an unknown price" if found.dollars is None else f"${found.dollars:,.2f}"
            cost = f"{dollars} expected, {duration(found.seconds)}"
        half = one.episodes // 2
        rise = detectable(0.6, half, design_effect=DESIGN_EFFECT)
        tells = "no difference" if rise is None else f"a difference of {100 * rise:.1f} points"
        terminal.out(
            f"{label}: {counted(one.episodes, 'episode')}; two halves of it can tell {tells} "
            f"from 60 % (power 80 %, design effect {DESIGN_EFFECT}); {cost}"
        )
    needed = {
        points: episodes_per_arm(0.6, 0.6 + points / 100, design_effect=DESIGN_EFFECT)
        for points in (2, 5, 10)
    }
    said = ", ".join(f"{points} points: {n:,}" for points, n in needed.items())
    terminal.out(f"episodes needed in each of two groups to tell a difference of {said}")
    return 0
