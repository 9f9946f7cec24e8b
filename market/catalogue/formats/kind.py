"""Which kind of file a catalogue is, by its first bytes: what it is called does not count."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile, ZipFile, ZipInfo

from retailsim.market.catalogue.lines import read_head
from retailsim.market.errors import UnreadableCatalogue, UnusableFormat

Kind = Literal["parquet", "workbook", "json", "xml", "table"]

_LOOKED_AT = 4096
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SAVE = "export the products as CSV and name that file"

# What is no catalogue, with what to do instead.
_OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", _SAVE),
    (b"\x89PNG", "a picture", _SAVE),
    (b"\xff\xd8\xff", "a picture", _SAVE),
    (b"GIF8", "a picture", _SAVE),
    (b"SQLite format 3", "an SQLite database", _SAVE),
    (b"Rar!", "a RAR archive", "unpack it and name the file in it"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it and name the file in it"),
    (b"BZh", "compressed by bzip2", "unpack it and name the file in it"),
    (b"\xfd7zXZ", "compressed by xz", "unpack it and name the file in it"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "unpack it and name the file in it"),
    (b"\x7fELF", "a program", _SAVE),
    (b"ARROW1", "an Arrow file", "save it as Parquet"),
    (b"ORC", "an ORC file", "save it as Parquet"),
    (b"Obj\x01", "an Avro file", "save it as Parquet"),
)
_HTML = re.compile(rb"\s*(?:<!doctype html|<html[\s>])", re.IGNORECASE)
_XML = re.compile(rb"\s*<(?:\?xml|!--|!DOCTYPE|[A-Za-z_][\w.:-]*[\s/>])")
_JSON = re.compile(rb"\s*[\[{]")


def find_kind(path: Path) -> Kind:
    """Tell the kind of a file.

    Raises
    ------
    UnreadableCatalogue
        If it cannot be read, or is empty.
    UnusableFormat
        If it is of a kind that is known and no catalogue.
    """
    head = read_head(path, _LOOKED_AT)
    if not head:
        raise UnreadableCatalogue(path, "it is empty")
    for mark, words, advice in _OTHERS:
        if head.startswith(mark) and not (mark.isalnum() and head.isascii()):
            raise UnusableFormat(path, words, advice)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(_OLE):
        return "workbook"
    if head.startswith(b"PK\x03\x04"):
        return _archive(path)
    return _text(path, head)


# What is damaged at its start is refused as what it is called.
_BY_NAME: dict[str, Kind] = {
    ".parquet": "parquet",
    ".xlsx": "workbook",
    ".xls": "workbook",
    ".ods": "workbook",
}


def _archive(path: Path) -> Kind:
    """Tell a workbook from other ZIP archives."""
    parts = archived(path)
    if parts is None:
        return "workbook"  # a damaged one, as its reader will say
    names = [part.filename for part in parts[:1000]]
    if any(name.startswith("xl/") or name == "content.xml" for name in names):
        return "workbook"
    raise UnusableFormat(path, "a ZIP archive", "unpack it and name the file in it")


def archived(path: Path) -> list[ZipInfo] | None:
    """Return what a ZIP archive says that it holds; None where it is damaged, or is none."""
    try:
        with ZipFile(path) as archive:
            return archive.infolist()
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return None


def _text(path: Path, head: bytes) -> Kind:
    """Tell kinds of text by how they begin; whatever the encoding, those signs are the same."""
    plain = head.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    wide = head.count(0) * 4 >= len(head) > 1
    if wide:
        plain = plain.replace(b"\0", b"")
    elif b"\0" in head and _binary(head):
        raise UnusableFormat(path, "no text, table or workbook", _SAVE)
    if _HTML.match(plain):
        raise UnusableFormat(path, "an HTML page", _SAVE)
    if _XML.match(plain):
        return "xml"
    return "json" if _JSON.match(plain) else _BY_NAME.get(path.suffix.lower(), "table")


def _binary(head: bytes) -> bool:
    """Whether bytes are no text: too many of them are control characters."""
    strange = sum(byte < 9 or 13 < byte < 27 for byte in head)
    return strange * 20 > len(head)
