"""Tables of the parameters that hold a rule of their own: wallet, quantity, ratings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from retailsim.agents.parameter_files import ParameterTable, Share, Spread
from retailsim.market.catalogue.product import CATEGORIES, Category


class Wallet(ParameterTable, frozen=True, kw_only=True):
    """What a buyer would spend on one item of a category, and how much of the slope it takes.

    ``list_price`` is the middle as a multiple of the typical list price of the category in the
    run's catalogue; 0: it is ``cents``, whatever the catalogue costs. Whoever makes the run turns
    one into the other, as the factor ``wallet`` of a seat.
    """

    cents: Mapping[Category, Annotated[float, Meta(gt=0.0)]]
    list_price: Annotated[float, Meta(ge=0.0)]
    spread: Spread
    share: Share

    def __post_init__(self) -> None:
        """Refuse a table that leaves a category out."""
        missing = [category for category in CATEGORIES if category not in self.cents]
        if missing:
            raise ValueError(f"wallet.cents has no {missing[0]}")


class Quantity(ParameterTable, frozen=True, kw_only=True):
    """When a buyer takes more than one: log odds, and what the price adds to them."""

    base: float
    consumable: float
    price: float
    again: Share
    many: Annotated[int, Meta(ge=1, le=20)]


class RatingParameters(ParameterTable, frozen=True, kw_only=True):
    """Mean ratings and what moves them, in stars.

    ``product_stars`` are the shares of one to five stars for a product without an issue; where it
    is empty, ``product_none`` is their mean.
    """

    noise: float
    pitch: float
    pitch_nonbuyer: float
    pitch_slope: float
    pitch_hype: float
    pitch_warmth: float
    pre_inquiry: float
    pre_inquiry_nonbuyer: float
    answers_slope: float
    settled_exchanged: float
    settled_refunded: float
    settled_delivered: float
    settled_none: float
    product_exchanged: float
    product_refunded: float
    product_delivered: float
    product_none: float
    product_stars: tuple[Share, ...]
    product_slope: float
    post_persona: float
    recommends_exchanged: float

    def __post_init__(self) -> None:
        """Refuse shares that are not of one to five stars, or of no star at all."""
        shares = self.product_stars
        if shares and (len(shares) != 5 or not any(shares)):
            raise ValueError("ratings.product_stars: give none or five shares, not all of them 0")
