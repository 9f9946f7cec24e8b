"""What a step is worth: a table of terms, each with a weight."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from retailsim.events.messages import ClaimFound, CommandRejected, Event, OrderPlaced
from retailsim.market.protocols.csales.events import BuyerProfiled, ItemValued
from retailsim.market.rules.enforcing import SAY
from retailsim.sim.environments.weights import checked

TERMS: Mapping[str, str] = MappingProxyType(
    {
        "revenue": "net revenue in dollars: the price of what was bought (nothing is refunded)",
        "revenue_share": "the same as a share of the buyer's budget, so that no rich buyer decides",
        "sale": "1 for a purchase",
        "surplus": "what the purchase was worth to the buyer above its price, in dollars",
        "over_budget": "1 for a purchase above the buyer's budget",
        "violations": "sentences that a rule struck out, and claims that no sheet carries",
        "turn": "1 for every step",
        "illegal": "1 for an action that is not legal, which ends the episode",
    }
)
"""Term -> what it is."""

RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        **dict.fromkeys(("sale", "over_budget", "illegal"), (0.0, 1.0)),
        **dict.fromkeys(("revenue", "revenue_share", "violations", "turn"), (0.0, math.inf)),
    }
)
"""Between what the terms are that cannot be anything, per conversation."""

WEIGHTS: Mapping[str, float] = MappingProxyType({"revenue": 1.0, "illegal": -1.0})
"""Weights unless others are given; a term without one counts nothing."""


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

    Worth and budget are the market's, not the seller's to know: a reward is for whoever learns,
    and no observation holds it.

    Parameters
    ----------
    weights : mapping of term to number
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = weights
        self._budget_cents = 0
        self._worth_cents: dict[str | None, int] = {}

    def of_step(self, events: Iterable[Event], *, illegal: bool = False) -> dict[str, float]:
        """Return the terms of a step, without their weights, from the events that followed it."""
        terms = dict.fromkeys(TERMS, 0.0)
        terms["turn"], terms["illegal"] = 1.0, float(illegal)
        for event in events:
            match event:
                case BuyerProfiled():
                    self._budget_cents = event.budget_max_cents
                case ItemValued():
                    self._worth_cents[event.product] = event.reservation_cents
                case OrderPlaced():
                    self._add_order(terms, event)
                case ClaimFound():
                    terms["violations"] += 1.0
                case CommandRejected():
                    terms["violations"] += float(event.command == SAY)
        return terms

    def _add_order(self, terms: dict[str, float], order: OrderPlaced) -> None:
        paid_cents = order.unit_price_cents * order.quantity
        terms["sale"] += 1.0
        terms["revenue"] += paid_cents / 100
        terms["revenue_share"] += paid_cents / max(1, self._budget_cents)
        terms["over_budget"] += float(order.unit_price_cents > self._budget_cents)
        worth_cents = self._worth_cents.get(order.product)
        if worth_cents is not None:  # a buyer that cannot say what it is worth has no surplus
            terms["surplus"] += (worth_cents - order.unit_price_cents) * order.quantity / 100

    def total(self, terms: Mapping[str, float]) -> float:
        """Return the reward: the terms times their weights."""
        return sum(weight * terms[name] for name, weight in self._weights.items())
