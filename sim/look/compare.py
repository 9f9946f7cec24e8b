"""`compare`: what changed between two runs, on the terminal or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from retailsim.sim.errors import MissingExtra, NotARunFolder, SimError
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.scenario.anchor_record import AnchorRecord
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.analysis.measures.comparison import Change, Comparison, Streams
    from retailsim.analysis.measures.measure import Measure
    from retailsim.analysis.statistics.values import Estimate


class OtherProtocol(SimError):
    """The runs are of different protocols: their measures do not mean the same."""

    def __init__(self, first: Path, one: str, second: Path, two: str) -> None:
        super().__init__(
            f"{first} is a run of {one}, {second} of {two}: what they measure differs; "
            "compare runs of one protocol"
        )


def compare_runs(first: Path, second: Path, terminal: Terminal) -> int:
    """Compare two runs; returns the exit status, 1 where there is nothing to compare.

    Raises what `compared` raises.
    """
    shared, found = compared(first, second)
    if terminal.json:
        terminal.out_json({"first": str(first), "second": str(second), "comparison": found})
    else:
        how = _how(found, "" if shared else "other seeds: ", _own(first, second))
        _show(f"{second} minus {first}: {how}", found, _own(first, second), terminal)
    return 0 if any(change.test.p is not None for change in found.planned) else 1


def compared(first: Path, second: Path) -> tuple[bool, Comparison]:
    """Return whether two runs share their draws, and what changed from the first to the second.

    Raises
    ------
    OtherProtocol
    MissingExtra
        If the packages of ``retailsim[analysis]`` are not installed.
    NotARun, LogDamaged, LogUnreadable
        As `analysis.replay.loader.load`.
    """
    from retailsim.analysis.projection.loader import load

    try:
        from retailsim.analysis.measures.comparison import compare
    except ModuleNotFoundError as error:
        raise MissingExtra("compare", error.name or "a package") from None
    shared = _share_draws(first, second)
    own = _own(first, second)
    streams = _streams(first, second)
    found = compare(load(first), load(second), shared=shared, own=own, streams=streams)
    cautions = (*found.cautions, *_anchored_apart(first, second))
    return shared, msgspec.structs.replace(found, cautions=cautions)


def _streams(first: Path, second: Path) -> tuple[Streams, Streams]:
    """Return what the seats of both runs draw by, by role and id; by their ids where one is not
    known, as in an imported log."""
    made = [run_file(run) for run in (first, second)]
    if any(one is None or one.imported is not None for one in made):
        return {}, {}
    one, two = (
        {
            "seller": {seat.id: seat.stream or seat.id for seat in file.scenario.sellers},
            "buyer": {seat.id: seat.stream or seat.id for seat in file.scenario.buyers},
        }
        for file in made
        if file is not None
    )
    return one, two


def _anchored_apart(first: Path, second: Path) -> Iterator[str]:
    """Say so where the runs' anchors were solved to different shops, or only one has an anchor."""
    one, two = (_anchor(run_file(run)) for run in (first, second))
    if one is None and two is None:
        return
    if one is None or two is None:
        only = second if one is None else first
        yield f"Only {only} has an [anchor]: what changed includes what was solved for it."
    elif not one.same(two):
        yield (
            "The anchors of these runs were solved to different levels: what changed includes "
            "that. For one shop in both, set anchor.run of the second to the folder of the first."
        )


def _anchor(made: RunFile | None) -> AnchorRecord | None:
    return made.behavioral.anchor if made is not None and made.behavioral is not None else None


def _own(first: Path, second: Path) -> tuple[Measure, ...]:
    """Return the measures of the runs' protocol; only those that both runs have."""
    from retailsim.analysis.projection.registered import own_measures

    there = own_measures(second)
    return tuple(one for one in own_measures(first) if one in there)


def _share_draws(first: Path, second: Path) -> bool:
    """Whether the runs have one seed; logs that nobody says it of may have."""
    one, two = run_file(first), run_file(second)
    if one is None or two is None:
        return True
    protocols = one.scenario.design.protocol, two.scenario.design.protocol
    if protocols[0] != protocols[1]:
        raise OtherProtocol(first, protocols[0], second, protocols[1])
    if one.imported is not None or two.imported is not None:
        return one.imported is not None and two.imported is not None
    return one.scenario.run.seed == two.scenario.run.seed


