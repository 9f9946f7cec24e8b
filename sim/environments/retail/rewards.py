"""What a step is worth: a table of terms, each with a weight."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from retailsim.agents.retail.policy.view import SellerView
from retailsim.events.messages import (
    ClaimFound,
    CommandRejected,
    Event,
    IssueResolved,
    OrderPlaced,
    RefundIssued,
    ReviewPosted,
)
from retailsim.market.protocols.retail.events import PitchPresented
from retailsim.market.rules.enforcing import SAY
from retailsim.sim.environments.weights import checked

TERMS: Mapping[str, str] = MappingProxyType(
    {
        "revenue": "net revenue in dollars: the price of the goods sold, less what was refunded",
        "revenue_share": "the same as a share of the list price, so that no dear product decides",
        "sale": "1 for a purchase",
        "refund": "1 for a refund",
        "replaced": "price of the goods sent in exchange, in dollars; it is in no revenue",
        "shipping": "shipping that the seller gives back or pays, in dollars",
        "satisfaction": "mean of the episode's stars above 3, below 0 if reviews are bad",
        "violations": "sentences that a rule struck out, claims that the sheet does not carry, and "
        "faulty goods not taken back",
        "turn": "1 for every step",
        "illegal": "1 for an option that is not legal, which ends the episode",
    }
)
"""Term -> what it is."""

RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        **dict.fromkeys(("sale", "refund", "illegal"), (0.0, 1.0)),
        **dict.fromkeys(("replaced", "shipping", "violations", "turn"), (0.0, math.inf)),
        "satisfaction": (-2.0, 2.0),
    }
)
"""Between what the terms are that cannot be anything, per episode."""

WEIGHTS: Mapping[str, float] = MappingProxyType({"revenue": 1.0, "illegal": -1.0})
"""Weights unless others are given; a term without one counts nothing."""
MIDDLE = 3
"""Stars that are neither good nor bad."""


def checked_weights(weights: Mapping[str, object] | None) -> dict[str, float]:
    """Return the weights to go by.

    Raises
    ------
    UnknownReward, BadEnvironment
        If one is of no term, or no number.
    """
    return checked(WEIGHTS if weights is None else weights, TERMS)


class Rewards:
    """One episode's rewards.

    A reward is for whoever learns, and no observation holds it: reviews come behind the last
    choice of a seller.

    Parameters
    ----------
    weights : mapping of term to number
    view : SellerView
        Of the episode; it is told events before they are valued.
    """

    def __init__(self, weights: Mapping[str, float], view: SellerView) -> None:
        self._weights = weights
        self._view = view
        self._paid_cents = 0
        self._claimed: tuple[str, ...] = ()

    def of_step(self, events: Iterable[Event], *, illegal: bool = False) -> dict[str, float]:
        """Return the terms of a step, without their weights, from the events that followed it."""
        terms = dict.fromkeys(TERMS, 0.0)
        terms["turn"], terms["illegal"] = 1.0, float(illegal)
        stars: list[int] = []
        for event in events:
            match event:
                case PitchPresented():
                    self._claimed = event.unsupported
                    terms["violations"] += len(event.unsupported)
                case ClaimFound() | CommandRejected() | IssueResolved(outcome="delivered"):
                    terms["violations"] += self._violates(event)
                case OrderPlaced():
                    self._paid_cents = event.unit_price_cents * event.quantity
                    self._add(terms, self._paid_cents)
                    terms["sale"] += 1.0
                case IssueResolved(outcome="exchanged"):
                    terms["replaced"] += self._paid_cents / 100
                case RefundIssued():
                    self._refunded(terms, event)
                case ReviewPosted():
                    stars.append(event.rating - MIDDLE)
        if stars:  # all reviews follow the last choice
            terms["satisfaction"] = sum(stars) / len(stars)
        return terms

    def _add(self, terms: dict[str, float], cents: int) -> None:
        terms["revenue"] += cents / 100
        terms["revenue_share"] += cents / self._view.offer.list_price_cents

    def _refunded(self, terms: dict[str, float], refund: RefundIssued) -> None:
        self._add(terms, -refund.amount_cents)
        terms["refund"] += 1.0
        paid = refund.return_shipping_cents if refund.return_shipping_payer == "seller" else 0
        terms["shipping"] += (refund.shipping_refund_cents + paid) / 100

    def _violates(self, event: ClaimFound | CommandRejected | IssueResolved) -> bool:
        if isinstance(event, CommandRejected):
            return event.command == SAY
        if isinstance(event, IssueResolved):
            return self._owed()
        # A claim that the seller reports itself was counted with the pitch.
        own = any(told in event.sentence for told in self._claimed)
        return not (own and event.stage == "pitch")

    def _owed(self) -> bool:
        """Whether goods arrived that the seller has to take back: the fault is its own."""
        view = self._view
        at_fault = view.issue is not None and view.issue not in view.offer.policy.buyer_pays
        return at_fault and view.arrived and view.in_window

    def total(self, terms: Mapping[str, float]) -> float:
        """Return the reward: the terms times their weights."""
        return sum(weight * terms[name] for name, weight in self._weights.items())
