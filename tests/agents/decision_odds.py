"""What behavioral buyers make of offers, before the error is drawn: chances instead of outcomes.

The chance that an episode ends in a purchase is the logistic function of its utility, so averages
over seeds need far fewer of them than counting purchases would.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer
from retailsim.agents.retail.behavioral.choice import quantity
from retailsim.market.protocols.retail.requests import AnswerBuyer, AskSeller, ChooseTopics, Decide
from retailsim.market.protocols.retail.values import Offer, Turn
from tests.agents.behavioral_drive import MAX_TURNS, present

GRID = [(place + 0.5) / 40 for place in range(40)]
"""Draws over which the quantity is averaged."""


class Odds(NamedTuple):
    """One meeting of a seller and a buyer over an offer."""

    product: str
    seller: str
    buyer: str
    utility: float
    units: float

    @property
    def chance(self) -> float:
        """Probability that the buyer buys."""
        return 1.0 / (1.0 + math.exp(-self.utility))

    @property
    def demand(self) -> float:
        """Expected units."""
        return self.chance * self.units


async def _meet(seller: Any, buyer: BehavioralBuyer, offer: Offer, pitch: Any) -> Odds:
    unit = f"{offer.product.id}/{buyer.seat.key}/1"
    about: dict[str, Any] = {
        "episode": f"{unit}/{seller.seat.id}",
        "unit": unit,
        "offer": offer,
        "pitch": pitch,
    }
    about["topics"] = await buyer.topics(ChooseTopics(**about))
    said: tuple[Turn, ...] = ()
    for turn in range(1, MAX_TURNS + 1):
        text = await buyer.ask(AskSeller(**about, transcript=said, turn=turn))
        if text is None:
            break
        said = (*said, Turn("buyer", text))
        answer = await seller.answer(AnswerBuyer(**about, transcript=said, turn=turn))
        said = (*said, Turn("seller", answer))
    request = Decide(**about, transcript=said)
    utility = buyer._utility(request, buyer._course(request))
    who, parameters = buyer._who, buyer._parameters
    taken = [quantity(offer, draw, utility.price, who, parameters) for draw in GRID]
    return Odds(
        offer.product.id,
        seller.seat.id,
        buyer.seat.id,
        utility.total - parameters.choice.outside,
        sum(taken) / len(taken),
    )


def odds(sellers: Iterable[Any], buyers: Sequence[Any], offers: Iterable[Offer]) -> list[Odds]:
    """Let every seller meet every buyer over every offer: one pitch a (seller, offer)."""

    async def run() -> list[Odds]:
        found = []
        for seller in sellers:
            for offer in goods:
                pitch = await present(seller, offer)
                found += [await _meet(seller, buyer, offer, pitch) for buyer in buyers]
        return found

    goods = list(offers)
    return asyncio.run(run())
