"""Files of parameters: what their tables are made of, and how one is laid over another."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

import msgspec
from msgspec import Meta

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Spread = Annotated[float, Meta(ge=0.0)]
"""A standard deviation."""


class ParameterTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of a file: all keys needed, none unknown; what each is, the file says."""


def shipped_tables(file: str) -> dict[str, Any]:
    """Return the tables of a file in ``agents/data``, for the caller to keep."""
    return deepcopy(_parsed(file))


@cache
def _parsed(file: str) -> dict[str, Any]:
    """Parse a file once: every seat asks for it, and a market may have thousands."""
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


def not_finite(tables: Mapping[str, Any]) -> str | None:
    """Return the dotted key of the first number that is infinite or none at all (NaN)."""
    for key, value in tables.items():
        if isinstance(value, Mapping):
            if inner := not_finite(value):
                return f"{key}.{inner}"
        elif any(isinstance(one, float) and not math.isfinite(one) for one in _numbers(value)):
            return key
    return None


def _numbers(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
