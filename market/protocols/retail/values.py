"""What agents see and say in the retail protocol: immutable values.

A request of the market carries these; an agent's method returns these. They hold no reference to
the live market, so an agent can neither read its books nor change them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from retailsim.events.messages import Outcome
from retailsim.market.catalogue.product import Product
from retailsim.market.core.dialogue import Transcript as Transcript
from retailsim.market.core.dialogue import Turn as Turn
from retailsim.market.core.return_policy import ReturnPolicy

Dimension = Literal[
    "target_expansion", "value_proposition", "contextual_urgency", "objection_handling"
]
DIMENSIONS: tuple[Dimension, ...] = (
    "target_expansion",
    "value_proposition",
    "contextual_urgency",
    "objection_handling",
)

SECTIONS: tuple[str, ...] = (
    "opening_hook",
    "target_expansion",
    "qa_integration",
    "value_validation",
    "call_to_action",
)

Topic = Literal["product specifications", "product comparison", "price/discount", "shipping"]
TOPICS: tuple[Topic, ...] = (
    "product specifications",
    "product comparison",
    "price/discount",
    "shipping",
)


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What is for sale in this market, on which terms; the same for all its buyers.

    Parameters
    ----------
    list_price_cents, price_cents : int
        The catalogue's price, and what is asked after multiplier and discount.
    shipping_cents : int
        Per order.
    delivery_days : (int, int)
        Shortest and longest delivery time.
    date : str
        ISO date of the broadcast.
    """

    product: Product
    list_price_cents: int
    price_cents: int
    discount: float
    shipping_cents: int
    delivery_days: tuple[int, int]
    policy: ReturnPolicy
    date: str


class Strategy(msgspec.Struct, frozen=True, kw_only=True):
    """The seller's plan; a dimension that the guidance leaves out is None."""

    target_expansion: str | None = None
    value_proposition: str | None = None
    contextual_urgency: str | None = None
    objection_handling: str | None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """How a seller that goes by a policy came to what it says; buyers never see it.

    Parameters
    ----------
    option : str
        The name of what it chose; one of `options`.
    options : tuple of str
        Everything it could have chosen here.
    probabilities : tuple or None
        How likely each of them was, if that is known: shares that sum to 1, or integers that sum
        to 2**32.
    """

    option: str
    options: tuple[str, ...]
    probabilities: tuple[int | float, ...] | None = None


class Pitch(msgspec.Struct, frozen=True, kw_only=True):
    """The spoken pitch: section name (see `SECTIONS`) -> text.

    ``claims`` are statements about the product in the pitch, ``unsupported`` those that the
    product sheet does not carry. A seller that does not track them leaves both empty. ``choice``
    is what it was chosen from, where a policy chose.
    """

    sections: Mapping[str, str]
    claims: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    choice: Choice | None = None

    @property
    def text(self) -> str:
        """The sections in order, a paragraph each."""
        return "\n\n".join(self.sections.values())


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer before the purchase of a seller that says how it chose; others return a text."""

    text: str
    choice: Choice


class Topics(msgspec.Struct, frozen=True, kw_only=True):
    """One or two of `TOPICS` that the buyer wants to ask about, and why."""

    topics: tuple[Topic, ...]
    reason: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Buy or not; the quantity is 0 exactly when not."""

    will_purchase: bool
    quantity: int
    quantity_reason: str
    sentiment: Literal["Positive", "Neutral", "Negative"]
    reason: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order as its buyer and seller see it; days count from the broadcast date."""

    id: str
    quantity: int
    unit_price_cents: int
    shipping_cents: int
    ordered_day: int
    expected_day: int
    delivered_day: int
    issue_day: int

    @property
    def goods_cents(self) -> int:
        """What was paid for the goods."""
        return self.quantity * self.unit_price_cents


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """How a seller settles an issue: the market checks it against its rules and books.

    ``refund_quantity`` units go back at the price paid; it counts for a refund only.
    ``refund_shipping`` gives the outbound shipping fee back too. ``choice`` is what it was chosen
    from, where it is stated after the dialogue and a policy chose.
    """

    outcome: Outcome
    resolution: str
    reason: str
    refund_quantity: int = 0
    refund_shipping: bool = False
    choice: Choice | None = None


class Support(msgspec.Struct, frozen=True, kw_only=True):
    """A seller's turn in the support dialogue, with the settlement it proposes, if any.

    ``choice`` is what the turn was chosen from, where a policy chose.
    """

    text: str
    proposal: Settlement | None = None
    choice: Choice | None = None


NoReview = Literal["no review"]
NO_REVIEW: NoReview = "no review"
"""What a buyer answers that leaves a review out."""


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """A rating from 1 to 5 with its text; ``would_recommend`` only for the product."""

    rating: int
    text: str
    would_recommend: bool | None = None
