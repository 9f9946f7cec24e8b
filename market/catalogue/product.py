"""A product as the market sells it: one clean, immutable sheet."""

from __future__ import annotations

from typing import Literal

import msgspec

from retailsim.events.messages import Audience

Category = Literal["Food", "Fashion", "Home", "Electronics"]

CATEGORIES: tuple[Category, ...] = ("Food", "Fashion", "Home", "Electronics")


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """One product sheet.

    Parameters
    ----------
    id : str
        The catalogue's identifier (``parent_asin`` in Amazon Reviews '23), unique in a catalogue.
    title : str
        Never empty.
    price_cents : int
        List price in integer cents, above 0.
    category : Category
        One of the four groups the market's policies know.
    path : tuple of str
        The category path from the root to the leaf; may be empty.
    audience : {"men", "women", "unisex"} or None
        Whom the product is made for; None where the sheet does not say.
    brand : str or None
        The sheet's ``store``.
    features : tuple of str
        Short selling points, as listed.
    description : str
        Paragraphs joined by newlines; may be empty.
    details : dict of str to str
        Facts by name, such as ``{"Material": "Steel"}``; may be empty.
    average_rating, rating_number : float or None, int or None
        As published by the source.
    unit_cost_cents : int or None
        What one unit costs the seller, where the catalogue says so.
    """

    id: str
    title: str
    price_cents: int
    category: Category
    path: tuple[str, ...] = ()
    audience: Audience | None = None
    brand: str | None = None
    features: tuple[str, ...] = ()
    description: str = ""
    details: dict[str, str] = {}
    average_rating: float | None = None
    rating_number: int | None = None
    unit_cost_cents: int | None = None

    @property
    def leaf(self) -> str:
        """The most specific category known."""
        return self.path[-1] if self.path else self.category
