"""Tables of rows, packed until they are asked for.

A row an event would make memory grow with the log, a hundred bytes and more for each. As Parquet
they are a hundredth of the log's size, both while it is read and afterwards, and most who load a
projection, a replay among them, look at none.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir

import polars as pl
from polars.io.plugins import register_io_source

from retailsim.analysis.projection.errors import KeptUnreadable, TooLittleRoom
from retailsim.events.errors import DISK_FULL
from retailsim.events.whole_file import scratch

Packed = bytes
"""A frame as the content of a Parquet file."""

Stored = Packed | tuple[Path, ...]
"""A packed frame in memory, or in files that nobody else writes: its rows, one after the other."""

ROWS_AT_ONCE = 10_000
"""Rows of a table that are unpacked together where it is read some rows at a time. More take more
memory; of fewer, what Parquet says of each group of rows becomes larger than the rows."""

_FULL = re.compile(rf"\(os error ({'|'.join(map(str, sorted(DISK_FULL)))})\)")
"""How the library says that a disk is full."""

_SCANNED_AT_ONCE = 6 * ROWS_AT_ONCE
"""Rows of some columns that are at hand at a time."""


@contextmanager
def room() -> Iterator[Path | None]:
    """Make a folder for packed frames, gone afterwards; None where there can be none."""
    with ExitStack() as held:
        place = None
        with suppress(OSError):
            place = held.enter_context(scratch(Path(gettempdir()), "retailsim"))
        yield place


def took_no_more(place: Path, error: BaseException | None) -> bool:
    """Whether an error says that a `room` is full, of which the user is warned then."""
    full = getattr(error, "errno", None) in DISK_FULL or _FULL.search(str(error)) is not None
    if full:
        warnings.warn(TooLittleRoom(place.parent), stacklevel=1)
    return full


def in_room(
    place: Path | None, store: Callable[[Path | None], dict[str, Stored]]
) -> dict[str, Stored]:
    """Store tables in a `room`, or in memory where there is none or it is too small.

    Parameters
    ----------
    store : callable
        Given a folder, or None for memory. That the folder is full it says by `OSError`, or by a
        `KeptUnreadable` that comes of one.
    """
    try:
        return store(place)
    except (OSError, KeptUnreadable) as error:
        if place is None or not took_no_more(place, error.__cause__ or error):
            raise
    return store(None)


def packed(frame: pl.DataFrame, rows: int | None = None) -> Packed:
    """Pack a frame, in groups of so many rows where some are to be unpacked without the others."""
    content = io.BytesIO()
    frame.write_parquet(content, compression="lz4", row_group_size=rows)
    return content.getvalue()


def in_memory(content: Stored) -> Packed:
    """Return a packed frame that holds when its files have gone."""
    if isinstance(content, bytes):
        return content
    with understood():
        return content[0].read_bytes() if len(content) == 1 else packed(unpacked(content))


def _sources(content: Stored) -> Sequence[io.BytesIO | Path]:
    return (io.BytesIO(content),) if isinstance(content, bytes) else content


def unpacked(content: Stored, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Return the frame that was packed, or some of its columns in the order given.

    Raises
    ------
    KeptUnreadable
        If it is no frame, or lacks such a column.
    """
    chosen = None if columns is None else list(columns)
    with understood():
        parts = (pl.read_parquet(one, columns=chosen, glob=False) for one in _sources(content))
        return pl.concat(parts, rechunk=False)


def unpacked_of(content: Stored, wanted: Collection[str]) -> pl.DataFrame:
    """Return those of a packed frame's columns that are wanted, in their order."""
    with understood():
        there = pl.read_parquet_schema(_sources(content)[0])
    return unpacked(content, [name for name in there if name in wanted])


def scanned(content: Stored) -> pl.LazyFrame:
    """Return a packed frame to be read some rows at a time; `understood` is for who reads it.

    Polars itself would unpack as many rows ahead of who uses them as it has threads to do so.

    Raises
    ------
    KeptUnreadable
        If it is no frame at all.
    """
    with understood():
        parts = [pl.scan_parquet(one, glob=False) for one in _sources(content)]
        schema = parts[0].collect_schema()
        heights = [part.select(pl.len()).collect().item() for part in parts]

    def some_rows(
        columns: list[str] | None, where: pl.Expr | None, rows: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        left = sum(heights) if rows is None else rows
        for part, height in zip(parts, heights, strict=True):
            end, chosen = min(left, height), part if columns is None else part.select(columns)
            for at in range(0, end, _SCANNED_AT_ONCE):
                some = chosen.slice(at, min(_SCANNED_AT_ONCE, end - at)).collect()
                yield some if where is None else some.filter(where)
            left -= end

    return register_io_source(some_rows, schema=schema, is_pure=True)


@contextmanager
def understood() -> Iterator[None]:
    """Say that what was kept is not what was packed, also where the library panics at it."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise KeptUnreadable(str(error)) from error


class PackedTables(Mapping[str, pl.DataFrame]):
    """Frames by name, unpacked each time one is asked for.

    Parameters
    ----------
    contents : mapping of str to bytes, optional
        The frames, packed.
    """

    def __init__(self, contents: Mapping[str, Packed] | None = None) -> None:
        self.contents = contents or {}

    def __getitem__(self, name: str) -> pl.DataFrame:
        """Return the frame of this name."""
        return unpacked(self.contents[name])

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self.contents)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.contents)
