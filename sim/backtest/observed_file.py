"""The file of observed changes: a table with a row for each measure of each change.

    name, from, change, measure, before, after, n_before, n_after, sd_before, sd_after

It is read as catalogues are: any delimiter and encoding, or a workbook, numbers as people write
them. What cannot be read is one line with its place.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from retailsim.market.catalogue.formats.delimited import delimited
from retailsim.market.catalogue.formats.kind import find_kind
from retailsim.market.catalogue.formats.table import Broken, Row, Table
from retailsim.market.catalogue.formats.text_encoding import find_encoding
from retailsim.market.catalogue.formats.workbook import workbook
from retailsim.market.catalogue.shapes.amounts import Evidence, Mark, amount_of
from retailsim.market.errors import CatalogueError, UnreadableCatalogue
from retailsim.sim.backtest.errors import BadObserved

MOST_ROWS = 1_000
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "date", "when", "label"),
    "from": ("from", "old", "was"),
    "change": ("change", "changed", "to", "new", "setting"),
    "measure": ("measure", "metric", "figure"),
    "before": ("before", "value_before"),
    "after": ("after", "value_after"),
    "n_before": ("n_before", "visits_before", "visitors_before", "sessions_before"),
    "n_after": ("n_after", "visits_after", "visitors_after", "sessions_after"),
    "sd_before": ("sd_before", "stdev_before"),
    "sd_after": ("sd_after", "stdev_after"),
}
"""Columns, each with the names that it may have."""
_OPTIONAL = {"name", "from", "sd_before", "sd_after"}
_NEEDED = ", ".join(name for name in COLUMNS if name not in _OPTIONAL)
_SETTING = re.compile(r"[;\n]|\s+(?=\w[\w-]*\.[^\s=]*=)")
"""Between settings; a key of a scenario has a dot in it."""


class ObservedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One measure before and after one change, as the file has it.

    Parameters
    ----------
    line : int
        Where it stands, counted from 1.
    name : str
        What people call the change; its settings where the file does not say.
    was, change : tuple of str
        What was there before, and what was changed then, ``KEY=VALUE`` each.
    measure : str
    before, after : float
        As written: shares in 0 to 1, money in dollars, counts as counts.
    n_before, n_after : int
        Of how many visits (or orders, or units) that is; above 0.
    sd_before, sd_after : float or None
        The standard deviation of one of them.
    """

    line: int
    name: str
    was: tuple[str, ...]
    change: tuple[str, ...]
    measure: str
    before: float
    after: float
    n_before: int
    n_after: int
    sd_before: float | None = None
    sd_after: float | None = None

    @property
    def before_settings(self) -> tuple[str, ...]:
        """What is laid over the scenario for the time before."""
        return self.was

    @property
    def after_settings(self) -> tuple[str, ...]:
        """What is laid over it for the time after: the change, and what it left as it was."""
        changed = {one.partition("=")[0].strip() for one in self.change}
        kept = (one for one in self.was if one.partition("=")[0].strip() not in changed)
        return (*kept, *self.change)


def read_observed(path: Path) -> tuple[ObservedRow, ...]:
    """Read a file of observed changes.

    Raises
    ------
    BadObserved
    """
    try:
        table = _table(path)
        rows = [row for row in table.read() if isinstance(row, Broken) or _filled(row)]
    except UnreadableCatalogue as error:
        raise BadObserved(path, None, error.why) from None
    except CatalogueError as error:
        problem = str(error).removeprefix(f"{path} is ")
        told = problem.replace("a catalogue", "a table of changes").replace("the products", "it")
        raise BadObserved(path, None, told) from None
    places = _places(path, table)
    if not rows:
        raise BadObserved(path, None, "it has no row below its header")
    if len(rows) > MOST_ROWS:
        raise BadObserved(path, None, f"it has {len(rows):,} rows; the most is {MOST_ROWS:,}")
    numbers = _Numbers(path, table, [row.cells for row in rows if isinstance(row, Row)], places)
    found = tuple(_row(path, row, places, numbers) for row in rows)
    _check_once(path, found)
    return found


def _check_once(path: Path, rows: Sequence[ObservedRow]) -> None:
    """Refuse a row that is there twice: its hit or miss would count twice."""
    lines: dict[ObservedRow, int] = {}
    for row in rows:
        first = lines.setdefault(msgspec.structs.replace(row, line=0), row.line)
        if first != row.line:
            problem = f"the same as line {first}; leave one out, or it counts twice"
            raise BadObserved(path, row.line, problem)


def _filled(row: Row) -> bool:
    return any(cell is not None and str(cell).strip() for cell in row.cells.values())


def _table(path: Path) -> Table:
    kind = find_kind(path)
    if kind == "workbook":
        return workbook(path, _known)
    if kind != "table":
        raise BadObserved(path, None, f"it is {kind}, and no table; save it as CSV")
    return delimited(path, find_encoding(path), None, _known)


def _known(columns: Sequence[str]) -> int:
    """Count the columns that are known."""
    known = {name for names in COLUMNS.values() for name in names}
    return len(known & set(map(_plain, columns)))


def _plain(column: str) -> str:
    return re.sub(r"[\s-]+", "_", column.strip().lower())


