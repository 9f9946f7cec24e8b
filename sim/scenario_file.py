"""Reading a scenario: from a file or built in, with settings laid over it, checked as a whole."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from agents.errors import AgentsError
from agents.persona import checked_persona
from events.messages import Role
from sim.errors import BadScenario, BadSetting, NoScenario
from sim.scenario import AgentTable, Scenario

Tree = dict[str, Any]


def builtin_scenarios() -> list[str]:
    """The names of the scenarios that come with the package."""
    folder = files("sim.data")
    return sorted(
        f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")
    )


def read_tree(name: str) -> tuple[Tree, Path]:
    """Return a scenario's tables and the folder that its paths are relative to.

    Parameters
    ----------
    name : str
        A file, or the name of a built-in scenario.

    Raises
    ------
    NoScenario, BadScenario
        If it is neither, cannot be read, or is not TOML.
    """
    path = Path(name)
    if path.is_file():
        return _parse(path.name if path.parent == Path() else str(path), _read(path)), path.parent
    if path.suffix or path.exists() or name not in builtin_scenarios():
        raise NoScenario(name, builtin_scenarios())
    text = (files("sim.data") / f"{name}.toml").read_text(encoding="utf-8")
    return _parse(name, text), Path()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadScenario(str(path), f"cannot be read: {error}") from None


def _parse(source: str, text: str) -> Tree:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadScenario(source, f"is not TOML: {error}") from None


def lay_over(tree: Tree, settings: Sequence[str]) -> None:
    """Apply ``--set KEY=VALUE``: dotted keys, list positions as numbers, values as TOML or text.

    Raises
    ------
    BadSetting
        If there is no ``=``, or the key runs through something that is no table.
    """
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise BadSetting(setting, "write it as KEY=VALUE, such as run.seed=7")
        _assign(tree, key.strip().split("."), _value(text.strip()), setting)


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _assign(tree: Any, keys: Sequence[str], value: Any, setting: str) -> None:
    *path, last = keys
    for key in path:
        tree = tree.setdefault(key, {}) if isinstance(tree, dict) else _item(tree, key, setting)
    if isinstance(tree, list):
        _item(tree, last, setting)
        tree[int(last)] = value
    elif isinstance(tree, dict):
        tree[last] = value
    else:
        raise BadSetting(setting, f"{keys[-2]} is a value, not a table")


def _item(tree: Any, key: str, setting: str) -> Any:
    if not isinstance(tree, list):
        raise BadSetting(setting, f"{key!r} is looked for in a value, not in a table")
    if not key.isdigit() or int(key) >= len(tree):
        raise BadSetting(setting, f"{key!r} is none of the positions 0 to {len(tree) - 1}")
    return tree[int(key)]


def decode(tree: Mapping[str, Any], source: str) -> Scenario:
    """Return the scenario that `tree` describes, checked.

    Raises
    ------
    BadScenario
        Naming the place and what is wrong there.
    """
    try:
        scenario = msgspec.convert(tree, Scenario)
    except msgspec.ValidationError as error:
        raise BadScenario(source, _place(str(error))) from None
    except ValueError as error:
        raise BadScenario(source, str(error)) from None
    check(scenario, source)
    return scenario


def _place(text: str) -> str:
    """Turn ``Object contains unknown field `x` - at `$.run` `` into a place and a problem."""
    problem, _, at = text.partition(" - at `$")
    place = at.rstrip("`").replace("[...]", ".*").lstrip(".")
    unknown = problem.removeprefix("Object contains unknown field `")
    if unknown != problem:
        key = unknown.rstrip("`")
        close = difflib.get_close_matches(key, _keys_at(place), n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        where = f"{place}.{key}" if place else key
        return f"{where}: unknown key{hint}"
    if problem.startswith("Invalid enum value"):
        problem = f"{problem}; allowed: {', '.join(_words(_type_at(place))) or 'see the schema'}"
    return f"{place}: {problem}" if place else problem


def _type_at(place: str) -> Any:
    """The type of a scenario's key."""
    table, _, key = place.removesuffix(".*").rpartition(".")
    found = [
        f.type for kind in _tables_at(table) for f in msgspec.structs.fields(kind) if f.name == key
    ]
    return found[0] if found else None


