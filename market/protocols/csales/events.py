"""What happens in a sales conversation, beside what all protocols share.

A conversation's messages are `events.messages.MessageSent` with ``stage = "sales"``; a purchase is
an `OrderPlaced`. The events here say what the seller thought and did, what it put before the
buyer, and what the buyer made of it. Money is integer cents; ``turn`` counts exchanges from 1.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from retailsim.events.messages import Event

Style = Literal["Rational", "Dependent", "Intuitive"]
Openness = Literal["Active", "Less Active", "Passive"]
Action = Literal["Preference Probing", "Category Search", "Suggestion", "Persuasion"]
Tactic = Literal["Framing", "Logical Appeal", "Emotional Appeal", "Evidence-Based", "Social Proof"]
ItemRule = Literal["nearest", "three-quarters", "dearest", "cheapest"]
Disclosure = Literal["none", "fee"]
CategoryRule = Literal["nearest", "parent", "root"]
Showing = Literal["suggestion", "upsell"]
Leaving = Literal["leave", "defer"]

STYLES: tuple[Style, ...] = ("Rational", "Dependent", "Intuitive")
OPENNESS: tuple[Openness, ...] = ("Active", "Less Active", "Passive")
ACTIONS: tuple[Action, ...] = (
    "Preference Probing",
    "Category Search",
    "Suggestion",
    "Persuasion",
)
TACTICS: tuple[Tactic, ...] = (
    "Framing",
    "Logical Appeal",
    "Emotional Appeal",
    "Evidence-Based",
    "Social Proof",
)


class BuyerProfiled(Event, tag="BuyerProfiled", kw_only=True):
    """Who the buyer of this episode is: the truth that a seller has to infer."""

    profile: str
    decision_making_style: Style
    dialogue_openness: Openness
    target_category: tuple[str, ...]
    budget_min_cents: int
    budget_max_cents: int


class ProfileInferred(Event, tag="ProfileInferred", kw_only=True):
    """What the seller takes the buyer to be; what it does not know yet is None or empty."""

    turn: int
    preference: str = ""
    category: tuple[str, ...] = ()
    decision_making_style: Style | None = None
    dialogue_openness: Openness | None = None
    focus: str = ""
    price_min_cents: int | None = None
    price_max_cents: int | None = None


class ActionChosen(Event, tag="ActionChosen", kw_only=True):
    """What the seller does next, out of which options, and how likely it was to choose so.

    Parameters
    ----------
    strategy : str or None
        The tactic of a persuasion.
    options : tuple of str
        What could have been chosen, by name: actions, persuasions as ``Persuasion: TACTIC``, with
        what an `market.protocols.csales.action_table.ActionTable` adds to that.
    probabilities : tuple of int or None
        One for each option in their order, where the seller knows them: integers that sum to
        2**32. Logs of version 0.1 have floats that sum to 1; `propensities.shares` reads both.
    items, discount, disclosure, category_rule
        The option's other dimensions, see `market.protocols.csales.action_table.Option`. What is
        as usual is left out of the log.
    """

    turn: int
    action: Action
    strategy: Tactic | None = None
    options: tuple[str, ...] = ()
    probabilities: tuple[int | float, ...] | None = None
    items: ItemRule | UnsetType = UNSET
    discount: int | UnsetType = UNSET
    disclosure: Disclosure | UnsetType = UNSET
    category_rule: CategoryRule | UnsetType = UNSET


class CategorySearched(Event, tag="CategorySearched", kw_only=True):
    """The seller looked around in the catalogue.

    ``asked`` is the path it named, ``found`` its longest beginning that exists, ``options`` the
    paths below that.
    """

    turn: int
    asked: tuple[str, ...]
    found: tuple[str, ...]
    options: tuple[tuple[str, ...], ...]


class ItemsShown(Event, tag="ItemsShown", kw_only=True):
    """The seller put items before the buyer.

    ``fitting`` is how many the catalogue offered it to show: fewer than three is legal.
    """

    turn: int
    showing: Showing
    products: tuple[str, ...]
    prices_cents: tuple[int, ...]
    fitting: int


class ItemSelected(Event, tag="ItemSelected", kw_only=True):
    """The buyer's choice among what it was shown; ``candidate`` is the dearer item, if any."""

    turn: int
    product: str
    price_cents: int
    candidate: str | None
    candidate_price_cents: int | None


class ItemValued(Event, tag="ItemValued", kw_only=True):
    """What an item is worth to the buyer, where the buyer can say so: no message to the seller."""

    turn: int
    product: str
    price_cents: int
    reservation_cents: int


class PriceLowered(Event, tag="PriceLowered", kw_only=True):
    """The seller took something off the price of the item selected, with a persuasion.

    ``price_cents`` holds from now on; ``percent`` is a step of the run's table of options.
    """

    turn: int
    product: str
    percent: int
    from_cents: int
    price_cents: int


class ShippingNamed(Event, tag="ShippingNamed", kw_only=True):
    """The buyer was told what shipping costs, for each of some items."""

    turn: int
    products: tuple[str, ...]
    fees_cents: tuple[int, ...]


class BuyerLeft(Event, tag="BuyerLeft", kw_only=True):
    """The buyer ended the conversation without buying: for good, or to think about it."""

    turn: int
    how: Leaving
    reason: str
