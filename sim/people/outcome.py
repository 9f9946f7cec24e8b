"""What an episode came to, as the one who played it may know it at its end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from retailsim.events.messages import (
    DecisionMade,
    EpisodeClosed,
    EpisodeFailed,
    EpisodeOpened,
    Event,
    IssueRaised,
    IssueResolved,
    MessageSent,
    OrderPlaced,
    RefundIssued,
    ReviewPosted,
    SeatKind,
)


class Outcome(msgspec.Struct, kw_only=True):
    """What an episode came to; money in cents.

    Parameters
    ----------
    status : {"open", "closed", "failed"}
    title : str or None
        The product's, where the episode is about one.
    category : str
        What it is about, or of that product.
    seller_kind, buyer_kind : str or None
        What took the seats.
    decided : bool
        Whether the buyer's decision is known: from its own words, its order, or the end.
    quantity : int
        Units bought.
    gross_cents, shipping_cents : int
        Paid for goods, and for shipping.
    refunded_cents, shipping_refunded_cents : int
        Paid back of them.
    return_shipping_cents : int
        What the buyer paid to send goods back.
    issue, resolution : str or None
        What went wrong with the order, and how that ended.
    stars : mapping of aspect to int
        Of the buyer's reviews.
    messages : int
        Said by both sides.
    reason : str
        Why it failed, where it did.
    """

    status: Literal["open", "closed", "failed"] = "open"
    title: str | None = None
    category: str = ""
    seller_kind: SeatKind | None = None
    buyer_kind: SeatKind | None = None
    decided: bool = False
    quantity: int = 0
    gross_cents: int = 0
    shipping_cents: int = 0
    refunded_cents: int = 0
    shipping_refunded_cents: int = 0
    return_shipping_cents: int = 0
    issue: str | None = None
    resolution: str | None = None
    stars: dict[str, int] = msgspec.field(default_factory=dict)
    messages: int = 0
    reason: str = ""

    @property
    def bought(self) -> bool:
        """Whether there is an order."""
        return self.quantity > 0

    @property
    def net_cents(self) -> int:
        """What was paid for goods and not paid back: net revenue, shipping apart."""
        return self.gross_cents - self.refunded_cents

    @property
    def spent_cents(self) -> int:
        """What the buyer paid in all and did not get back."""
        fees = self.shipping_cents - self.shipping_refunded_cents
        return self.net_cents + fees + self.return_shipping_cents

    def note(self, event: Event) -> None:
        """Take in one event of the episode."""
        match event:
            case EpisodeOpened():
                self.title, self.category = event.title, event.category or ""
                self.seller_kind, self.buyer_kind = event.seller_kind, event.buyer_kind
            case MessageSent():
                self.messages += 1
            case DecisionMade():
                self.decided = True
            case EpisodeClosed():
                self.status, self.decided = "closed", True
            case EpisodeFailed():
                self.status, self.reason = "failed", event.reason
            case ReviewPosted():
                self.stars[event.aspect] = event.rating
            case _:
                self._order(event)

    def _order(self, event: Event) -> None:
        match event:
            case OrderPlaced():
                self.decided = True
                self.quantity += event.quantity
                self.gross_cents += event.quantity * event.unit_price_cents
                self.shipping_cents += event.shipping_cents
            case IssueRaised():
                self.issue = event.issue
            case IssueResolved():
                self.resolution = event.outcome
            case RefundIssued():
                self.refunded_cents += event.amount_cents
                self.shipping_refunded_cents += event.shipping_refund_cents
                if event.return_shipping_payer == "buyer":
                    self.return_shipping_cents += event.return_shipping_cents


def outcomes_of(events: Iterable[Event]) -> dict[str, Outcome]:
    """Return what each episode came to, by its name, in the order in which they opened."""
    found: dict[str, Outcome] = {}
    for event in events:
        if event.episode is not None:
            found.setdefault(event.episode, Outcome()).note(event)
    return found
