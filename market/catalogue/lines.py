"""Lines of a text file that may be compressed, hostile or huge, in bounded memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast

from retailsim.market.errors import UnreadableCatalogue

LINE_LIMIT = 4 * 1024 * 1024
"""Longest line that is read as one, in bytes, its line end included."""

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class TextLine(NamedTuple):
    """A line without its end; ``data`` is None for one longer than `LINE_LIMIT`."""

    number: int
    data: bytes | None


def read_lines(path: Path) -> Iterator[TextLine]:
    """Read the lines of a file, numbered from 1; a name ending in ``.gz`` is decompressed.

    Raises
    ------
    UnreadableCatalogue
        If the file cannot be opened, its compression is damaged, or it is UTF-16.
    """
    number = 0
    with readable(path), _open(path) as file:
        try:
            for number, data in enumerate(_bounded_lines(file), start=1):
                yield TextLine(number, _first(path, data) if number == 1 else data)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            where = f"after line {number}" if number else "at its start"
            raise UnreadableCatalogue(
                path, f"its gzip data is damaged {where} ({error}): fetch the file again"
            ) from error


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Say in one clear line why a file cannot be opened or read.

    Raises
    ------
    UnreadableCatalogue
        If the path is missing or no file, or the system refuses to read it.
    """
    if path.is_dir():
        raise UnreadableCatalogue(path, "it is a directory; name a file in it")
    try:
        yield
    except FileNotFoundError as error:
        raise UnreadableCatalogue(path, "there is no such file") from error
    except OSError as error:
        raise UnreadableCatalogue(path, error.strerror or str(error)) from error


def _open(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb"))


def _bounded_lines(file: IO[bytes]) -> Iterator[bytes | None]:
    """Read line by line; of a line beyond the limit only pieces are ever held."""
    while piece := file.readline(LINE_LIMIT):
        if piece.endswith(b"\n") or len(piece) < LINE_LIMIT:
            yield piece.rstrip(b"\r\n")
            continue
        while piece and not piece.endswith(b"\n"):
            piece = file.readline(LINE_LIMIT)
        yield None


def _first(path: Path, data: bytes | None) -> bytes | None:
    """Take a mark of UTF-8 off the first line, and refuse one of UTF-16."""
    if data is not None and data.startswith(_UTF16):
        raise UnreadableCatalogue(path, "it is UTF-16, not UTF-8: save it as UTF-8")
    return data.removeprefix(_BOM) if data is not None else None
