"""The scenario's table [actions]: what sellers choose from."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class ActionsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What sellers choose from, beside act and tactic (csales only).

    Parameters
    ----------
    items : tuple of str
        Rules by which a suggestion chooses items that fit the wish and the budget: "nearest" to the
        wish, nearest in price to "three-quarters" of the budget, "dearest", "cheapest".
    discounts : tuple of int
        Percent that a persuasion may take off the price of the item selected, 0 among them and at
        most 90. A price is lowered once in a conversation.
    disclosure : tuple of str
        What suggestions and persuasions tell beside what the seller says: "none", or "fee", the
        shipping fees of the items that are spoken of.
    category : tuple of str
        Where a category search looks: "nearest" to what was said, the "parent" of where the seller
        looks now, or the "root" of the catalogue.
    among : int
        How many of the items nearest to the wish the other rules choose among.
    """

    items: tuple[Literal["nearest", "three-quarters", "dearest", "cheapest"], ...] = ("nearest",)
    discounts: tuple[Annotated[int, Meta(ge=0, le=90)], ...] = (0,)
    disclosure: tuple[Literal["none", "fee"], ...] = ("none",)
    category: tuple[Literal["nearest", "parent", "root"], ...] = ("nearest",)
    among: Annotated[int, Meta(ge=1)] = 20
