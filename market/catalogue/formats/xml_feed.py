"""Product feeds in XML: RSS, Atom, and files with one element a product.

Read as a stream. A file that declares entities of its own is refused: they can name other files or
grow without end. What shops' programs get wrong is put right: an ``&``
that begins no entity, and entities of HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from pathlib import Path
from typing import Any
from xml.parsers import expat

from retailsim.market.catalogue.formats.json_documents import keys
from retailsim.market.catalogue.formats.table import Row, Table
from retailsim.market.catalogue.formats.text_encoding import Encoding, find_encoding
from retailsim.market.catalogue.lines import damaged_gzip, open_plain, readable
from retailsim.market.errors import UnreadableCatalogue

_ITEMS = frozenset(
    [
        "item",
        "entry",
        "product",
        "offer",
        "shopitem",
        "article",
        "artikel",
        "produkt",
        "produit",
        "producto",
        "prodotto",
        "row",
        "record",
    ]
)
_PIECE = 64 * 1024
_MOST_CHARACTERS = 4 * 1024 * 1024  # of one product
_MOST_DEPTH = 100
_MOST_CELLS = 2_000
_DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")


def xml_rows(path: Path, told: str | None = None) -> Table:
    """Open a feed.

    Parameters
    ----------
    told : str or None
        The encoding that the user says; else its mark, what it declares, or what it is.

    Raises
    ------
    UnreadableCatalogue
        If it cannot be read, is no XML, declares entities, or no element is a product.
    """
    encoding = _encoding(path, told)
    seen: list[str] = []

    def read() -> Iterator[Row]:
        return _items(path, encoding, seen)

    columns = keys(read())
    if not columns:
        among = f"its elements are {', '.join(dict.fromkeys(seen[:8]))}" if seen else "it has none"
        raise UnreadableCatalogue(
            path, f"it is XML without an <item>, <entry> or <product>: {among}"
        )
    words = "" if encoding.name == "utf-8" else f", {encoding.words}"
    return Table(path, f"XML feed{words}", columns, read, numbered="item")


def _encoding(path: Path, told: str | None) -> Encoding:
    with readable(path), damaged_gzip(path), open_plain(path) as file:
        head = file.read(1024)
    declared = _DECLARED.match(head.removeprefix(b"\xef\xbb\xbf").lstrip())
    found = find_encoding(path, told)
    if told is None and declared and found.name not in ("utf-16", "utf-32"):
        name = declared[1].decode("ascii").lower()
        if name not in ("utf-8", "utf8"):
            return find_encoding(path, name)._replace(found="declared")
    return found


def _items(path: Path, encoding: Encoding, seen: list[str]) -> Iterator[Row]:
    reader = _Reader(path, seen)
    number = 0
    for piece in _mended(_pieces(path, encoding)):
        reader.feed(piece)
        for cells in reader.taken():
            number += 1
            yield Row(number, cells)
    reader.feed("", last=True)
    for cells in reader.taken():
        number += 1
        yield Row(number, cells)


def _pieces(path: Path, encoding: Encoding) -> Iterator[str]:
    import codecs

    decode = codecs.getincrementaldecoder(
        "utf-8-sig" if encoding.name == "utf-8" else encoding.name
    )("replace" if encoding.damaged else "strict").decode
    with readable(path), damaged_gzip(path), open_plain(path) as file:
        try:
            while piece := file.read(_PIECE):
                yield decode(piece)
            yield decode(b"", True)
        except UnicodeError as error:
            raise UnreadableCatalogue(path, f"it is not {encoding.name}: export it anew") from error


_LOOSE = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?!#[0-9]{1,7};|#x[0-9a-fA-F]{1,6};|(?:amp|lt|gt|quot|apos);)"
    r"([A-Za-z][A-Za-z0-9]{1,30};)?|[\x00-\x08\x0b\x0c\x0e-\x1f]",
    re.DOTALL,
)


def _mend(found: re.Match[str]) -> str:
    text = found[0]
    if text.startswith("<"):
        return text
    if not text.startswith("&"):
        return " "  # control characters are not allowed in XML
    meant = html5.get(found[1] or "")
    return "".join(f"&#{ord(char)};" for char in meant) if meant else f"&amp;{found[1] or ''}"


def _mended(pieces: Iterator[str]) -> Iterator[str]:
    """Put loose ``&`` right, and entities of HTML; what is marked as plain text is left alone.

    Text is held back from the last ``<`` or ``&`` that may still go on, and while plain text lasts.
    """
    held = ""
    for piece in pieces:
        held += piece
        cut = _safe_cut(held)
        if cut > 0:
            yield _LOOSE.sub(_mend, held[:cut])
            held = held[cut:]
        if len(held) > _MOST_CHARACTERS:
            yield _LOOSE.sub(_mend, held)
            held = ""
    yield _LOOSE.sub(_mend, held)


def _safe_cut(text: str) -> int:
    """Return how much of a text can be mended without what follows it."""
    last = text.rfind("<")
    if last < 0:
        return len(text) - 40
    opened = text.rfind("<![CDATA[", 0, last + len("<![CDATA["))
    if opened < 0:
        return last
    closed = text.find("]]>", opened)
    return opened if closed < 0 else max(last, closed + 3) if closed < last else closed + 3


class _Reader:
    """Takes products out of the elements of a document, as expat reads it."""

    def __init__(self, path: Path, seen: list[str]) -> None:
        self._path = path
        self._seen = seen
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.EntityDeclHandler = self._refuse
        self._open: list[str] = []
        self._item: dict[str, Any] | None = None
        self._depth = 0
        self._words: list[str] = []
        self._size = 0
        self._ready: list[dict[str, Any]] = []
        self._prefixed: set[str] = set()

    def feed(self, text: str, *, last: bool = False) -> None:
        """Read on."""
        try:
            self._parser.Parse(text, last)
        except expat.ExpatError as error:
            why = expat.ErrorString(error.code)
            raise UnreadableCatalogue(
                self._path, f"line {error.lineno} is not XML ({why}): mend it, or export anew"
            ) from error

    def taken(self) -> Iterator[dict[str, Any]]:
        """Yield the products that are complete, each once."""
        ready, self._ready = self._ready, []
        return iter(ready)

    def _refuse(self, *_: object) -> None:
        raise UnreadableCatalogue(
            self._path,
            "it is XML that declares entities, which may hide anything: export it without",
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        self._open.append(name)
        if len(self._open) > _MOST_DEPTH:
            raise UnreadableCatalogue(self._path, "its elements are nested too deeply")
        if self._item is None:
            if name.casefold() in _ITEMS and len(self._open) > 1:
                self._item, self._depth, self._size = dict(attributes), len(self._open), 0
                self._prefixed = set()
            elif len(self._seen) < 50:
                self._seen.append(name)
            return
        self._words = []
        for key in ("href", "term"):  # what Atom says in attributes
            if key in attributes:
                self._words.append(attributes[key])

    def _text(self, text: str) -> None:
        if self._item is not None:
            self._size += len(text)
            if self._size > _MOST_CHARACTERS:
                raise UnreadableCatalogue(self._path, "one of its products is larger than 4 MB")
            self._words.append(text)

    def _end(self, tag: str) -> None:
        depth = len(self._open)
        if self._item is not None and depth == self._depth:
            self._ready.append(self._item)
            self._item = None
        elif self._item is not None:
            value = "".join(self._words).strip()
            if value:
                self._add(self._item, ".".join(self._open[self._depth :]), value, ":" in tag)
            self._words = []
        self._open.pop()

    def _add(self, item: dict[str, Any], name: str, value: str, prefixed: bool) -> None:
        """Add a cell: ``g:title`` wins over ``title``, and several of one name become a list."""
        if (name in item) and prefixed != (name in self._prefixed):
            if prefixed:
                item[name] = value
        elif name not in item:
            if len(item) < _MOST_CELLS:
                item[name] = value
        elif not isinstance(item[name], list):
            item[name] = [item[name], value]
        elif len(item[name]) < _MOST_CELLS:
            item[name].append(value)
        if prefixed:
            self._prefixed.add(name)
