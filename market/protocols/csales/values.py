"""What agents see and say in a sales conversation: immutable values."""

from __future__ import annotations

from typing import Literal

import msgspec

from retailsim.market.protocols.csales.action_table import Option
from retailsim.market.protocols.csales.events import (
    Action,
    CategoryRule,
    Disclosure,
    ItemRule,
    Leaving,
    Openness,
    ProfileInferred,
    Style,
    Tactic,
)

PERSUASION: Literal["Persuasion"] = "Persuasion"
"""The only action once an item is selected."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A CSUser: who the buyer is, which no seller is told.

    Parameters
    ----------
    general_preference : str
        Long-term likes and dislikes.
    target_needs : str
        The current need.
    purchase_reason : tuple of str
        Why, in the buyer's own words.
    budget_cents : (int, int)
        Least and most; the seller is told both.
    target_category : tuple of str
        A path of at most five levels.
    """

    id: str
    general_preference: str
    target_needs: str
    purchase_reason: tuple[str, ...]
    budget_cents: tuple[int, int]
    target_category: tuple[str, ...]
    decision_making_style: Style
    dialogue_openness: Openness


class Inferred(msgspec.Struct, frozen=True, kw_only=True):
    """What a seller takes the buyer to be."""

    preference: str = ""
    category: tuple[str, ...] = ()
    decision_making_style: Style | None = None
    dialogue_openness: Openness | None = None
    focus: str = ""
    price_cents: tuple[int, int] | None = None


def inferred_by(event: ProfileInferred) -> Inferred:
    """Return what an event of the log says that a seller takes the buyer to be."""
    price = None
    if event.price_min_cents is not None and event.price_max_cents is not None:
        price = (event.price_min_cents, event.price_max_cents)
    return Inferred(
        preference=event.preference,
        category=event.category,
        decision_making_style=event.decision_making_style,
        dialogue_openness=event.dialogue_openness,
        focus=event.focus,
        price_cents=price,
    )


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A seller's next step.

    Parameters
    ----------
    category : tuple of str
        The path to look at, for a category search; cut to what exists.
    items, discount, disclosure, category_rule
        What else belongs to the option, where the run's table has more than act and tactic; see
        `market.protocols.csales.action_table.Option`.
    options, probabilities : see `market.protocols.csales.events.ActionChosen`
        Probabilities may also be given as shares that sum to 1; they become integers by
        `market.core.propensities.propensities`.
    """

    inferred: Inferred
    action: Action
    tactic: Tactic | None = None
    category: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    probabilities: tuple[int | float, ...] | None = None
    items: ItemRule = "nearest"
    discount: int = 0
    disclosure: Disclosure = "none"
    category_rule: CategoryRule = "nearest"

    @property
    def option(self) -> Option:
        """The option that is chosen."""
        return Option(
            action=self.action,
            tactic=self.tactic,
            items=self.items,
            discount=self.discount,
            disclosure=self.disclosure,
            category_rule=self.category_rule,
        )


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What a seller says, and the ids of the items that it puts before the buyer with it."""

    text: str
    items: tuple[str, ...] = ()


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What a buyer answers that leaves before it has said a word, instead of an opening."""

    how: Leaving = "leave"
    reason: str = ""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What a buyer says and does; at most one of `select`, `buy` and `leave`.

    Parameters
    ----------
    select, buy : str or None
        The id of an item that was shown.
    leave : {"leave", "defer"} or None
    reservation_cents : mapping of id to cents
        What items are worth to the buyer, if it can say so; kept in the log, shown to nobody.
    """

    text: str
    select: str | None = None
    buy: str | None = None
    leave: Leaving | None = None
    reason: str = ""
    reservation_cents: dict[str, int] = {}
