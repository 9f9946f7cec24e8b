"""Levels: what an anchor changes of a behavioral buyer, category by category."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Level(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an anchor changes of a buyer, for one category of goods.

    Parameters
    ----------
    inclination : float
        Added to the inclination, in units of the error's scale.
    price : float
        Factor on the slopes of the price and of a bargain, at least 0.
    """

    inclination: float = 0.0
    price: Annotated[float, Meta(ge=0.0)] = 1.0