def _places(path: Path, table: Table) -> dict[str, str]:
    """Return what each column is called in the file."""
    names = {_plain(column): column for column in table.columns}
    found: dict[str, str] = {}
    for column, aliases in COLUMNS.items():
        there = [names[name] for name in aliases if name in names]
        if len(there) > 1:
            problem = f"{there[0]!r} and {there[1]!r} are the same column, {column}"
            raise BadObserved(path, None, f"{problem}; leave one out")
        if there:
            found[column] = there[0]
    missing = [name for name in COLUMNS if name not in found and name not in _OPTIONAL]
    if missing:
        close = get_close_matches(missing[0], names, n=1)
        meant = f" (is {names[close[0]]!r} meant?)" if close else ""
        problem = f"no column {missing[0]}{meant}; the first line names {_NEEDED}"
        raise BadObserved(path, None, problem)
    return found


class _Numbers:
    """Reads cells of numbers; how decimals are written is decided for all values together."""

    def __init__(
        self,
        path: Path,
        table: Table,
        rows: Sequence[Mapping[str, Any]],
        places: Mapping[str, str],
    ) -> None:
        self._path, self._places = path, places
        evidence = Evidence()
        values = ("before", "after", "sd_before", "sd_after")
        for column in (places[name] for name in values if name in places):
            for cells in rows:
                evidence.see(_without_percent(cells.get(column)))
        usual: Mark = "," if "semicolons" in table.marks else "."
        self._mark = evidence.mark or usual

    def value(self, row: Row, column: str) -> float:
        """A number that has to be there."""
        cell = row.cells.get(self._places[column])
        if cell is None:
            raise BadObserved(self._path, row.number, f"{column}: it is empty")
        found = _number(cell, self._mark)
        if found is None or not math.isfinite(found):
            raise BadObserved(self._path, row.number, f"{column}: {str(cell)!r} is no number")
        return found

    def maybe(self, row: Row, column: str) -> float | None:
        """A number above 0 that may be left out."""
        if column not in self._places or row.cells.get(self._places[column]) is None:
            return None
        found = self.value(row, column)
        if found <= 0.0:
            raise BadObserved(self._path, row.number, f"{column}: {found:g} is not above 0")
        return found

    def count(self, row: Row, column: str) -> int:
        """A whole number above 0, with or without marks between thousands."""
        cell = row.cells.get(self._places[column])
        marks: tuple[Mark, ...] = (self._mark, "." if self._mark == "," else ",")
        read = (_number(cell, mark) for mark in marks)
        whole = [int(one) for one in read if one is not None and one >= 1 and one.is_integer()]
        if not whole:
            problem = f"{column}: {'' if cell is None else str(cell)!r} is no count above 0"
            raise BadObserved(self._path, row.number, f"{problem}, such as 12000 visits")
        return max(whole)


def _number(cell: object, mark: Mark) -> float | None:
    """Read a cell; a percent sign divides by 100."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    if not isinstance(cell, str):
        return None
    found = amount_of(str(_without_percent(cell)), mark)
    share = cell.strip().endswith("%")
    return None if found is None else float(found / 100 if share else found)


def _without_percent(cell: object) -> object:
    return cell.strip().removesuffix("%").strip() if isinstance(cell, str) else cell


def _row(
    path: Path, row: Row | Broken, places: Mapping[str, str], numbers: _Numbers
) -> ObservedRow:
    if isinstance(row, Broken):
        hint = "; a cell that holds the delimiter, such as a decimal comma, needs quotes"
        raise BadObserved(path, row.number, f"{row.cause}{hint}")

    def text(column: str) -> str:
        cell = row.cells.get(places.get(column, ""))
        return "" if cell is None else str(cell).strip()

    change = _settings(path, row.number, "change", text("change"))
    was = _was(path, row.number, text("from"), change)
    if set(change) <= set(was):
        problem = f"change: {text('change')!r} is what was there before"
        raise BadObserved(path, row.number, problem)
    if not text("measure"):
        problem = "measure: it is empty; name one, such as conversion"
        raise BadObserved(path, row.number, problem)
    return ObservedRow(
        line=row.number,
        name=text("name") or ", ".join(change),
        was=was,
        change=change,
        measure=text("measure"),
        before=numbers.value(row, "before"),
        after=numbers.value(row, "after"),
        n_before=numbers.count(row, "n_before"),
        n_after=numbers.count(row, "n_after"),
        sd_before=numbers.maybe(row, "sd_before"),
        sd_after=numbers.maybe(row, "sd_after"),
    )


def _was(path: Path, line: int, cell: str, change: tuple[str, ...]) -> tuple[str, ...]:
    """What was there before: KEY=VALUE, or the value alone where one key changed."""
    if not cell:
        return ()
    if "=" in cell:
        return _settings(path, line, "from", cell)
    if len(change) > 1:
        problem = f"from: {cell!r} belongs to which of {len(change)} keys? Write KEY=VALUE"
        raise BadObserved(path, line, problem)
    return (f"{change[0].partition('=')[0]}={cell}",)


def _settings(path: Path, line: int, column: str, cell: str) -> tuple[str, ...]:
    """The settings that a cell names: KEY=VALUE, several with ``;`` or spaces between them."""
    found = tuple(part.strip() for part in _SETTING.split(cell) if part.strip())
    if not found:
        raise BadObserved(
            path, line, f"{column}: it is empty; say what changed, such as design.discount=0.1"
        )
    for one in found:
        key, equals, _ = one.partition("=")
        if not equals or not key.strip():
            raise BadObserved(
                path, line, f"{column}: {one!r} is not KEY=VALUE, such as design.discount=0.1"
            )
    return found
