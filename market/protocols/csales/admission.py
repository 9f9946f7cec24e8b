"""What an agent may answer to which request of a sales conversation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from retailsim.events.messages import Message, MessageSent
from retailsim.market.core.admission import Admission, bad_text
from retailsim.market.protocols.csales.events import ActionChosen, ProfileInferred
from retailsim.market.protocols.csales.requests import (
    BuyerRequest,
    BuyItem,
    LeaveConversation,
    OpenConversation,
    PlanCategory,
    PlanTurn,
    RespondToSeller,
    SelectItem,
    SellerRequest,
    ShowItems,
    SpeakTurn,
    StateWorth,
)
from retailsim.market.protocols.csales.values import option_name

_MOST_ITEMS = 100


def _problem(request: SellerRequest | BuyerRequest, reply: Message) -> str | None:
    match reply:
        case MessageSent():
            return _bad_message(request, reply)
        case ActionChosen():
            return _bad_action(request, reply)
        case ProfileInferred():
            return None if reply.turn == request.turn else f"turn {reply.turn}, not {request.turn}"
        case ShowItems():
            return _bad_items(reply.products)
        case _:
            return None


def _bad_message(request: SellerRequest | BuyerRequest, reply: MessageSent) -> str | None:
    role = "seller" if isinstance(request, SellerRequest) else "buyer"
    if (reply.stage, reply.role, reply.turn) != ("sales", role, request.turn):
        return f"stage {reply.stage}, role {reply.role}, turn {reply.turn}: not what was asked"
    return bad_text(reply.text)


def _bad_action(request: SellerRequest | BuyerRequest, reply: ActionChosen) -> str | None:
    if isinstance(request, PlanTurn) and reply.action not in request.actions:
        return f"action {reply.action}; allowed now: {', '.join(request.actions)}"
    if (reply.strategy is not None) != (reply.action == "Persuasion"):
        return f"action {reply.action} with strategy {reply.strategy}"
    return _bad_choice(reply)


def _bad_choice(reply: ActionChosen) -> str | None:
    """What is logged of a choice has to be what it was chosen from, or nobody can learn from it."""
    name, chances = option_name(reply.action, reply.strategy), reply.probabilities
    if reply.options and reply.options.count(name) != 1:
        return f"{name}: not once among its options {', '.join(reply.options)}"
    if chances is None:
        return None
    if len(chances) != len(reply.options) or not chances:
        return f"{len(chances)} probabilities for {len(reply.options)} options"
    if min(chances) < 0.0 or not math.isclose(math.fsum(chances), 1.0, abs_tol=1e-6):
        return "probabilities that do not sum to 1"
    if chances[reply.options.index(name)] == 0.0:
        return f"{name}: chosen with probability 0"
    return None


def _bad_items(products: tuple[str, ...]) -> str | None:
    if len(set(products)) < len(products) or len(products) > _MOST_ITEMS:
        return f"{len(products)} items, some of them twice, or more than {_MOST_ITEMS}"
    return None


ADMISSIONS: Mapping[type[Message], Admission] = MappingProxyType(
    {
        OpenConversation: Admission((MessageSent,), _problem),
        PlanTurn: Admission((ActionChosen,), _problem, (ProfileInferred, PlanCategory)),
        SpeakTurn: Admission((MessageSent,), _problem, (ShowItems,)),
        RespondToSeller: Admission(
            (MessageSent,),
            _problem,
            (StateWorth, SelectItem, BuyItem, LeaveConversation),
        ),
    }
)
"""Request -> what answers it."""
