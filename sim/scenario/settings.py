"""Settings: ``--set KEY=VALUE`` laid over a scenario's tables."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import tomli_w

from retailsim.events.toml_text import DEEPEST, parse_toml
from retailsim.sim.errors import BadSetting

Tree = dict[str, Any]


def lay_over(tree: Tree, settings: Sequence[str]) -> None:
    """Apply settings in their order: dotted keys, values as TOML where that parses, else as text.

    In a list a part of a key is a position or the id of a table. A part that holds dots is
    quoted, or found where the table or list has it already: ``models.gpt-5.4.max_in_flight=8``.

    Raises
    ------
    BadSetting
        If there is no ``=``, or the key runs through something that is no table.
    """
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise BadSetting(setting, "write it as KEY=VALUE, such as run.seed=7")
        parts = _parts(key.strip())
        if len(parts) > DEEPEST:
            raise BadSetting(f"{setting[:40]}...", "its key has too many parts")
        _assign(tree, parts, parsed_value(text.strip()), setting)


def as_settings(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return keys with values of Python as settings: what TOML can hold, as TOML.

    Paths become texts, and numbers of other libraries plain ones.

    Raises
    ------
    BadSetting
        If a value is something else.
    """
    return tuple(f"{key}={_as_toml(value, f'{key}={value!r}')}" for key, value in values.items())


def _as_toml(value: Any, setting: str) -> str:
    match value:
        case Mapping():
            pairs = (f"{_scalar(str(k))} = {_as_toml(v, setting)}" for k, v in value.items())
            return f"{{{', '.join(pairs)}}}"
        case list() | tuple():
            return f"[{', '.join(_as_toml(one, setting) for one in value)}]"
        case PurePath():
            return _scalar(str(value))
        case str() | bool() | int() | float() | dt.date():
            return _scalar(value)
        case _ if callable(getattr(value, "item", None)):
            return _as_toml(value.item(), setting)
        case _:
            problem = f"a {type(value).__name__} is not text, a number, a date, a list or a table"
            raise BadSetting(setting, problem)


def _scalar(value: Any) -> str:
    return tomli_w.dumps({"value": value}).removeprefix("value = ").rstrip("\n")


def parsed_value(text: str) -> Any:
    """Return the value of a setting: as TOML where that parses, else as text."""
    try:
        parsed = parse_toml(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return parsed["value"] if len(parsed) == 1 else text


def _parts(key: str) -> list[str]:
    """Split a key at its dots as TOML does, quotes and all; at every dot where it is no TOML."""
    try:
        found: Any = parse_toml(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return key.split(".")
    parts = []
    while isinstance(found, dict) and len(found) == 1:
        ((part, found),) = found.items()
        parts.append(part)
    return parts if found == 0 else key.split(".")


def _assign(tree: Tree, parts: list[str], value: Any, setting: str) -> None:
    place: Any = tree
    while True:
        key, rest = _step(place, parts, setting)
        if not rest:
            place[key] = value
            return
        place = place.setdefault(key, {}) if isinstance(place, dict) else place[key]
        parts = rest


def _step(place: Any, parts: list[str], setting: str) -> tuple[Any, list[str]]:
    """Return the key or position to go to from `place`, and the parts after it."""
    match place:
        case dict():
            for size in range(len(parts), 1, -1):
                if (name := ".".join(parts[:size])) in place:
                    return name, parts[size:]
            return parts[0], parts[1:]
        case list():
            ids = [item.get("id") for item in place if isinstance(item, dict)]
            for size in range(len(parts), 1, -1):
                if (name := ".".join(parts[:size])) in ids:
                    return _position(place, name, setting), parts[size:]
            return _position(place, parts[0], setting), parts[1:]
        case _:
            raise BadSetting(setting, f"{parts[0]!r} can only be set inside a table")


def _position(items: list[Any], part: str, setting: str) -> int:
    ids = [item.get("id") if isinstance(item, dict) else None for item in items]
    if part in ids:
        return ids.index(part)
    if part.isdecimal() and int(part) < len(items):
        return int(part)
    named = "".join(f", {one}" for one in ids if one is not None)
    raise BadSetting(setting, f"{part!r} is not one of 0 to {len(items) - 1}{named}")
