"""Lines of a text file that may be compressed, hostile or huge, in bounded memory."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from retailsim.market.errors import UnreadableCatalogue

LINE_LIMIT = 4 * 1024 * 1024
"""Longest line that is read as one, its line end included: in bytes, or in characters of a file
that is not UTF-8."""

PlainFile = gzip.GzipFile | io.BufferedReader
"""An open file as its reader sees it: what was compressed is not."""

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


class TextLine(NamedTuple):
    """A line in UTF-8 without its end; ``data`` is None for one longer than `LINE_LIMIT`."""

    number: int
    data: bytes | None


def read_lines(path: Path, encoding: str = "utf-8", end: str = "\n") -> Iterator[TextLine]:
    """Read the lines of a file, numbered from 1, as UTF-8; a compressed one is decompressed.

    What is not valid in UTF-8 is handed on as it is.

    Parameters
    ----------
    end : str
        What ends a line, a carriage return before it aside.

    Raises
    ------
    UnreadableCatalogue
        If the file cannot be opened, its compression is damaged, or it is not of its encoding.
    """
    number = 0
    with readable(path), open_plain(path) as file:
        plain = encoding == "utf-8" and end == "\n"
        lines = _bounded_lines(file) if plain else _decoded_lines(file, encoding, end)
        try:
            for number, data in enumerate(lines, start=1):
                first = number == 1 and data is not None
                yield TextLine(number, data.removeprefix(_BOM) if first and data else data)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise _damaged(path, f"after line {number}" if number else "at its start", error) from (
                error
            )
        except UnicodeError as error:
            raise UnreadableCatalogue(
                path, f"line {number + 1} is not {encoding}: save it as UTF-8"
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
        raise UnreadableCatalogue(path, "it is a folder; name a file in it")
    try:
        yield
    except FileNotFoundError as error:
        raise UnreadableCatalogue(path, "there is no such file") from error
    except gzip.BadGzipFile:
        raise  # told with its place
    except OSError as error:
        raise UnreadableCatalogue(path, error.strerror or str(error)) from error


@contextmanager
def damaged_gzip(path: Path) -> Iterator[None]:
    """Say in one clear line that a file's compression is damaged.

    Raises
    ------
    UnreadableCatalogue
        If it is.
    """
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(path, "", error) from error


def _damaged(path: Path, where: str, error: Exception) -> UnreadableCatalogue:
    place = f" {where}" if where else ""
    return UnreadableCatalogue(
        path, f"its gzip data is damaged{place} ({error}): fetch the file again"
    )


def open_plain(path: Path) -> PlainFile:
    """Open a file to read what is in it, decompressed if it is compressed, whatever its name."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return gzip.GzipFile(path) if packed else path.open("rb")


def read_head(path: Path, size: int) -> bytes:
    """Read the first bytes of a file, decompressed; fewer where the file ends or is damaged.

    Raises
    ------
    UnreadableCatalogue
        If the file cannot be opened, or its compression is damaged at its start.
    """
    head = b""
    with readable(path), open_plain(path) as file:
        try:
            while len(head) < size and (piece := file.read1(size - len(head))):
                head += piece
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            if not head:
                raise _damaged(path, "at its start", error) from error
    return head


def _bounded_lines(file: PlainFile) -> Iterator[bytes | None]:
    """Read line by line; of a line beyond the limit only pieces are ever held."""
    while piece := file.readline(LINE_LIMIT):
        if piece.endswith(b"\n") or len(piece) < LINE_LIMIT:
            yield piece.rstrip(b"\r\n")
            continue
        while piece and not piece.endswith(b"\n"):
            piece = file.readline(LINE_LIMIT)
        yield None


def _decoded_lines(file: PlainFile, encoding: str, end: str) -> Iterator[bytes | None]:
    """Read line by line in another encoding, likewise."""
    with io.TextIOWrapper(file, encoding, newline=end) as text:
        while piece := text.readline(LINE_LIMIT):
            if piece.endswith(end) or len(piece) < LINE_LIMIT:
                yield piece.rstrip("\r\n").encode("utf-8", "surrogatepass")
                continue
            while piece and not piece.endswith(end):
                piece = text.readline(LINE_LIMIT)
            yield None
