"""Catalogues as workbooks, with every price checked by a second reader of their sheet."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile, ZipInfo

from campaign.mutation import mutated
from campaign.planting import planted
from campaign.surface import Surface, as_file
from campaign.surfaces.catalogue import CODE, _wrong, check, outcome, read
from retailsim.market.catalogue import amazon
from retailsim.market.catalogue.formats import workbook
from retailsim.market.errors import UnreadableCatalogue

SHEET = "xl/worksheets/sheet1.xml"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    'content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Products" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" '
    f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
_HEADER = ("id", "title", "price", "category")


def packed(sheet: bytes) -> bytes:
    """Return a workbook of this one sheet: the same bytes at any time of day."""
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        for name, text in _PARTS.items():
            archive.writestr(ZipInfo(name), text)
        archive.writestr(ZipInfo(SHEET), sheet)
    return out.getvalue()


def sheet_of(rows: Sequence[Sequence[str | float]]) -> bytes:
    """Write rows as a sheet: texts in their cells, numbers as numbers."""
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = []
        for place, value in enumerate(row):
            where = f"{chr(ord('A') + place)}{number}"
            if isinstance(value, str):
                cells.append(f'<c r="{where}" t="inlineStr"><is><t>{value}</t></is></c>')
            else:
                cells.append(f'<c r="{where}"><v>{value}</v></c>')
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    data = f"<sheetData>{''.join(lines)}</sheetData>"
    return f'<worksheet xmlns="{_MAIN}">{data}</worksheet>'.encode()


@cache
def seeds() -> tuple[bytes, ...]:
    """A workbook of texts and numbers, and one with a title above its header."""
    plain: list[Sequence[str | float]]
    plain = [_HEADER, ("A1", "Kettle", 24.99, "Home"), ("A2", "Lamp", 2299, "Electronics")]
    titled: list[Sequence[str | float]]
    titled = [("Products",), (), _HEADER, ("B1", "Tea", "$3299.50", "Food")]
    return packed(sheet_of(plain)), packed(sheet_of(titled))


def mutate(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    """Spoil the sheet in its archive, or now and then the archive itself."""
    if random.random() < 0.1:
        return mutated(random, data, pool, tree=False)
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            sheet = archive.read(SHEET)
    except Exception:  # noqa: BLE001 - a spoilt archive is spoilt further
        return mutated(random, data, pool, tree=False)
    return packed(mutated(random, sheet, [sheet], tree=False))


def feed_workbook(data: bytes) -> str:
    """Read a workbook that a reader in another process survives, as the real one is read."""
    path = as_file("fuzz.xlsx", data)
    try:
        if not reader().submit(survived, str(path)).result():
            return "ends its reader"
    except BrokenProcessPool:
        reader.cache_clear()
        return "ends its reader"
    with planted(workbook, "_served", lambda before: _here):
        of = read("fuzz.xlsx", data)
    if of.file.format.startswith("workbook"):
        check(of, list(_said(data)))
    return outcome(of)


def _here(path: Path, sheet: str, most: int) -> Iterator[Any]:
    """Read a workbook in this process, as the other one does."""
    yield from workbook.cells(path, sheet, most)


@cache
def reader() -> ProcessPoolExecutor:
    """A bounded process that reads one file after the other; a new one where one has ended."""
    context = get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_quiet_and_bounded)


def _quiet_and_bounded() -> None:
    """Bound the process as the real reader is; what it prints as it ends is not shown."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    workbook._bounded()


def survived(path: str) -> bool:
    """Read a file; whether that ended well, or in a refusal."""
    try:
        list(workbook.cells(Path(path)))
    except UnreadableCatalogue:
        return True
    except BaseException:  # noqa: BLE001 - a panic of the library is no Exception
        return False
    return True


def _said(data: bytes) -> Iterator[tuple[object, object]]:
    """Yield ids and prices of a sheet whose every cell says where it is, as the seeds do.

    A cell is where it says, whatever row it is written in; of two for one place neither counts.
    """
    sheet: dict[int, dict[str, object]] = {}
    with suppress(Exception):
        with ZipFile(io.BytesIO(data)) as archive:
            tree = ElementTree.fromstring(archive.read(SHEET))
        for cell in tree.iter(f"{{{_MAIN}}}c"):
            place = re.fullmatch(r"([A-D])([0-9]+)", cell.get("r", ""))
            if place is None:
                return
            row = sheet.setdefault(int(place[2]), {})
            row[place[1]] = None if place[1] in row else _text(cell)
    for cells in sheet.values():
        if isinstance(cells.get("A"), str):
            yield cells["A"], cells.get("C")


def _text(cell: ElementTree.Element) -> object:
    """Return the one value of a cell, None for any that is not plain."""
    kids = list(cell.iter())[1:]
    if cell.get("t") == "inlineStr" and [one.tag for one in kids] == [
        f"{{{_MAIN}}}is",
        f"{{{_MAIN}}}t",
    ]:
        return kids[1].text
    if cell.get("t", "n") == "n" and len(kids) == 1 and cell.keys() == ["r"]:
        text = kids[0].text or ""
        return float(text) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,2})?", text) else None
    return None


SURFACE = Surface(
    name="catalogue-xlsx",
    seeds=seeds,
    feed=feed_workbook,
    code=CODE,
    bug=lambda: planted(amazon, "_price", _wrong),
    mutate=mutate,
)
