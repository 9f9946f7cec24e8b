"""Catalogues as tables: CSV and Parquet, read into the same rows as the source's own format.

Columns, in any order and case: ``id``, ``title``, ``price`` and one of ``category`` or ``path``
are needed; ``audience``, ``brand``, ``description``, ``features``, ``details``, ``unit_cost``,
``average_rating``, ``rating_number`` are read where they are; others are passed over. The source's
own names (``parent_asin``, ``main_category``, ``categories``, ``store``) do as well.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from retailsim.market.catalogue.amazon import SourceRow
from retailsim.market.catalogue.lines import read_lines, readable
from retailsim.market.catalogue.problems import Problems
from retailsim.market.errors import MissingColumns, UnreadableCatalogue

T = TypeVar("T")

SLICE_ROWS = 10_000
"""Rows of a Parquet file that are held at a time."""

_FIELDS = {
    "id": "parent_asin",
    "parent_asin": "parent_asin",
    "title": "title",
    "price": "price",
    "category": "main_category",
    "main_category": "main_category",
    "path": "categories",
    "categories": "categories",
    "audience": "audience",
    "brand": "store",
    "store": "store",
    "description": "description",
    "features": "features",
    "details": "details",
    "unit_cost": "unit_cost",
    "average_rating": "average_rating",
    "rating_number": "rating_number",
}
_NEEDED = {"parent_asin": "id", "title": "title", "price": "price"}
_FIELD_LIMIT = 1024 * 1024


def csv_rows(path: Path, problems: Problems) -> Iterator[SourceRow]:
    """Read the rows of a CSV file: UTF-8, commas, quotes doubled within quotes, one header line.

    Raises
    ------
    UnreadableCatalogue
        If it cannot be opened, or is not UTF-8.
    MissingColumns
        If a needed column is missing.
    """
    csv.field_size_limit(_FIELD_LIMIT)
    lines = _TextLines(path)
    reader = csv.reader(lines, strict=True)
    fields: list[str] | None = None
    while True:
        start = lines.number + 1
        try:
            values = next(reader, None)
        except csv.Error as error:
            problems.skip_line(start, f"not CSV ({error})")
            continue
        if fields is None:
            fields = _fields(path, values or [])
        elif values is None:
            return
        elif len(values) == len(fields):
            yield _row(fields, values)
        elif values:
            problems.skip_line(start, f"{len(values)} fields where the header has {len(fields)}")


def parquet_rows(path: Path, problems: Problems) -> Iterator[SourceRow]:
    """Read the rows of a Parquet file, slice by slice, its other columns left unread.

    Raises
    ------
    UnreadableCatalogue
        If it cannot be opened, or is no Parquet file.
    MissingColumns
        If a needed column is missing.
    """
    import polars as pl  # only those who read Parquet wait for this import

    with readable(path):
        path.open("rb").close()
    proofread(path)
    try:
        frame = pl.scan_parquet(path, glob=False)
        names = _quietly(frame.collect_schema).names()
        columns = {n: field for n, field in zip(names, _fields(path, names), strict=True) if field}
        wanted = frame.select(list(columns))
        for start in range(0, _quietly(frame.select(pl.len()).collect).item(), SLICE_ROWS):
            for values in _quietly(wanted.slice(start, SLICE_ROWS).collect).iter_rows():
                yield _row(list(columns.values()), values)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        why = str(error).splitlines()[0][:200]
        raise UnreadableCatalogue(path, f"it is damaged, or not a Parquet file ({why})") from error


_PROOF = """
import sys
import polars as pl
path, step, *known = sys.argv[1:]
frame = pl.scan_parquet(path, glob=False)
wanted = [n for n in frame.collect_schema().names() if n.strip().casefold() in known]
for start in range(0, frame.select(pl.len()).collect().item(), int(step)):
    frame.select(wanted).slice(start, int(step)).collect()
"""


def proofread(path: Path) -> None:
    """Read a Parquet file in another process first: a damaged one may ask for all memory there is.

    The reader then ends its process by a signal, which no `except` sees. Whatever it raises
    otherwise it raises again where it is read.

    Raises
    ------
    UnreadableCatalogue
        If its reader does not survive it.
    """
    words = [sys.executable, "-c", _PROOF, str(path), str(SLICE_ROWS), *_FIELDS]
    status = subprocess.run(words, capture_output=True, check=False).returncode
    if status < 0:
        why = f"it is damaged: its reader was ended by signal {-status}"
        raise UnreadableCatalogue(path, why)


def _quietly(read: Callable[[], T]) -> T:
    """Read a part of a file; what a damaged one makes the reader's threads print is not shown."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        return read()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class _TextLines:
    """The decoded lines of a file for the csv reader, with their number."""

    def __init__(self, path: Path) -> None:
        self.number = 0
        self._path = path
        self._lines = read_lines(path)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number, data = next(self._lines)
        if data is None:
            raise csv.Error("a line longer than 4 MB")
        try:
            return data.decode("utf-8") + "\n"
        except UnicodeDecodeError as error:
            raise UnreadableCatalogue(
                self._path,
                f"line {self.number} is not UTF-8 (byte {error.start + 1}): save it as UTF-8",
            ) from error


def _fields(path: Path, columns: Sequence[str]) -> list[str]:
    """Name the row's field of each column; the empty name for columns passed over."""
    fields = [_FIELDS.get(column.strip().casefold(), "") for column in columns]
    missing = [name for field, name in _NEEDED.items() if field not in fields]
    if not {"main_category", "categories"} & set(fields):
        missing.append("category (or path)")
    if missing:
        raise MissingColumns(path, missing, columns)
    for field in filter(None, fields):
        if fields.count(field) > 1:
            twins = [c for c, f in zip(columns, fields, strict=True) if f == field]
            raise UnreadableCatalogue(path, f"columns {', '.join(twins)} mean the same: keep one")
    return fields


def _row(fields: Sequence[str], values: Sequence[Any]) -> SourceRow:
    """Build a row of the source's format out of a table's; features are separated by ``|``."""
    found: dict[str, Any] = {f: v for f, v in zip(fields, values, strict=True) if f and v != ""}
    if isinstance(found.get("features"), str):
        found["features"] = found["features"].split("|")
    return SourceRow(**found)