def _words(kind: Any) -> list[str]:
    """The words that a type admits, in order."""
    arguments = getattr(kind, "__args__", ())
    own = [argument for argument in arguments if isinstance(argument, str)]
    return own + [word for inner in arguments for word in _words(inner)]


def _keys_at(place: str) -> list[str]:
    """The keys that a scenario's table has."""
    return [field.name for kind in _tables_at(place) for field in msgspec.structs.fields(kind)]


def _tables_at(place: str) -> list[Any]:
    """The struct of the table at this place, if there is one."""
    kinds: list[Any] = [Scenario]
    names = re.sub(r"\[\d+\]|\*", "", place).split(".")
    for part in filter(None, names):
        types = [f.type for kind in kinds for f in msgspec.structs.fields(kind) if f.name == part]
        kinds = [found for kind in types for found in _structs_in(kind)][:1]
    return kinds


def _structs_in(kind: Any) -> list[Any]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [kind]
    return [found for inner in getattr(kind, "__args__", ()) for found in _structs_in(inner)]


def check(scenario: Scenario, source: str) -> None:
    """Refuse designs that no run can hold.

    Raises
    ------
    BadScenario
        Naming the table and what is impossible about it.
    """
    for role in ("seller", "buyer"):
        _check_seats(scenario, role, source)
    _check_pairing(scenario, source)
    multipliers = scenario.design.price_multipliers
    if not multipliers or len(set(multipliers)) < len(multipliers):
        raise BadScenario(source, "design.price_multipliers: one or more different ones are needed")
    if scenario.products.ids is not None and not scenario.products.ids:
        raise BadScenario(source, "products.ids: is empty; leave it out to sample by category")
    weights = scenario.issues.weights
    if weights is not None and not any(weights.values()):
        raise BadScenario(source, "issues.weights: at least one must be above 0")
    waits = any(seat.agent == "model" for seat in (*scenario.sellers, *scenario.buyers))
    if waits and not scenario.design.transcripts:
        raise BadScenario(
            source, "design.transcripts: models cannot be resumed without their texts"
        )


def _check_seats(scenario: Scenario, role: Role, source: str) -> None:
    seats = scenario.seats(role)
    if not seats:
        raise BadScenario(source, f"{role}s: at least one [[{role}s]] table is needed")
    ids = [seat.id for seat in seats]
    for twice in sorted({one for one in ids if ids.count(one) > 1}):
        raise BadScenario(source, f"{role}s: {twice!r} is there more than once; ids must differ")
    for seat in seats:
        _check_seat(scenario, seat, role, f"{role}s.{seat.id}", source)


def _check_seat(scenario: Scenario, seat: AgentTable, role: Role, place: str, source: str) -> None:
    if seat.persona is not None:
        try:
            checked_persona(role, seat.persona)
        except AgentsError as error:
            raise BadScenario(source, f"{place}: {error}") from None
    if seat.agent == "model" and seat.model not in scenario.models:
        known = ", ".join(scenario.models) or "none"
        raise BadScenario(source, f"{place}.model: no [models.{seat.model}] table; there: {known}")
    if seat.model is not None and seat.agent != "model":
        raise BadScenario(source, f'{place}.model: goes with agent = "model" only')
    if seat.pitch_file is not None and seat.agent != "script":
        raise BadScenario(source, f'{place}.pitch_file: goes with agent = "script" only')


def _check_pairing(scenario: Scenario, source: str) -> None:
    sellers = {seat.id for seat in scenario.sellers}
    buyers = {seat.id for seat in scenario.buyers}
    pairing = scenario.design.pairing
    if pairing == "self" and not sellers & buyers:
        raise BadScenario(
            source, "design.pairing: 'self' pairs a seller and a buyer of one id; there is none"
        )
    if isinstance(pairing, str):
        return
    if not pairing or len(set(pairing)) < len(pairing):
        raise BadScenario(source, "design.pairing: one or more different pairs are needed")
    for seller, buyer in pairing:
        if seller not in sellers:
            raise BadScenario(source, f"design.pairing: there is no seller {seller!r}")
        if buyer not in buyers:
            raise BadScenario(source, f"design.pairing: there is no buyer {buyer!r}")
