"""Writes api.md from the docstrings of what `import retailsim` offers.

``python docs/api_reference.py`` prints it; with ``--write`` the page is replaced (``make map``).
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

import retailsim

PAGE = Path(__file__).resolve().parent / "api.md"

SECTIONS = {
    "Playing and looking": ("run", "arun", "load", "compare", "experiment"),
    "Results": ("Run", "Chat", "Experiment"),
    "Errors": ("RetailSimError", "RunStopped", "RunInterrupted"),
    "Scenarios": ("Scenario",),
    "Agents": ("SellerAgent", "BuyerAgent", "SalesSeller", "SalesBuyer", "Agent", "Seat"),
}
"""Title -> names; the requests and values follow, by what they are."""

_NARROW = 60
"""Characters of a signature that stays on a line."""

INTRODUCTION = """\
# API reference

What `import retailsim` offers, made from its docstrings by `make map`. The guide is
[Python and notebooks](python.md).
"""


def reference() -> str:
    """Return the page."""
    sections = {**SECTIONS, **_of_protocols()}
    parts = [INTRODUCTION]
    for title, names in sections.items():
        parts.append(f"## {title}\n")
        parts += [_entry(name) for name in names]
    return "\n".join(parts)


def _of_protocols() -> dict[str, list[str]]:
    """Return the names that no section has: requests, which agents get, and values."""
    named = {name for names in SECTIONS.values() for name in names}
    found: dict[str, list[str]] = {"Requests": [], "Values": []}
    for name in retailsim.__all__:
        if name not in named:
            request = issubclass(getattr(retailsim, name), retailsim.AgentRequest)
            found["Requests" if request else "Values"].append(name)
    return found


def _entry(name: str) -> str:
    """Return what the page says of one name."""
    thing = getattr(retailsim, name)
    parts = [f"### {name}\n", _code(f"{_kind(thing)}{name}{_signature(thing)}"), _text(thing)]
    if isinstance(thing, type):
        parts += [_member(name, member) for member in _members(thing)]
    return "\n".join(parts)


def _kind(thing: Any) -> str:
    if isinstance(thing, type):
        return "class "
    return "async " if inspect.iscoroutinefunction(thing) else ""


def _signature(thing: Any) -> str:
    """Return the parameters of a callable, or the fields of a struct; a line each where many."""
    if isinstance(thing, type) and issubclass(thing, msgspec.Struct):
        return _listed([f"{name}: {_type_of(thing, name)}" for name in thing.__struct_fields__])
    try:
        found = inspect.signature(thing)
    except ValueError:
        return ""
    parameters = [one for one in found.parameters.values() if one.name != "self"]
    lines = [_parameter(one) for one in parameters]
    named = [one.kind is one.KEYWORD_ONLY for one in parameters]
    if any(named):
        lines.insert(named.index(True), "*")
    returned = "" if isinstance(thing, type) else f" -> {found.return_annotation}"
    return f"{_listed(lines)}{returned}"


def _listed(lines: list[str]) -> str:
    inside = ", ".join(lines)
    if len(inside) < _NARROW:
        return f"({inside})"
    return "(\n" + "".join(f"    {line},\n" for line in lines) + ")"


def _parameter(one: inspect.Parameter) -> str:
    named = one.name if one.annotation is one.empty else f"{one.name}: {one.annotation}"
    return named if one.default is one.empty else f"{named} = {one.default!r}"


def _type_of(struct: type, field: str) -> str:
    for base in struct.__mro__:
        if field in vars(base).get("__annotations__", {}):
            return str(vars(base)["__annotations__"][field])
    raise LookupError(field)


def _members(cls: type) -> Iterator[str]:
    """Yield the public methods and properties that a class says something about itself."""
    if issubclass(cls, msgspec.Struct | BaseException):
        return
    for name, value in vars(cls).items():
        if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
            yield name


def _member(of: str, name: str) -> str:
    value = inspect.getattr_static(getattr(retailsim, of), name)
    if isinstance(value, property):
        head = f"{of}.{name}: {inspect.signature(value.fget).return_annotation}"  # type: ignore[arg-type]
        value = value.fget
    else:
        head = f"{_kind(value)}{of}.{name}{_signature(value)}"
    return "\n".join((f"#### {of}.{name}\n", _code(head), _text(value)))


def _code(text: str) -> str:
    return f"```python\n{text}\n```\n"


def _text(thing: Any) -> str:
    """Return a docstring in Markdown: sections as lists."""
    text = inspect.getdoc(thing) or ""
    head, *sections = re.split(r"^(\w[\w ]*)\n-+\n", text, flags=re.MULTILINE)
    parts = [_plain(head.strip())]
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        parts.append(f"{title}:\n\n{_items(body.strip())}")
    return "\n\n".join(parts) + "\n"


def _items(body: str) -> str:
    """Return the entries of a section; what is indented below one belongs to it."""
    items = []
    for entry in re.split(r"\n(?=\S)", body):
        name, _, about = entry.partition("\n")
        head, colon, kind = name.partition(" : ")
        said = inspect.cleandoc(about)
        named = f"`{head}`{f' ({_escaped(kind)})' if colon else ''}"
        items.append(f"- {named}{f': {_plain(said)}' if said else ''}")
    return "\n".join(items)


def _plain(text: str) -> str:
    """Return text with Markdown's code marks, its paragraphs on a line each."""
    text = re.sub(r"``(.+?)``", r"`\1`", text, flags=re.DOTALL)
    paragraphs = [" ".join(one.split()) for one in text.split("\n\n")]
    return "\n\n".join(paragraphs)


def _escaped(text: str) -> str:
    return text.replace("*", "\\*")


def main() -> None:
    """Print the page, or replace it."""
    if "--write" in sys.argv:
        PAGE.write_text(reference(), encoding="utf-8")
    else:
        sys.stdout.write(reference())


if __name__ == "__main__":
    main()
