"""Places: what is wrong with a scenario's tables, by key and in a person's words."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from difflib import SequenceMatcher, get_close_matches
from typing import Any

import msgspec

from retailsim.sim.scenario.scenario import Scenario

_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\[(\.\.\.)\]")
_EXPECTED = re.compile(r"Expected `([^`]*)`(.*)")
_GOT = re.compile(r", got `?([^`]*)`?$")

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "date": "a date",
}

_FEW = 16
"""Keys of a table that are all named where none is like the given one."""
_SURELY = 0.8
"""How alike a key of another table has to be, where 1 is the same: it is the less likely one."""

ANY = "..."
"""A key of a table whose keys are free, as msgspec names it."""


def explain(message: str, tree: Mapping[str, Any], root: type = Scenario) -> str:
    """Turn msgspec's message about `tree` into ``place: what is wrong there``.

    Parameters
    ----------
    root : type
        The struct that `tree` should have been.
    """
    problem, _, at = message.partition(" - at `")
    steps = [
        name or number or ANY
        for name, number, _ in _STEP.findall(at.rpartition("$")[2].rstrip("`"))
    ]
    if at.startswith("key`"):
        steps.append(ANY)
    told = _problem(problem, steps, root) + _as_number(problem, _value_at(steps, tree))
    if (unknown := _quoted("Object contains unknown field", problem)) is not None:
        steps.append(unknown)
    place = _written(_named(steps, tree, root))
    return f"{place}: {told}" if place else told


def _problem(problem: str, steps: Sequence[str], root: type) -> str:
    """Say what is wrong, with what is allowed and the closest of it."""
    if (key := _quoted("Object contains unknown field", problem)) is not None:
        return f"unknown key{_meant_key(key, steps, root)}"
    if (key := _quoted("Object missing required field", problem)) is not None:
        return f"the key {key!r} is missing"
    if (given := _given(problem)) is not None:
        words = _words(_type_at(steps, root))
        return f"{given!r} is not one of {', '.join(words)}{_meant(str(given), words)}"
    if problem == "Invalid RFC3339 encoded date":
        return "must be a date such as 2026-03-02"
    expected = _EXPECTED.fullmatch(problem)
    return _need(*expected.groups()) if expected else problem


def _need(kinds: str, rest: str) -> str:
    words = [_WORDS.get(kind, kind) for kind in kinds.split(" | ") if kind != "null"]
    if rest.startswith(" matching regex"):
        return "must be one line of text without a slash"
    got = _GOT.search(rest)
    limit = rest[: got.start()] if got else rest
    told = f", not {_WORDS.get(got[1], got[1])}" if got else ""
    return f"must be {' or '.join(words)}{limit}{told}"


def _quoted(beginning: str, problem: str) -> str | None:
    """Return what `problem` names after this beginning."""
    rest = problem.removeprefix(f"{beginning} ")
    return rest.strip("`") if rest != problem else None


def _given(problem: str) -> object:
    """Return the value that is none of those allowed; msgspec writes it as Python does."""
    written = problem.removeprefix("Invalid enum value ")
    return ast.literal_eval(written) if written != problem else None


def _meant(given: str, known: Sequence[str]) -> str:
    lower = {name.lower(): name for name in known}
    close = get_close_matches(given.lower(), lower, n=1)
    return f"; did you mean {lower[close[0]]}?" if close else ""


def _meant_key(key: str, steps: Sequence[str], root: type) -> str:
    """The closest key of the same table, or of another one with the way to it."""
    own = {name.lower(): name for name in _keys_at(steps, root)}
    ways = (way for way in reversed(list(_ways(root))) if "." in way)
    others = {way.rpartition(".")[2].lower(): way for way in ways}
    near = get_close_matches(key.lower(), own, n=1)
    far = get_close_matches(key.lower(), others, n=1, cutoff=_SURELY)
    if far and (not near or _alike(key, far[0]) > _alike(key, near[0])):
        return f"; did you mean {others[far[0]]}?"
    if near:
        return f"; did you mean {own[near[0]]}?"
    return f"; there are {', '.join(own.values())}" if 0 < len(own) <= _FEW else ""


def _alike(key: str, name: str) -> float:
    return SequenceMatcher(None, key.lower(), name).ratio()


def _ways(root: type, above: str = "", levels: int = 3) -> Iterator[str]:
    """The dotted ways to all keys, those near the root first; ID and NAME stand for any."""
    fields = msgspec.structs.fields(root)
    yield from (f"{above}{field.name}" for field in fields)
    for field in fields if levels else ():
        for kind, between in _structs_within(field.type):
            yield from _ways(kind, f"{above}{field.name}.{between}", levels - 1)


def _structs_within(kind: Any, between: str = "") -> Iterator[tuple[type, str]]:
    """The structs that a type may hold, each with what stands for the keys on the way to it."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind, between
    for inner in getattr(kind, "__args__", ()):
        yield from _structs_within(inner, between + _step_into(kind))


