"""The scenario's table [actions]: what sellers choose from."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class ActionsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What sellers choose from: in csales beside act and tactic, in retail where a policy sells.

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
    stress, tone, length, claims : tuple of str
        Retail only, as all that follow: what a pitch may dwell on, its tone, how long it is, and
        whether it may claim what the sheet does not carry ("bold").
    answers : tuple of str
        How a question may be answered: with a kind word ("friendly"), without ("plain"), or not
        ("evade").
    ask_first : bool
        Whether support may ask what is wrong before it proposes anything.
    settlements : tuple of str
        How an issue may be settled. Where nothing else is possible it is left, named or not.
    """

    items: tuple[Literal["nearest", "three-quarters", "dearest", "cheapest"], ...] = ("nearest",)
    discounts: tuple[Annotated[int, Meta(ge=0, le=90)], ...] = (0,)
    disclosure: tuple[Literal["none", "fee"], ...] = ("none",)
    category: tuple[Literal["nearest", "parent", "root"], ...] = ("nearest",)
    among: Annotated[int, Meta(ge=1)] = 20
    stress: tuple[Literal["facts", "reasons", "feelings"], ...] = ("facts", "reasons", "feelings")
    tone: tuple[Literal["warm", "urgent"], ...] = ("warm", "urgent")
    length: tuple[Literal["full", "short"], ...] = ("full", "short")
    claims: tuple[Literal["sheet", "bold"], ...] = ("sheet", "bold")
    answers: tuple[Literal["friendly", "plain", "evade"], ...] = ("friendly", "plain", "evade")
    ask_first: bool = True
    settlements: tuple[Literal["leave", "exchange", "refund"], ...] = (
        "leave",
        "exchange",
        "refund",
    )
