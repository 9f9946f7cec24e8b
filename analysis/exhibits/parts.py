"""What a report is made of, before it is drawn: sections of tables, figures and conversations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from retailsim.analysis.measures.value_text import written
from retailsim.analysis.statistics.values import Estimate

NOTHING = "–"
"""What stands where nothing was counted."""
FEW_BEHIND = (
    "“10 clusters: t” or “rough” says that few products (or profiles) stand behind it: the range "
    "is wide for that reason, and a rough one may still be too narrow."
)
"""What the notes say that `estimated` puts below numbers, for the caption of where they stand."""


_NUMBER = 16
"""Characters of the longest number; what is longer are words."""


class Cell(msgspec.Struct, frozen=True):
    """One cell: its text, and what stands small below it."""

    text: str
    below: str = ""


class ReportTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table; the first column holds names. One that is `folded` has to be opened.

    `about` says which episodes each row is of, such as ``{"seller": "plain-dealer"}``: a page that
    can show them links the row's name to them. Without it no row is linked.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    folded: bool = False
    about: tuple[Mapping[str, str], ...] = ()

    def words(self) -> set[int]:
        """Return which columns, counted from 0, hold words: they begin at the left."""
        columns = range(1, len(self.columns))
        return {n for n in columns if any(len(row[n].text) > _NUMBER for row in self.rows)}


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A chart as a Vega-Lite specification, with what it shows in words."""

    name: str
    title: str
    spec: dict[str, Any]
    says: str


class SpokenMessage(msgspec.Struct, frozen=True):
    """One line of a conversation: who, and what was said or happened."""

    who: str
    text: str


class ExampleConversation(msgspec.Struct, frozen=True, kw_only=True):
    """An example, to be opened."""

    title: str
    messages: tuple[SpokenMessage, ...]


class Headline(msgspec.Struct, frozen=True, kw_only=True):
    """One of the first numbers."""

    name: str
    value: str
    below: str


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter of the report.

    Tables that are folded stand by themselves, or all below what `folded_together` says.
    """

    name: str
    title: str
    lead: str = ""
    findings: tuple[str, ...] = ()
    headlines: tuple[Headline, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[ReportTable, ...] = ()
    conversations: tuple[ExampleConversation, ...] = ()
    text: str = ""
    folded_together: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    title: str
    lead: str
    warnings: tuple[str, ...]
    sections: tuple[Section, ...]


def estimated(unit: str, estimate: Estimate, *, worth: bool = False) -> Cell:
    """Write an estimate by its unit, with its interval and what it is of.

    Parameters
    ----------
    worth : bool
        Whether n is followed by how many independent observations would say as much.
    """
    if estimate.value is None:
        return Cell(NOTHING, estimate.note)
    below = _below(estimate, partial(written, unit), worth=worth)
    return Cell(written(unit, estimate.value), below)


def _below(estimate: Estimate, write: Callable[[float], str], *, worth: bool) -> str:
    parts = []
    if estimate.interval is not None:
        parts.append(f"{write(estimate.interval.low)} to {write(estimate.interval.high)}")
    if estimate.two_way is not None:
        low, high = write(estimate.two_way.low), write(estimate.two_way.high)
        parts.append(f"new buyers too: {low} to {high}")
    parts.append(_counted(estimate, worth=worth))
    if estimate.note:
        parts.append(estimate.note.replace(": Student's t", ": t"))
    return "; ".join(parts)


def _counted(estimate: Estimate, *, worth: bool) -> str:
    if not worth or estimate.effective_n is None:
        return f"n {estimate.n:,}"
    return f"n {estimate.n:,}, eff. {estimate.effective_n:,.0f}"


def row(name: str, *cells: Cell) -> tuple[Cell, ...]:
    """Begin a row with its name."""
    return (Cell(name), *cells)


def table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[tuple[Cell, ...]],
    note: str = "",
    about: Sequence[Mapping[str, str]] = (),
) -> ReportTable:
    """Make a table."""
    return ReportTable(
        title=title, columns=tuple(columns), rows=tuple(rows), note=note, about=tuple(about)
    )