def run_file(run: Path) -> RunFile | None:
    """Return what a run says of how it was made; None of a bare log."""
    try:
        return RunFolder(run).read()
    except NotARunFolder:
        return None


def _how(found: Comparison, why: str, own: Sequence[Measure]) -> str:
    """Say what was compared with what."""
    how = f"{found.pairs:,} pairs of episodes that share their draws"
    if not found.pairs:
        how = f"{why}no episodes can be paired: they are compared as different ones"
    elif found.only_first or found.only_second:
        how += (
            f"; {found.only_first:,} and {found.only_second:,} without a partner, "
            f"left out of the changes of {_of_pairs(found, own)}"
        )
    return how


def _show(headline: str, found: Comparison, own: Sequence[Measure], terminal: Terminal) -> None:
    from retailsim.analysis.measures.table import with_own

    by_name = {one.name: one for one in with_own(own)}
    conversion = by_name["conversion_rate"].label
    exploratory = (
        f"{conversion} (exploratory; sellers, buyers, categories each by Benjamini-Hochberg)"
    )
    planned = "The whole runs (p and intervals of changes for all of them together, by Bonferroni)"
    terminal.out(headline)
    for line in (*found.cautions, f"Intervals are for {found.generalise_to}."):
        terminal.out(line)
    terminal.show(
        _table(planned, found.planned, by_name), _table(exploratory, found.exploratory, by_name)
    )
    for line in found.notes:
        terminal.out(line)


def _of_pairs(found: Comparison, own: Sequence[Measure]) -> str:
    """Name the measures whose changes are over the pairs."""
    from retailsim.analysis.measures.table import with_own

    shown = {change.measure for change in found.planned}
    every = (one for one in with_own(own) if one.name in shown and one.of_each)
    *first, last = (one.label.lower() for one in sorted(every, key=lambda one: one.place))
    return f"{', '.join(first)} and {last}" if first else last


_DIGITS = 3
"""Decimals of means: runs differ by little."""


def _table(title: str, changes: tuple[Change, ...], by_name: Mapping[str, Measure]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from retailsim.analysis.replay.terminal_tables import Name

    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False, title_justify="left")
    table.add_column("")
    for heading in ("First", "Second", "Change", "p"):
        table.add_column(heading, justify="right", no_wrap=True)
    for change in changes:
        compared = by_name[change.measure]
        table.add_row(
            Name(compared.estimate_label if change.of == "overall" else change.of),
            _side(change.first, compared.unit),
            _side(change.second, compared.unit),
            _moved(change, compared.unit),
            _p(change.adjusted_p),
        )
    return table


def _side(found: Estimate, unit: str) -> str:
    """A run's number, its interval, n and effective n, a line each."""
    if found.value is None:
        return f"-\n{found.note}"
    from retailsim.analysis.measures.value_text import written

    write = partial(written, unit, digits=_DIGITS)
    lines = [write(found.value)]
    if found.interval is not None:
        lines.append(f"{write(found.interval.low)} to {write(found.interval.high)}")
    worth = "" if found.effective_n is None else f", eff. {found.effective_n:,.0f}"
    return "\n".join((*lines, f"n {found.n:,}{worth}"))


def _moved(change: Change, unit: str) -> str:
    """The change, its interval, how that was found and from how much."""
    from retailsim.analysis.measures.value_text import change_written

    test = change.test
    if test.estimate is None:
        return f"-\n{test.note}"
    lines = [change_written(unit, test.estimate) + " pts" * (unit == "share")]
    how, between = test.note or test.method, change.simultaneous
    if between is not None:
        low, high = (change_written(unit, end) for end in (between.low, between.high))
        lines.append(f"{low} to {high}")
        how = between.method
    return "\n".join((*lines, f"{how}, n {test.n:,}"))


def _p(p: float | None) -> str:
    if p is None:
        return "-"
    return "<0.001" if p < 0.0005 else f"{p:.3f}"
