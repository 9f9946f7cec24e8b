"""`compare`: what changed between two runs, on the terminal or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from retailsim.analysis.report.page_file import check_page
from retailsim.sim.errors import packages_for
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.folder.open_studios import tell_compared
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.look.side_by_side import SideBySide, own_of, run_names, side_by_side
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.analysis.measures.comparison import Comparison


def compare_runs(
    first: Path,
    second: Path,
    terminal: Terminal,
    html: str | None = None,
    without: Sequence[str] = (),
) -> int:
    """Compare two runs; returns the exit status, 1 where there is nothing to compare.

    Parameters
    ----------
    html : str or None
        The file of its page; empty: among the second run's derived files. None: no page.
    without : sequence of str
        Seats of people that are left out.

    Raises what `side_by_side`, `compare_page.write_page` and `check_page` raise, `OtherCurrency`,
    and `LeadsOut` where the page would be in a run's folder and a link leads out of it.
    """
    page = None if html is None else _page_place(first, second, html)
    with in_currency_of(first, second):
        return _compared(first, second, terminal, page, without)


def _compared(
    first: Path, second: Path, terminal: Terminal, page: Path | None, without: Sequence[str]
) -> int:
    found = side_by_side(first, second, without)
    if page is not None:
        _write_page(found, page)
        terminal.say(f"page: {page}")
    if terminal.json:
        paths = {"first": str(found.first), "second": str(found.second)}
        terminal.out_json(msgspec.structs.asdict(found) | paths)
    else:
        from retailsim.sim.look.compare_text import show

        show(found, own_of(first, second), terminal)
        tell_compared(terminal, first, second)
    return 0 if any(change.test.p is not None for change in found.comparison.planned) else 1


def _page_place(first: Path, second: Path, html: str) -> Path:
    """Return the file of the page, in which nothing else stands."""
    name = run_names(first, second)[0].replace("/", "-")
    place = Path(html) if html else second / "derived" / f"compare-{name}.html"
    for run in (first, second):
        RunFolder(run).check_places(place, advice="remove the link, or name another file")
    check_page(place, "--html")
    return place


def _write_page(found: SideBySide, place: Path) -> None:
    with packages_for("compare --html"):
        from retailsim.sim.look.compare_page import write_page
    write_page(found, own_of(found.first, found.second), place)


def compared(first: Path, second: Path) -> tuple[bool, Comparison]:
    """Return whether two runs share their draws, and what changed from the first to the second.

    Raises what `side_by_side` raises.
    """
    found = side_by_side(first, second)
    return found.shared, found.comparison
