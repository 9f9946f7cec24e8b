"""The parameters of the behavioral buyer of conversations, decoded from one documented file.

``agents/data/csales.toml`` holds every number with its source; a seat's options may lay tables of
their own over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from retailsim.agents.errors import BadOption
from retailsim.agents.parameter_files import (
    ParameterTable,
    Share,
    laid_over,
    not_finite,
    shipped_tables,
)
from retailsim.market.protocols.csales.events import Openness, Style, Tactic

Positive = Annotated[float, Meta(gt=0.0)]
Amount = Annotated[float, Meta(ge=0.0)]
Count = Annotated[int, Meta(ge=0)]


class Worth(ParameterTable, frozen=True, kw_only=True):
    """What an item is worth to a buyer, as a share of its upper budget."""

    base: float
    span: float
    noise: Amount
    in_category: Share
    needed: Share
    liked: Share
    needed_words: Positive
    liked_words: Positive
    appeals: Share


class Surplus(ParameterTable, frozen=True, kw_only=True):
    """What a surplus is worth in willingness, bounded."""

    weight: Amount
    scale: Positive


class Will(ParameterTable, frozen=True, kw_only=True):
    """Where willingness starts."""

    start: float
    spread: Positive
    shown: float


class Persuading(ParameterTable, frozen=True, kw_only=True):
    """What a persuasion does, by its tactic and the buyer's style."""

    common: float
    fit: Amount
    saturation: Share
    ignored: Amount
    affinity: Mapping[Style, Mapping[Tactic, float]]


class Fatigue(ParameterTable, frozen=True, kw_only=True):
    """What a seller's insistence costs."""

    repetition: Amount
    pressure: Amount
    pushed: Amount
    missed: Amount
    idle: Amount


class Trust(ParameterTable, frozen=True, kw_only=True):
    """How far the buyer lets itself be moved."""

    start: Share
    won: Amount
    lost: Amount
    unsupported: Amount
    least: Share


class Dearer(ParameterTable, frozen=True, kw_only=True):
    """What speaks for the item above the budget beside what it is worth."""

    pull: Amount
    liking: Amount
    start: float


class Leaving(ParameterTable, frozen=True, kw_only=True):
    """When a buyer walks away."""

    below: float
    beyond: Share
    fed_up: Amount


class OpennessTraits(ParameterTable, frozen=True, kw_only=True):
    """What a buyer's openness changes."""

    patience: Count
    persuasions: Count
    gain: Amount
    asked: float


class BuyerParameters(ParameterTable, frozen=True, kw_only=True):
    """The whole file."""

    worth: Worth
    surplus: Surplus
    will: Will
    persuasion: Persuading
    fatigue: Fatigue
    trust: Trust
    dearer: Dearer
    leaving: Leaving
    openness: Mapping[Openness, OpennessTraits]


TABLES = BuyerParameters.__struct_fields__
"""What a seat's options may name."""


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Any]:
    return shipped_tables("csales.toml")


@lru_cache(maxsize=1)
def defaults() -> BuyerParameters:
    """Return the shipped parameters."""
    return msgspec.convert(_shipped(), BuyerParameters)


def parameters_of(options: Mapping[str, Any], source: str) -> BuyerParameters:
    """Return the shipped parameters with tables of a seat's options laid over them.

    Raises
    ------
    BadOption
        If one of them is no table, has a key that is unknown, or a value that cannot be.
    """
    over = {name: options[name] for name in TABLES if name in options}
    if not over:
        return defaults()
    if key := not_finite(over):
        raise BadOption(source, f"{key}: must be a finite number")
    try:
        found = msgspec.convert(laid_over(_shipped(), over), BuyerParameters)
    except msgspec.ValidationError as error:
        raise BadOption(
            source, f"{error}; agents/data/csales.toml has every table and key"
        ) from None
    return found