def _step_into(kind: Any) -> str:
    origin = getattr(kind, "__origin__", None)
    if not isinstance(origin, type):
        return ""
    if issubclass(origin, Mapping):
        return f"{next(iter(_words(kind.__args__[0])), 'NAME')}."
    return "ID." if issubclass(origin, list | tuple) else ""


def _as_number(problem: str, value: Any) -> str:
    """How a number is written that somebody wrote as people do: ``10%``, ``0,1``."""
    if not isinstance(value, str) or not re.match(r"Expected `(int|float)\b", problem):
        return ""
    percent = re.fullmatch(r"\s*(-?\d+(?:[.,]\d+)?)\s*%\s*", value)
    if percent:
        number = Decimal(percent[1].replace(",", ".")) / 100
        return f"; write {value.strip()} as {number.normalize():f}"
    comma = re.fullmatch(r"\s*-?\d+,\d+\s*", value)
    return f"; write {value.strip()} as {value.strip().replace(',', '.')}" if comma else ""


def _value_at(steps: Sequence[str], tree: Any) -> Any:
    """What stands at a place, or None where that is not known."""
    for step in steps:
        match tree:
            case dict() if step in tree:
                tree = tree[step]
            case list() if step.isdecimal() and int(step) < len(tree):
                tree = tree[int(step)]
            case _:
                return None
    return tree


def _named(steps: Sequence[str], tree: Mapping[str, Any], root: type) -> list[str]:
    """Replace each `ANY` by the key that is meant: the one that is wrong on its own, too."""
    found: list[str] = []
    for step in steps:
        found.append(_wrong_key(found, tree, root) if step == ANY else step)
    return found


def _wrong_key(path: Sequence[str], tree: Mapping[str, Any], root: type) -> str:
    for key in _at(tree, path):
        alone = copy.deepcopy(dict(tree))
        table = _at(alone, path)
        for other in [other for other in table if other != key]:
            del table[other]
        try:
            msgspec.convert(alone, root)
        except msgspec.ValidationError:
            return str(key)
    return ANY


def _at(tree: Any, path: Sequence[str]) -> Any:
    for step in path:
        tree = tree[int(step)] if isinstance(tree, list) else tree[step]
    return tree


def _written(steps: Sequence[str]) -> str:
    parts = (f"[{step}]" if step.isdecimal() else f".{step}" for step in steps)
    return "".join(parts).removeprefix(".")


def _type_at(steps: Sequence[str], root: type) -> Any:
    """The type of a key; of a table's keys, where they are what is wrong."""
    names = [step for step in steps if not step.isdecimal() and step != ANY]
    for depth in range(len(names), 0, -1):
        *path, last = names[:depth]
        for field in _fields_at(path, root):
            if field.name == last:
                return field.type
    return None


def _words(kind: Any) -> list[str]:
    """The words that a type admits, in order."""
    arguments = getattr(kind, "__args__", ())
    own = [str(argument) for argument in arguments if isinstance(argument, str | int)]
    return own + [word for inner in arguments for word in _words(inner)]


def _keys_at(steps: Sequence[str], root: type) -> list[str]:
    """The keys that the table at this place may have."""
    return [field.name for field in _fields_at(steps, root)]


def _fields_at(steps: Sequence[str], root: type) -> Sequence[msgspec.structs.FieldInfo]:
    fields = msgspec.structs.fields(root)
    for step in steps:
        structs = [kind for f in fields if f.name == step for kind in _structs_in(f.type)]
        if structs:
            fields = msgspec.structs.fields(structs[0])
    return fields


def _structs_in(kind: Any) -> list[Any]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [kind]
    return [found for inner in getattr(kind, "__args__", ()) for found in _structs_in(inner)]
