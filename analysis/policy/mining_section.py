"""What a report says of the moves that go with buying."""

from __future__ import annotations

from collections.abc import Sequence

from retailsim.analysis.exhibits.parts import NOTHING, Cell, ReportTable, Section, table
from retailsim.analysis.policy.mining import Mined, Pattern
from retailsim.analysis.policy.mining_words import (
    COLUMNS,
    by_propensity,
    how,
    looked_at,
    p_written,
    points,
    sides,
    when,
    whom,
)

MOST_ROWS = 12
"""Of each table."""


def mined_section(mined: Mined) -> Section | None:
    """Return the chapter of what was mined; None where nothing had the support."""
    if not mined.patterns:
        return None
    return Section(
        name="moves",
        title="Which moves go with buying",
        lead=" ".join(filter(None, (looked_at(mined), how(mined) if mined.told() else ""))),
        tables=tuple(_table(title, some) for title, some in sides(mined) if some),
    )


def _table(title: str, patterns: Sequence[Pattern]) -> ReportTable:
    shown = patterns[:MOST_ROWS]
    left = len(patterns) - len(shown)
    note = f"{left} more with smaller differences are left out." if left else ""
    return table(title, ("", *COLUMNS[2:]), [_row(one) for one in shown], note)


def _row(one: Pattern) -> tuple[Cell, ...]:
    found = one.association
    cells = (
        Cell(f"{found.bought_with:.0%}", f"of {found.done:,}"),
        Cell(f"{found.bought_without:.0%}", f"of {found.not_done:,}"),
        Cell(*points(found.difference, found.interval)),
        Cell(p_written(one.adjusted_p)),
        _weighted(one),
    )
    return Cell(one.move, f"{when(one)}; {whom(one)}"), *cells


def _weighted(one: Pattern) -> Cell:
    """A difference with its interval; words of a refusal stand small."""
    text, below = by_propensity(one.weighted)
    return Cell(NOTHING, text) if one.weighted.refused else Cell(text, below)
