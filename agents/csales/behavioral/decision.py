"""What a buyer does with an item selected: buy it, buy the dearer one, go on, or walk away."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from retailsim.agents.csales.behavioral.buyer_state import BuyerState
from retailsim.agents.csales.behavioral.parameters import BuyerParameters
from retailsim.agents.csales.behavioral.reservation_price import surplus_utility


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An item on the table."""

    id: str
    price_cents: int
    reservation_cents: int


class Errors(msgspec.Struct, frozen=True, kw_only=True):
    """What distinguishes this buyer from others like it, drawn once a conversation.

    Parameters
    ----------
    buying : float
        Standard logistic: how easily it buys at all.
    dearer : float
        Standard normal: how much it takes to the dearer item.
    """

    buying: float
    dearer: float


class Preferred(msgspec.Struct, frozen=True, kw_only=True):
    """The item that a buyer would rather have, and its utility: above 0, it is bought."""

    item: Item
    utility: float


def choice(
    state: BuyerState,
    items: Sequence[Item],
    budget_cents: int,
    errors: Errors,
    with_: BuyerParameters,
) -> Preferred:
    """Return what the buyer would rather have.

    Parameters
    ----------
    items : sequence of Item
        The selected one, then the dearer one if it is on the table.
    budget_cents : int
        The upper end of the budget.
    """
    base = state.will + with_.will.spread * errors.buying
    drawn = (0.0, state.pull + with_.dearer.liking * errors.dearer)
    found = [
        Preferred(
            item=item,
            utility=base
            + more
            + surplus_utility(
                item.reservation_cents, item.price_cents, budget_cents, with_.surplus
            ),
        )
        for item, more in zip(items, drawn, strict=False)
    ]
    return max(found, key=lambda one: one.utility)


def walks_away(utility: float, draw: float, with_: BuyerParameters) -> bool:
    """Whether a buyer that does not buy ends the conversation: half do at ``leaving.below``."""
    return draw < 1.0 / (1.0 + math.exp(utility + with_.leaving.below))
