"""The named sets of parameters, and files of a user's own that are laid over one of them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.errors import BadOption
from retailsim.agents.parameter_files import laid_over, not_finite, shipped_tables
from retailsim.events.toml_text import parse_toml
from retailsim.events.whole_file import read_bounded

PAPER = "paper"
"""Language models in these roles, as published: whole."""
FIELD = "field"
"""People: what differs from `PAPER`, laid over it."""

SETS: Mapping[str, tuple[str, ...]] = {
    PAPER: ("behavioral.toml",),
    FIELD: ("behavioral.toml", "behavioral-field.toml"),
}
"""Name of a set -> its data files, each laid over the one before."""

BASE = "base"
"""The key of a user's file that names the set it is laid over; `PAPER` where it is missing."""


def parameter_tables(named: str | None, agent: str) -> dict[str, Any]:
    """Return the tables of a set, or of a user's file with the set below it.

    Parameters
    ----------
    named : str or None
        The name of a set or the path of a TOML file; None is `PAPER`.
    agent : str
        Whom an error names.

    Raises
    ------
    BadOption
        Where the file cannot be read, is no TOML, or names a base that does not exist.
    """
    if named is None or named in SETS:
        return _set(named or PAPER)
    base, theirs = _with_base(named, agent)
    return laid_over(_set(base), theirs)


def base_of(named: str | None, agent: str) -> str:
    """Return the name of the set that the parameters are, or are laid over.

    Raises
    ------
    BadOption
        As `parameter_tables`.
    """
    if named is None or named in SETS:
        return named or PAPER
    return _with_base(named, agent)[0]


def _with_base(path: str, agent: str) -> tuple[str, dict[str, Any]]:
    """Return what a user's file is laid over, and its tables."""
    theirs = _read(path, agent)
    base = theirs.pop(BASE, PAPER)
    if key := not_finite(theirs):
        raise BadOption(agent, f"parameters {path}: {key}: must be a finite number")
    if not isinstance(base, str) or base not in SETS:
        raise BadOption(
            agent, f"parameters {path}: {BASE} = {base!r} is not one of {', '.join(SETS)}"
        )
    return base, theirs


def _set(name: str) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for file in SETS[name]:
        tables = laid_over(tables, shipped_tables(file))
    return tables


def _read(path: str, agent: str) -> dict[str, Any]:
    try:
        return parse_toml(read_bounded(Path(path)).decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadOption(agent, f"parameters {path}: {error}") from None


def split_options(agent: str, options: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return the ``parameters`` path among `options`, and the rest as a key for a cache."""
    rest = dict(options)
    path = rest.pop("parameters", None)
    if path is not None and not isinstance(path, str):
        raise BadOption(agent, f"parameters = {path!r} must name a set or the path of a TOML file")
    try:
        return path, msgspec.json.encode(rest, order="sorted").decode()
    except TypeError as error:
        raise BadOption(agent, str(error)) from None
