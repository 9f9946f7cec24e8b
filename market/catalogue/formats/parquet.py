"""Parquet files, slice by slice; a damaged one ends neither this process nor its output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from retailsim.market.catalogue.formats.table import Row, Table
from retailsim.market.catalogue.lines import readable
from retailsim.market.errors import UnreadableCatalogue

T = TypeVar("T")

SLICE_ROWS = 10_000
"""Rows that are held at a time."""


class _Index(NamedTuple):
    """An index of pandas that is no column: its name, and how it counts."""

    name: str
    start: int
    step: int


def parquet_rows(path: Path) -> Table:
    """Open a Parquet file; an index that pandas keeps beside the columns is a column.

    Raises
    ------
    UnreadableCatalogue
        If it cannot be opened, or is no Parquet file.
    """
    import polars as pl  # only those who read Parquet wait for this import

    with readable(path):
        path.open("rb").close()
    proofread(path)
    try:
        schema = _quietly(lambda: pl.scan_parquet(path, glob=False).collect_schema())
        metadata = _quietly(lambda: pl.read_parquet_metadata(path))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise _damaged(path, error) from error
    index = _range_index(metadata, schema.names())
    columns = (*((index.name,) if index else ()), *schema.names())
    return Table(
        path=path,
        format="Parquet" + (f", its index as {index.name!r}" if index else ""),
        columns=columns,
        read=lambda: _rows(path, index),
    )


def _rows(path: Path, index: _Index | None) -> Iterator[Row]:
    import polars as pl

    try:
        frame = pl.scan_parquet(path, glob=False)
        names = _quietly(frame.collect_schema).names()
        count = _quietly(frame.select(pl.len()).collect).item()
        for start in range(0, count, SLICE_ROWS):
            values = _quietly(frame.slice(start, SLICE_ROWS).collect).iter_rows()
            for number, row in enumerate(values, start=start):
                cells = dict(zip(names, row, strict=True))
                if index is not None:
                    cells[index.name] = index.start + number * index.step
                yield Row(number + 1, cells)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: BaseException) -> UnreadableCatalogue:
    why = (str(error).splitlines() or [""])[0][:200]
    return UnreadableCatalogue(path, f"it is damaged, or not a Parquet file ({why})")


def _range_index(metadata: Mapping[str, str], columns: list[str]) -> _Index | None:
    """Return the index of whole numbers that pandas tells of and writes no column for."""
    try:
        said = json.loads(metadata.get("pandas", "{}"))["index_columns"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    for one in said if isinstance(said, list) else ():
        if not isinstance(one, dict) or one.get("kind") != "range":
            continue
        start, step, name = one.get("start"), one.get("step"), one.get("name")
        name = "index" if name is None else name
        if not isinstance(name, str) or name in columns:
            continue
        if isinstance(start, int) and isinstance(step, int):
            return _Index(name, start, step)
    return None


_PROOF = """
import sys
import polars as pl
path, step = sys.argv[1:]
frame = pl.scan_parquet(path, glob=False)
frame.collect_schema()
pl.read_parquet_metadata(path)
for start in range(0, frame.select(pl.len()).collect().item(), int(step)):
    frame.slice(start, int(step)).collect()
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
    words = [sys.executable, "-c", _PROOF, str(path), str(SLICE_ROWS)]
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
