"""JSON: one object a line, an array of objects, or an object with such an array in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from retailsim.market.catalogue.formats.table import Broken, Row, Table
from retailsim.market.catalogue.formats.text_encoding import Encoding
from retailsim.market.catalogue.lines import open_plain, read_lines, readable
from retailsim.market.errors import UnreadableCatalogue

MOST_BYTES = 512 * 1024 * 1024
"""Of a document that is read whole; JSON Lines may be of any size."""

_LISTS = ("products", "items", "data", "results", "records", "rows", "entries", "nodes", "edges")
_DEPTH = 4
_MOST_COLUMNS = 10_000
_LOOKED_AT = 200  # rows whose keys are its columns


def json_rows(path: Path, encoding: Encoding) -> Table:
    """Open a JSON file of any of the three forms.

    Raises
    ------
    UnreadableCatalogue
        If it cannot be read, is no JSON, or has no list of objects in it.
    """
    if _is_row(_first_line(path, encoding)):
        return _lines(path, encoding)
    document = _whole(path, encoding)
    if _is_empty(document):
        raise UnreadableCatalogue(path, "it is JSON, and its list of products is empty")
    found, place = _list_in(document)
    if found is None:
        found = _by_id(document)
    if found is None:
        raise UnreadableCatalogue(path, f"it is JSON with {_seen(document)}: no list of products")
    rows = [
        Row(number, item) if isinstance(item, dict) else Broken(number, "not a JSON object")
        for number, item in enumerate(found, start=1)
    ]
    where = f", list {place!r}" if place else ""
    return Table(
        path=path,
        format=f"JSON{where}{_encoding(encoding)}",
        columns=keys(iter(rows)),
        read=lambda: iter(rows),
        numbered="item",
    )


def keys(rows: Iterator[Row | Broken]) -> tuple[str, ...]:
    """Return the names of the cells of the first rows, in the order in which they come."""
    first = (row.cells for row in islice(rows, _LOOKED_AT) if isinstance(row, Row))
    found = dict.fromkeys(key for cells in first for key in islice(cells, _MOST_COLUMNS))
    return tuple(islice(found, _MOST_COLUMNS))


def _encoding(encoding: Encoding) -> str:
    return "" if encoding.name == "utf-8" else f", {encoding.words}"


def _first_line(path: Path, encoding: Encoding) -> bytes:
    """Return the first line that holds something."""
    for line in islice(read_lines(path, encoding.name), 100):
        if line.data and line.data.strip():
            return line.data.strip()
    return b""


def _is_row(line: bytes) -> bool:
    """Whether a line is one whole object that is a row itself, or a broken line of such a file."""
    if not line.startswith(b"{"):
        return False
    try:
        found = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        # An object that is written over several lines begins with a line that ends open.
        return not line.endswith((b"{", b"[", b",", b":", b'"'))
    if _is_empty(found):
        return bool({"title", "name", "price"} & found.keys())
    holds_rows = _list_in(found)[0] is not None or _by_id(found) is not None
    return not holds_rows or bool({"title", "name", "price"} & found.keys())


def _lines(path: Path, encoding: Encoding) -> Table:
    def read() -> Iterator[Row | Broken]:
        for number, data in read_lines(path, encoding.name):
            if data is None:
                yield Broken(number, "longer than 4 MB")
            elif data.strip():
                yield _row(number, data)

    columns = keys(read())
    if not columns:
        broken = next((row.cause for row in read() if isinstance(row, Broken)), "objects are empty")
        raise UnreadableCatalogue(path, f"it looks like JSON, and holds no product ({broken})")
    return Table(
        path=path,
        format=f"JSON Lines{_encoding(encoding)}",
        columns=columns,
        read=read,
        numbered="line",
    )


def _row(number: int, data: bytes) -> Row | Broken:
    """Decode a line; what only Python's own writer produces, such as NaN, is read as well."""
    try:
        found = decoded(data)
    except (ValueError, RecursionError) as error:
        return Broken(number, cause(error))
    return Row(number, found) if isinstance(found, dict) else Broken(number, "not a JSON object")


def decoded(data: bytes) -> Any:
    """Decode JSON, with what only Python's own writer produces.

    Raises
    ------
    ValueError, RecursionError
        If it is none, or too deep.
    """
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return json.loads(data.decode("utf-8"), strict=False)


def cause(error: Exception) -> str:
    """Say in a few words why a line is no object of JSON."""
    match error:
        case UnicodeDecodeError():
            return f"not UTF-8 (byte {error.start + 1})"
        case RecursionError():
            return "nested too deeply"
        case msgspec.ValidationError():
            return "not a JSON object"
        case _:
            return f"not JSON ({error})"


def _whole(path: Path, encoding: Encoding) -> Any:
    with readable(path), open_plain(path) as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise UnreadableCatalogue(
            path, "it is one JSON document of over 512 MB: save it as JSON Lines, one a line"
        )
    try:
        text = data.decode("utf-8-sig" if encoding.name == "utf-8" else encoding.name)
        return decoded(text.encode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        why = str(error).splitlines()[0][:100]
        if isinstance(error, UnicodeDecodeError | RecursionError):
            why = cause(error)
        raise UnreadableCatalogue(path, f"it looks like JSON, and is damaged ({why})") from error


def _list_in(document: Any, depth: int = _DEPTH, place: str = "") -> tuple[list[Any] | None, str]:
    """Find the list of objects in a document, and its path of keys."""
    if isinstance(document, list):
        if any(isinstance(one, dict) for one in document):
            return [_node(one) for one in document], place
        return None, ""
    if not isinstance(document, dict) or not depth:
        return None, ""
    named = [key for key in _LISTS if key in document]
    for key in [*named, *(key for key in islice(document, 50) if key not in named)]:
        found, where = _list_in(document[key], depth - 1, f"{place}.{key}" if place else key)
        if found is not None:
            return found, where
    return None, ""


def _is_empty(document: Any, depth: int = _DEPTH) -> bool:
    """Whether a document is a list without anything, or has it where products are looked for."""
    if document == []:
        return True
    if not isinstance(document, dict) or not depth or _list_in(document)[0] is not None:
        return False
    return any(
        document[key] == {} or _is_empty(document[key], depth - 1)
        for key in _LISTS
        if key in document
    )


def _by_id(document: Any) -> list[Any] | None:
    """Return the objects of a document that has each product under its id."""
    if not isinstance(document, dict) or not document:
        return None
    if not all(isinstance(one, dict) for one in document.values()):
        return None
    return [{"id": name, **one} for name, one in document.items()]


def _node(item: Any) -> Any:
    """Return what an edge of a GraphQL answer leads to; anything else is itself."""
    if isinstance(item, dict) and isinstance(item.get("node"), Mapping) and len(item) <= 2:
        return item["node"]
    return item


def _seen(document: Any) -> str:
    if isinstance(document, dict):
        return f"the keys {', '.join(list(map(str, document))[:8])}" if document else "no keys"
    return "an array without an object" if isinstance(document, list) else "a single value"
