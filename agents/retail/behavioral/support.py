"""A seller's words in support: what it makes of the complaint, and what it proposes."""

from __future__ import annotations

from retailsim.agents.retail.behavioral.terms import terms_of
from retailsim.agents.retail.behavioral.voice import Voice
from retailsim.market.core.money import dollars
from retailsim.market.protocols.retail.requests import GiveSupport
from retailsim.market.protocols.retail.values import Settlement

ENQUIRIES: tuple[str, ...] = (
    "I have order {order} of the {name} open in front of me. So that I can settle this properly,"
    " please tell me in a sentence what exactly you found when you opened the parcel, and whether"
    " the packaging and the accessories are complete. I will come back with a proposal straight"
    " after that.",
    "I have noted the matter for order {order}, the {name}. Please tell me whether it is"
    " {condition}, and what you would consider a fair way out; the next message from me will"
    " contain a proposal.",
)
EXCHANGED: tuple[str, ...] = (
    "For order {order} I offer an exchange: a replacement for the {name} goes out to you, and"
    " {payer} for the way back. A prepaid label comes by mail where we pay; please use the"
    " original packaging, and the replacement needs about {days}.",
    "We replace the {name} from order {order}. Please put it back {condition}; {payer} for the"
    " return, and the replacement takes {days} once it has left us.",
)
REFUNDED: tuple[str, ...] = (
    "For order {order} I offer a refund of {amount} for the {name}. Please send it back"
    " {condition}; {payer} for the return, and the money goes back the way it was paid.",
    "You get {amount} back for the {name} from order {order}. It should come back {condition};"
    " {payer} for the way back, and the refund follows as soon as it is here.",
)
DELAYED: tuple[str, ...] = (
    "Order {order} with the {name} has left us and is on its way; day {expected} after the"
    " broadcast was only an estimate. It will be delivered, and the order stands; should you no"
    " longer want it then, you have {returns} to return it.",
    "The {name} from order {order} is with the carrier and will arrive; I cannot speed it up from"
    " here. Once it is there, you can still return it: {returns} are yours for that.",
)
DENIED: tuple[str, ...] = (
    "I have looked at order {order} again. The rule for the {name} is {returns}, {condition};"
    " on that basis I cannot take it back, and the order stays as it is.",
    "For the {name} from order {order} I cannot offer a return or a refund: it would have to be"
    " {condition} and within {returns}. The order stays as it is.",
)
REPEATED: tuple[str, ...] = (
    "What I offered for order {order} stands: {resolution} for the {name}. You will get a"
    " confirmation by mail with the next steps, and you can answer there if anything is unclear.",
    "Yes, it stays as agreed for order {order}: {resolution} for the {name}. Everything about the"
    " way back and the timing, usually {days}, is in the mail you will get.",
)


def support_text(
    voice: Voice, request: GiveSupport, proposed: Settlement | None, again: bool, word: int
) -> str:
    """Return the seller's reply; a settlement proposed in it is stated in words.

    Parameters
    ----------
    proposed : Settlement or None
        The settlement that goes with the reply.
    again : bool
        Whether it has been proposed before.
    word : int
        32 random bits that choose among equivalent wordings.
    """
    order, terms = request.order, terms_of(request.offer)
    buyer_pays = request.issue in request.offer.policy.buyer_pays
    refunded = proposed is not None and proposed.outcome == "refunded"
    body = _table(request, proposed, again)[((word >> 8) + request.turn) % 2].format(
        order=order.id,
        name=terms.sheet.name,
        condition=terms.condition,
        days=terms.days,
        returns=terms.returns,
        expected=order.expected_day,
        amount=dollars(order.goods_cents) if refunded else "",
        payer="you pay" if buyer_pays else "we pay",
        resolution=proposed.resolution if proposed else "",
    )
    opener = (voice.support_openers if request.turn == 1 else voice.support_again)[word % 2]
    closer = voice.support_closers[(word >> 16) % 2]
    return f"{opener} {body} {closer}"


def _table(request: GiveSupport, proposed: Settlement | None, again: bool) -> tuple[str, ...]:
    if proposed is None:
        return ENQUIRIES
    if again and proposed.outcome != "delivered":
        return REPEATED
    if proposed.outcome == "exchanged":
        return EXCHANGED
    if proposed.outcome == "refunded":
        return REFUNDED
    return DELAYED if request.issue == "shipping delay" else DENIED
