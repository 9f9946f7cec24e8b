"""`compare`: what changed between two runs, on the terminal or as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import MissingExtra
from sim.terminal import Terminal

if TYPE_CHECKING:
    from analysis.comparison import Change, Comparison


def compare_runs(first: Path, second: Path, terminal: Terminal) -> int:
    """Compare two runs; returns the exit status, 1 where there is nothing to compare."""
    from analysis.loading import load

    try:
        from analysis.comparison import compare
    except ModuleNotFoundError as error:
        raise MissingExtra("compare", error.name or "a package") from None
    found = compare(load(first), load(second))
    if terminal.json:
        terminal.out_json({"first": str(first), "second": str(second), "comparison": found})
    else:
        _show(first, second, found, terminal)
    return 0 if any(change.test.p is not None for change in found.planned) else 1


def _show(first: Path, second: Path, found: Comparison, terminal: Terminal) -> None:
    how = f"{found.pairs:,} pairs of episodes that share their draws"
    if not found.pairs:
        how = "no episodes pair: compared as different episodes"
    elif found.only_first or found.only_second:
        how += f"; {found.only_first:,} and {found.only_second:,} without a partner"
    terminal.out(f"{second} minus {first}: {how}")
    terminal.show(
        _table("The whole runs (p by Holm)", found.planned),
        _table("Conversion (exploratory, p by Benjamini-Hochberg)", found.exploratory),
    )


def _table(title: str, changes: tuple[Change, ...]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from analysis.tables import Name

    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False, title_justify="left")
    table.add_column("")
    for heading in ("First", "Second", "Change", "95 % interval", "p"):
        table.add_column(heading, justify="right", no_wrap=True)
    for change in changes:
        label = change.measure.replace("_", " ") if change.of == "overall" else change.of
        test, write = change.test, _writer(change.measure)
        between = "-"
        if test.interval is not None:
            between = f"{write(test.interval.low)} to {write(test.interval.high)}"
        table.add_row(
            Name(label.removesuffix(" cents")),
            write(change.first.value),
            write(change.second.value),
            write(test.estimate, sign=True) if test.estimate is not None else test.note or "-",
            between,
            "-" if change.adjusted_p is None else f"{change.adjusted_p:.3f}",
        )
    return table


def _writer(measure: str) -> Any:
    def write(value: float | None, *, sign: bool = False) -> str:
        if value is None:
            return "-"
        plus = "+" if sign and value > 0 else ""
        if measure.endswith("_rate"):
            return f"{plus}{100 * value:.1f} pts" if sign else f"{value:.1%}"
        if measure.endswith("_cents"):
            return f"{plus}{value / 100:,.2f} $"
        return f"{plus}{value:.3f}"

    return write
