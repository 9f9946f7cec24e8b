"""`compare RUN`: what people did in a run, beside simulated agents in their seats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.constrain import Constrain
from rich.table import Table

from retailsim.analysis.measures.value_text import change_written, p_told, written
from retailsim.sim.errors import packages_for
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.analysis.measures.beside_people import BesidePeople, PeopleChange
    from retailsim.analysis.statistics.values import Interval
    from retailsim.sim.people.counted import PeopleEpisodes

WIDTH = 80
_NOTHING = "-"


def compare_people(run: Path, without: Sequence[str], terminal: Terminal) -> int:
    """Set a run's people beside their twins; returns 1 where there is nothing to compare.

    Parameters
    ----------
    without : sequence of str
        Seats of people that are left out.

    Raises what `sim.people.counted.people_episodes` raises.
    """
    with packages_for("compare"):
        from retailsim.sim.people.counted import people_episodes
    with in_currency_of(run):
        found = people_episodes(run, without)
        beside = beside_twins(found)
        if terminal.json:
            terminal.out_json(as_json(found, beside))
        else:
            _show(found, beside, terminal)
    return 0 if any(change.test.p is not None for change in beside.changes) else 1


def beside_twins(found: PeopleEpisodes) -> BesidePeople:
    """Play the twins of a run's people and compare."""
    import polars as pl

    from retailsim.analysis.measures.beside_people import beside_people
    from retailsim.analysis.projection.registered import own_measures
    from retailsim.sim.people.counted import twins_of

    twins = twins_of(found)
    lost = twins.filter(pl.col("pair").is_in(found.lost["pair"].to_list()))
    return beside_people(found.episodes, twins, lost=lost, own=own_measures(found.run))


def as_json(found: PeopleEpisodes, beside: BesidePeople) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        "run": str(found.run),
        "role": found.role,
        "partial": found.unfinished,
        "cautions": list(found.cautions()),
        "left_out": dict(found.left_out),
        **msgspec.to_builtins(beside),
    }


def _show(found: PeopleEpisodes, beside: BesidePeople, terminal: Terminal) -> None:
    for line in (*(f"This is {one}." for one in found.cautions()), *_sentences(found, beside)):
        terminal.out(fill(line, WIDTH, break_long_words=False, break_on_hyphens=False))
    if found.left_out:
        terminal.out("Episodes of people that are left out:")
        for line in found.left_out_told():
            terminal.out(fill(line, WIDTH, subsequent_indent="    "))
    if beside.changes:
        terminal.show(Constrain(_table(beside), WIDTH))
    for line in _notes(found, beside):
        terminal.out(fill(line, WIDTH, break_long_words=False, break_on_hyphens=False))


def _sentences(found: PeopleEpisodes, beside: BesidePeople) -> Iterator[str]:
    """Yield what was found, what it is of, and what stands open."""
    from retailsim.analysis.measures.beside_people import told_apart

    if not beside.pairs:
        yield "No episode of a person has a simulated one beside it: nothing can be compared."
        return
    apart = told_apart(beside)
    if apart[True]:
        listed = "; ".join(_said(change) for change in apart[True])
        yield f"People differ from the simulated {found.role}s in their seats: {listed}."
    if apart[False]:
        rest = ", ".join(_lower(change.label) for change in apart[False])
        much = f" of {beside.people} people" if beside.people < 20 else ""
        yield f"No difference can be told{much} in: {rest}."
    people = f"{beside.people:,} {'person' if beside.people == 1 else 'people'}"
    yield (
        f"People minus simulated {found.role}s on the same draws: {beside.pairs:,} pairs of "
        f"episodes, {people}, {beside.products:,} product{'s' * (beside.products != 1)}."
    )


def _said(change: PeopleChange) -> str:
    moved = _moved(change)
    return f"{_lower(change.label)} {moved} ({_ends(change.unit, change.interval)})"


def _lower(label: str) -> str:
    return label[0].lower() + label[1:]


def _table(beside: BesidePeople) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("")
    for heading in ("people", "simulated", "change", "p"):
        table.add_column(heading, justify="right")
    for change in beside.changes:
        sides = (
            _NOTHING if one.value is None else f"{written(change.unit, one.value)}\nn {one.n:,}"
            for one in (change.people, change.simulated)
        )
        ends = [_ends(change.unit, one) for one in (change.interval, change.new_products)]
        moved = "\n".join((_moved(change), *ends))
        table.add_row(change.label, *sides, moved, p_told(change.adjusted_p))
    return table


def _moved(change: PeopleChange) -> str:
    if change.test.estimate is None:
        return _NOTHING
    points = " pts" * (change.unit == "share")
    return change_written(change.unit, change.test.estimate) + points


def _ends(unit: str, between: Interval | None) -> str:
    if between is None:
        return _NOTHING
    low, high = (change_written(unit, end) for end in (between.low, between.high))
    return f"{low} to {high}"


def _notes(found: PeopleEpisodes, beside: BesidePeople) -> Iterator[str]:
    """Yield how the table is to be read."""
    if beside.changes:
        yield (
            "The first interval is for other people with these products, the second for other "
            "products, too; p goes with the first. All are judged together (Bonferroni)."
        )
    if beside.bounds is not None:
        low, high = (
            change_written("share", one) for one in (beside.bounds.low, beside.bounds.high)
        )
        yield (
            f"Had all of the {beside.bounds.episodes:,} bought who were gone before they decided, "
            f"or none, the change of conversion would be {high} or {low} points."
        )
    if found.unfinished:
        yield "The run is not finished: what is said here may change as more people come."
