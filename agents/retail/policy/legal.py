"""Which options a seller may choose where it is asked: by terms, by the table and by mask rules."""

from __future__ import annotations

from collections.abc import Iterable

from retailsim.agents.retail.policy.actions import (
    ANSWERS,
    ASK,
    OPTION_NAMES,
    PITCHES,
    SETTLEMENTS,
    Decision,
)
from retailsim.agents.retail.policy.wordings import sayable
from retailsim.market.protocols.retail.requests import AnswerBuyer, GiveSupport, PresentPitch


def legal(request: Decision) -> tuple[str, ...]:
    """Return the options that are legal where this is asked, in the order of `OPTION_NAMES`.

    Goods go back within the return window only, and a seller asks first in its first reply only.
    Of these, what the scenario does not offer is not legal; an issue that cannot be settled as
    offered is left.
    Options that a rule of level mask forbids now are not legal, nor those whose own words one
    forbids; where rules leave nothing, all stay.
    """
    options = _by_terms(request)
    if request.allowed is None:
        return options
    allowed = tuple(name for name in options if request.forbids(name) is None)
    return sayable(allowed or options, request.allowed.speech)


def _by_terms(request: Decision) -> tuple[str, ...]:
    match request:
        case PresentPitch():
            return _offered(request, PITCHES)
        case AnswerBuyer():
            return _offered(request, ANSWERS)
    order, policy = request.order, request.offer.policy
    settling = tuple(SETTLEMENTS)
    if not policy.in_window(order.delivered_day, order.issue_day):
        settling = settling[:1]
    settling = _offered(request, settling) or settling[:1]
    if isinstance(request, GiveSupport) and request.turn == 1 and not request.last_turn:
        return (*_offered(request, (ASK,)), *settling)
    return settling


def _offered(request: Decision, names: Iterable[str]) -> tuple[str, ...]:
    """Return those of some options that the scenario offers."""
    return tuple(name for name in names if not request.offered or name in request.offered)


def mask(request: Decision) -> list[int]:
    """Return 1 for each option that is legal, 0 for the others."""
    options = legal(request)
    return [int(name in options) for name in OPTION_NAMES]
