"""Files of parameters: what their tables are made of, and how one is laid over another."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Any

import msgspec
from msgspec import Meta

Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class ParameterTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of a file: all keys needed, none unknown; what each is, the file says."""


def shipped_tables(file: str) -> dict[str, Any]:
    """Return the tables of a file in ``agents/data``."""
    return tomllib.loads((files("retailsim.agents.data") / file).read_text("utf-8"))


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return `below` with the keys of `above` in their places, table by table."""
    merged = dict(below)
    for key, value in above.items():
        under = below.get(key)
        if isinstance(under, Mapping) and isinstance(value, Mapping):
            merged[key] = laid_over(under, value)
        else:
            merged[key] = value
    return merged
