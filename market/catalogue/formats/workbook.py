"""Workbooks: XLSX, and XLS and ODS as far as their library reads them.

They are read in another process: the library holds a sheet whole, and a small file can claim a
sheet that no machine could hold, or be damaged so that its reader ends its process. That process
has a bound to its memory and its time; its rows come here one by one.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from retailsim.market.catalogue.formats.header import Recognise, header_of, unique
from retailsim.market.catalogue.formats.kind import archived
from retailsim.market.catalogue.formats.table import Broken, Row, Table
from retailsim.market.catalogue.lines import readable
from retailsim.market.errors import UnreadableCatalogue

MOST_BYTES = 2 * 1024**3
MOST_SECONDS = 60
MOST_UNPACKED = 1024**3
_LOOKED_AT = 20
_MOST_COLUMNS = 10_000
_WIDEST = 16_384
"""Columns of a sheet in any program that writes them; one spoilt letter claims two million."""
_MOST_SHEETS = 50

_READER = """
import sys
from retailsim.market.catalogue.formats.workbook import serve
serve(*sys.argv[1:])
"""


def workbook(path: Path, recognise: Recognise) -> Table:
    """Open the sheet of a workbook whose columns are known best.

    Raises
    ------
    UnreadableCatalogue
        If it cannot be opened, is damaged, locked, or larger than any catalogue.
    """
    with readable(path):
        path.open("rb").close()
    _check_size(path)
    heads = _heads(path)
    found = [(*header_of(head, recognise), sheet) for sheet, head in heads]
    if not any(columns for _, columns, _ in found):
        raise UnreadableCatalogue(path, "it is a workbook whose sheets are all empty")
    at, columns, sheet = max(found, key=lambda one: recognise(one[1]))
    columns = unique(columns)
    if len(columns) > _MOST_COLUMNS:
        raise UnreadableCatalogue(path, f"sheet {sheet!r} has {len(columns):,} columns")
    which = f"workbook, sheet {sheet!r}" + (f" of {len(heads)}" if len(heads) > 1 else "")
    return Table(
        path=path,
        format=which,
        columns=columns,
        read=lambda: _rows(path, sheet, at + 1, columns),
    )


def _check_size(path: Path) -> None:
    """Refuse an archive that says it would be huge; one that lies about it meets the bounds."""
    # What is of another kind, or damaged, its reader will tell.
    size = sum(part.file_size for part in archived(path) or ())
    if size > MOST_UNPACKED:
        raise UnreadableCatalogue(
            path, f"unpacked it would be {size / 1024**3:.1f} GB: save the products as CSV"
        )


def _heads(path: Path) -> list[tuple[str, list[list[Any]]]]:
    """Return the names of the visible sheets, with the first rows of each."""
    found: list[tuple[str, list[list[Any]]]] = []
    with closing(_served(path, "", _LOOKED_AT)) as told:
        for one in told:
            if isinstance(one, str):
                found.append((one, []))
            else:
                found[-1][1].append(one)
    return found


def _rows(path: Path, sheet: str, first: int, columns: Sequence[str]) -> Iterator[Row | Broken]:
    with closing(_served(path, sheet, 0)) as told:
        rows = (one for one in told if not isinstance(one, str))
        for number, cells in enumerate(islice(rows, first, None), start=first + 1):
            named = {n: v for n, v in zip(columns, cells, strict=False) if v != ""}
            if named:
                yield Row(number, named)
            elif any(cell != "" for cell in cells):
                yield Broken(number, "cells beyond the header only")


def _served(path: Path, sheet: str, most: int) -> Generator[Any, None, None]:
    """Have another process read a workbook; yields a sheet's name, then its rows as lists."""
    words = [sys.executable, "-c", _READER, str(path), sheet, str(most)]
    child = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    ended = False
    try:
        assert child.stdout is not None
        for line in child.stdout:
            told = msgspec.json.decode(line)
            if isinstance(told, dict):
                raise UnreadableCatalogue(path, told["error"])
            yield told
        ended = True
    except msgspec.DecodeError:
        ended = True  # cut by the end of its writer, which is told below
    finally:
        if not ended:
            child.kill()
        status = child.wait()
        if child.stdout is not None:
            child.stdout.close()
    if status:
        raise UnreadableCatalogue(
            path, "it is damaged, or claims a sheet larger than memory: save it anew, or as CSV"
        )


def serve(path: str, sheet: str, most: str) -> None:
    """Write a workbook to standard output, a line for each sheet's name and each row."""
    _bounded()
    write = sys.stdout.buffer.write
    try:
        for told in cells(Path(path), sheet, int(most)):
            write(msgspec.json.encode(told) + b"\n")
    except UnreadableCatalogue as error:
        write(msgspec.json.encode({"error": error.why}) + b"\n")
    sys.stdout.flush()


def cells(path: Path, sheet: str = "", most: int = 0) -> Iterator[str | list[Any]]:
    """Read a workbook in this process: the name of each visible sheet, then its rows.

    Parameters
    ----------
    sheet : str
        The only sheet to be read; empty for all.
    most : int
        How many rows of each; 0 for all.

    Raises
    ------
    UnreadableCatalogue
        If it is damaged in a way that its reader tells.
    """
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    try:
        with closing(CalamineWorkbook.from_path(str(path))) as book:
            seen = [
                one.name
                for one in book.sheets_metadata
                if one.visible == SheetVisibleEnum.Visible and sheet in ("", one.name)
            ]
            seen, too_wide = seen[:_MOST_SHEETS], list[str]()
            for name in seen:
                found = book.get_sheet_by_name(name)
                if found.end is not None and (width := found.end[1] + 1) > _WIDEST:
                    too_wide.append(f"it is damaged: sheet {name!r} claims {width:,} columns")
                    continue
                yield name
                for row in found.to_python(skip_empty_area=False, nrows=most or None):
                    yield [_plain(cell) for cell in row]
            if too_wide and len(too_wide) == len(seen):  # else another may hold the products
                raise UnreadableCatalogue(path, too_wide[0])
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableCatalogue(path, _why(error)) from error


def _why(error: Exception) -> str:
    said = " ".join(str(error).split())[:100]
    if "assword" in said or "ncrypted" in said:
        return "it is a workbook with a password: save it without one"
    return f"it is damaged, or not a workbook ({said})"


def _plain(cell: object) -> object:
    """Return a cell as JSON has it: a whole number without a point, a date as it is written."""
    match cell:
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return int(cell)
        case dt.date() | dt.time():
            return cell.isoformat()
        case dt.timedelta():
            return str(cell)
        case _:
            return cell


def _bounded() -> None:
    """Bound this process, so that a hostile file ends it and not the machine."""
    import resource  # not where it does not exist

    for kind, most in ((resource.RLIMIT_AS, MOST_BYTES), (resource.RLIMIT_CPU, MOST_SECONDS)):
        resource.setrlimit(kind, (most, most))
