"""How a seller settles an issue: what it means to propose, and when it gives in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from retailsim.agents.retail.behavioral.parameters import Manner, SellerParameters
from retailsim.agents.retail.behavioral.text_features import INSISTENT, holds
from retailsim.events.messages import Outcome
from retailsim.market.protocols.retail.requests import GiveSupport, SettleIssue
from retailsim.market.protocols.retail.values import Settlement, Transcript

OUTCOMES: tuple[Outcome, ...] = ("delivered", "exchanged", "refunded")

_RESOLUTIONS: dict[str, str] = {
    "delivered": "kept as it is",
    "exchanged": "replacement sent",
    "refunded": "full refund",
}


class Leanings(NamedTuple):
    """One episode's draws for settling: uniforms in (0, 1)."""

    outcome: float
    concession: float
    timing: float


def proposes_now(request: GiveSupport, manner: Manner, leanings: Leanings) -> bool:
    """Return whether the seller proposes a settlement in this turn: at once, or in the second."""
    return request.turn > 1 or request.last_turn or leanings.timing < manner.at_once


def proposed_before(
    request: GiveSupport, parameters: SellerParameters, manner: Manner, leanings: Leanings
) -> bool:
    """Return whether an earlier reply of this dialogue proposed the settlement that stands now."""
    if request.turn == 1 or (request.turn == 2 and leanings.timing >= manner.at_once):
        return False
    meant = _meant(parameters, manner, request.issue, leanings.outcome)
    insisted_before = _insisted(request.transcript[:-2])
    if meant == "exchanged" and leanings.concession < manner.concession:
        return insisted_before or not _insisted(request.transcript)
    return meant != "delivered" or insisted_before


def settled(
    request: GiveSupport | SettleIssue,
    parameters: SellerParameters,
    manner: Manner,
    leanings: Leanings,
) -> Settlement:
    """Return the settlement that stands at this point of the dialogue.

    Outside the return window nothing goes back. Within it, the outcome is drawn by issue; a
    seller that meant to leave things as they are, or to exchange them, may give in to a buyer who
    insists.
    """
    late = too_late(request)
    if late is not None:
        return late
    issue = request.issue
    outcome = _meant(parameters, manner, issue, leanings.outcome)
    gives_in = leanings.concession < manner.concession and _insisted(request.transcript)
    if outcome == "exchanged" and gives_in:
        outcome = "refunded"
    elif outcome == "delivered" and gives_in:
        exchanges = issue in ("damaged on arrival", "wrong item received")
        outcome = "exchanged" if exchanges else "refunded"
    return agreed(request, outcome)


def too_late(request: GiveSupport | SettleIssue) -> Settlement | None:
    """Return how an issue is settled whose return window has passed; None while it is open."""
    order, policy = request.order, request.offer.policy
    if policy.in_window(order.delivered_day, order.issue_day):
        return None
    reason = f"The return window of {policy.window_days} days has passed."
    return Settlement(outcome="delivered", resolution="outside the window", reason=reason)


def agreed(request: GiveSupport | SettleIssue, outcome: Outcome) -> Settlement:
    """Return the settlement of an open issue with this outcome; a refund is of all units."""
    issue = request.issue
    if outcome == "delivered":
        return _left(issue)
    seller_fault = issue not in request.offer.policy.buyer_pays
    return _given(issue, outcome, request.order.quantity, seller_fault=seller_fault)


def _meant(parameters: SellerParameters, manner: Manner, issue: str, draw: float) -> Outcome:
    table: Mapping[Any, tuple[float, float, float]] = parameters.settlements
    shares = table.get(issue) or table["other"]
    target = draw * sum(shares)
    if target < shares[0]:
        return "delivered"
    exchanged = shares[1] + manner.replacement * shares[2]
    return "exchanged" if target < shares[0] + exchanged else "refunded"


def _insisted(transcript: Transcript) -> bool:
    for turn in transcript:  # noqa: SIM110 - a generator costs more than what it asks for
        if turn.role == "buyer" and _insists(turn.text):
            return True
    return False


@lru_cache(maxsize=1024)
def _insists(text: str) -> bool:
    """Whether a message insists; each is looked at in every later turn of its dialogue."""
    return holds(INSISTENT, text.lower())


def _left(issue: str) -> Settlement:
    if issue == "shipping delay":
        return Settlement(
            outcome="delivered",
            resolution="delivery confirmed",
            reason="The parcel is on its way and will arrive; the order stands.",
        )
    return Settlement(
        outcome="delivered",
        resolution="refund denied",
        reason=f"The seller did not take the product back for {issue}.",
    )


def _given(issue: str, outcome: Outcome, quantity: int, *, seller_fault: bool) -> Settlement:
    refunded = outcome == "refunded"
    return Settlement(
        outcome=outcome,
        resolution=_RESOLUTIONS[outcome],
        reason=f"The seller agreed to this because of {issue}.",
        refund_quantity=quantity if refunded else 0,
        refund_shipping=refunded and seller_fault,
    )
