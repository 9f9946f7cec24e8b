"""Tables in text files: commas, semicolons, tabs or bars between fields, in any encoding."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from retailsim.market.catalogue.formats.header import Recognise, header_of, unique
from retailsim.market.catalogue.formats.table import Broken, Row, Table
from retailsim.market.catalogue.formats.text_encoding import Encoding
from retailsim.market.catalogue.lines import read_lines
from retailsim.market.errors import UnreadableCatalogue, UnusableFormat

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_FIELD_LIMIT = 1024 * 1024
_MOST_COLUMNS = 10_000
_TABLE = 0.5  # the least share of rows as wide as the header, where no column is known
_ADVICE = "name a table, with the names of its columns in its first line"
_LOOKED_AT = 60  # lines
_LOOKED_AT_CHARACTERS = 256 * 1024


class Dialect(NamedTuple):
    """What separates fields, and whether quotes hold some together."""

    delimiter: str
    quotes: bool = True

    @property
    def words(self) -> str:
        """The dialect for people."""
        name = DELIMITERS.get(self.delimiter, f"{self.delimiter!r} between fields")
        return name if self.quotes else f"{name}, no quotes"


class _Records(NamedTuple):
    """Lines of a text file, and how they are read as records."""

    path: Path
    encoding: Encoding
    end: str
    dialect: Dialect
    skipped: int

    def read(self) -> Iterator[tuple[int, list[str] | str]]:
        """Yield the number of the line on which a record starts with its fields, or what is wrong.

        Blank lines give nothing.
        """
        csv.field_size_limit(_FIELD_LIMIT)
        lines = _TextLines(self.path, self.encoding, self.end)
        for _ in range(self.skipped):
            next(lines, None)
        reader = _reader(lines, self.dialect)
        while True:
            start = lines.number + 1
            try:
                fields = next(reader, None)
            except csv.Error as error:
                yield start, f"not CSV ({error})"
                continue
            if fields is None:
                return
            if fields:
                yield start, fields


def delimited(path: Path, encoding: Encoding, told: str | None, recognise: Recognise) -> Table:
    """Open a table in a text file.

    Parameters
    ----------
    told : str or None
        The delimiter that the user says.
    recognise : callable
        Counts which of some names are known as columns.

    Raises
    ------
    UnreadableCatalogue
        If it cannot be opened, is empty, or has more columns than any table.
    """
    head = _head(path, encoding)
    end = "\r" if "\n" not in head and "\r" in head else "\n"
    lines = head.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    skipped, named = _separator_line(lines[0])
    dialect = _dialect(lines[skipped:], told or named, recognise)
    known, as_wide, width = _likeness(lines[skipped:], dialect, recognise)
    if not known and (width < 2 or as_wide < _TABLE) and told is None:
        raise UnusableFormat(path, f"text ({encoding.words}) without columns", _ADVICE)
    records = _Records(path, encoding, end, dialect, skipped)
    first, columns = _header(records, recognise)
    words = f"CSV, {dialect.words}" if dialect.delimiter != "\t" else f"TSV, {dialect.words}"
    return Table(
        path=path,
        format=f"{words}, {encoding.words}",
        columns=columns,
        read=lambda: _rows(records, first, columns),
        numbered="line",
        marks=frozenset({"semicolons"} if dialect.delimiter == ";" else ()),
    )


def _head(path: Path, encoding: Encoding) -> str:
    """Read the first lines, as far as they say how the rest is written."""
    taken, size = [], 0
    for line in islice(read_lines(path, encoding.name), _LOOKED_AT):
        taken.append((line.data or b"").decode("utf-8", "replace"))
        size += len(taken[-1])
        if size > _LOOKED_AT_CHARACTERS:
            break
    return "\n".join(taken)


def _separator_line(line: str) -> tuple[int, str | None]:
    """Read a first line such as ``sep=;``, which spreadsheet programs write and obey."""
    if line.lower().startswith("sep=") and len(line) == len("sep=;"):
        return 1, line[-1]
    return 0, None


def _dialect(lines: Sequence[str], told: str | None, recognise: Recognise) -> Dialect:
    """Choose the dialect in which the lines look most like a table whose columns are known."""
    options = [Dialect(one) for one in (DELIMITERS if told is None else (told,))]
    options += [one._replace(quotes=False) for one in options if one.delimiter == "\t"]
    return max(options, key=lambda one: _likeness(lines, one, recognise))


def _likeness(
    lines: Sequence[str], dialect: Dialect, recognise: Recognise
) -> tuple[int, float, int]:
    """Rate a dialect: known columns, the share of rows as wide as the header, its width."""
    records: list[list[str]] = []
    reader = _reader(iter([f"{line}\n" for line in lines]), dialect)
    while len(records) < _LOOKED_AT:
        try:
            records.append(next(reader))
        except StopIteration:
            break
        except csv.Error:
            records.append([])
    at, columns = header_of(records, recognise)
    below = [record for record in records[at + 1 :] if record]
    as_wide = sum(len(record) == len(columns) for record in below)
    return recognise(columns), as_wide / len(below) if below else 0.0, len(columns)


def _reader(lines: Iterator[str], dialect: Dialect) -> Iterator[list[str]]:
    if not dialect.quotes:
        return csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=dialect.delimiter, strict=True)


def _header(records: _Records, recognise: Recognise) -> tuple[int, tuple[str, ...]]:
    """Return how many records come before the rows, and the names of the columns."""
    found = [
        fields if isinstance(fields, list) else []
        for _, fields in islice(records.read(), _LOOKED_AT)
    ]
    at, columns = header_of(found, recognise)
    if len(columns) > _MOST_COLUMNS:
        raise UnreadableCatalogue(
            records.path,
            f"it has {len(columns):,} columns: a catalogue has at most {_MOST_COLUMNS:,}",
        )
    return at + 1, unique(columns)


def _rows(records: _Records, first: int, columns: tuple[str, ...]) -> Iterator[Row | Broken]:
    for number, fields in islice(records.read(), first, None):
        if isinstance(fields, str):
            yield Broken(number, fields)
            continue
        while len(fields) > len(columns) and not fields[-1].strip():
            fields.pop()
        if len(fields) == len(columns):
            yield Row(number, {n: v for n, v in zip(columns, fields, strict=True) if v != ""})
        elif any(map(str.strip, fields)):
            yield Broken(number, f"{len(fields)} fields where the header has {len(columns)}")


class _TextLines:
    """The decoded lines of a file for the csv reader, with their number."""

    def __init__(self, path: Path, encoding: Encoding, end: str) -> None:
        self.number = 0
        self._lines = read_lines(path, encoding.name, end)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number, data = next(self._lines)
        if data is None:
            raise csv.Error("a line longer than 4 MB")
        try:
            return data.decode("utf-8") + "\n"
        except UnicodeDecodeError as error:
            raise csv.Error(f"not UTF-8, byte {error.start + 1}") from None
