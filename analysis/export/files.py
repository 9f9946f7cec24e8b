"""Tables as files: Parquet, CSV that a spreadsheet may open, JSON Lines; whole or not at all."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

import polars as pl

from retailsim.analysis.projection.errors import AnalysisError
from retailsim.events.named_file import check_outside
from retailsim.events.whole_file import written_whole

Format = Literal["parquet", "csv", "jsonl"]
FORMATS: tuple[Format, ...] = get_args(Format)

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet would run."""

_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_TRANSPORT = "Invalid thrift: transport error"
"""What Parquet's writer says where the disk refuses a file's end."""


class UnknownExportFormat(AnalysisError):
    """A file's ending, or the format asked for, is none that can be written."""

    def __init__(self, file: Path, named: str, allowed: tuple[Format, ...]) -> None:
        known = " or ".join(f".{one}" for one in allowed)
        what = f"{named!r} is not a format for this" if named else "it has no ending"
        super().__init__(f"{file}: {what}; name a file ending in {known}, or give --format")


class FileExists(AnalysisError):
    """The file is there, and was not to be replaced."""

    def __init__(self, file: Path) -> None:
        if file.is_dir():
            super().__init__(f"{file} is a folder: name a file")
        else:
            super().__init__(f"{file} exists: name another file, or replace it with --force")


def format_of(
    file: Path, asked: Format | None = None, allowed: tuple[Format, ...] = FORMATS
) -> Format:
    """Return what to write: `asked`, or what the file's ending says.

    Raises
    ------
    UnknownExportFormat
        If that is none of `allowed`.
    """
    named = asked or file.suffix.lower().removeprefix(".")
    for one in allowed:
        if named == one:
            return one
    raise UnknownExportFormat(file, named, allowed)


@contextmanager
def whole_file(file: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a name to write to, which becomes `file` at the end; after an error nothing is left.

    Parameters
    ----------
    file : Path
        Not among what a run is made of.
    force : bool
        Whether a file that is there is replaced.

    Raises
    ------
    FileExists, InsideRun
    """
    check_outside(file)
    if file.is_dir() or (file.exists() and not force):
        raise FileExists(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(file) as new:
        yield new
        _sync(new)


def write_table(table: pl.LazyFrame, file: Path, kind: Format) -> None:
    """Write a table, which is read as it is written.

    In CSV a text that begins like a formula gets an apostrophe before it.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    try:
        # Opened here: after an error polars may still be about to make a file that has a name.
        with file.open("wb") as out:
            match kind:
                case "parquet":
                    table.sink_parquet(out)
                case "csv":
                    _unarmed(table).sink_csv(out)
                case "jsonl":
                    table.sink_ndjson(out)
    except (OSError, pl.exceptions.ComputeError) as error:
        # Polars tells of a full disk in words, the system's number at their end, if anywhere.
        number = _OS_ERROR.search(str(error))
        if number is None and _TRANSPORT not in str(error):
            raise
        code = int(number[1]) if number else errno.EIO
        raise OSError(code, os.strerror(code), str(file)) from error


def _unarmed(table: pl.LazyFrame) -> pl.LazyFrame:
    texts = [name for name, kind in table.collect_schema().items() if kind == pl.String()]
    return table.with_columns(
        pl.when(pl.col(name).str.slice(0, 1).is_in(FORMULA))
        .then(pl.concat_str(pl.lit("'"), name))
        .otherwise(name)
        .alias(name)
        for name in texts
    )


def _sync(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())
