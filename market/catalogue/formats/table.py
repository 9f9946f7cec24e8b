"""What every format gives: rows of named cells, and what of a file is no row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One row: its number in the file as a person counts it, from 1, and its cells by column.

    Cells are of any type that the format has; an empty one is left out or None.
    """

    number: int
    cells: Mapping[str, Any]


class Broken(NamedTuple):
    """A place that is no row, and what is wrong with it."""

    number: int
    cause: str


@dataclass(frozen=True, slots=True)
class Table:
    """A file as rows of named cells.

    Parameters
    ----------
    path : Path
    format : str
        The format in words, such as ``CSV, semicolons, cp1252``.
    columns : tuple of str
        Names of the columns as they are written; of formats without a header those of the first
        rows.
    read : callable
        Returns the rows from the beginning, each time it is called; raises a `CatalogueError` for
        a file that is damaged.
    numbered : str
        What the numbers of rows count: "line", "row" or "item".
    marks : frozenset of str
        What is known of the file and helps with its numbers: ``semicolons``.
    """

    path: Path
    format: str
    columns: tuple[str, ...]
    read: Callable[[], Iterator[Row | Broken]]
    numbered: str = "row"
    marks: frozenset[str] = frozenset()
