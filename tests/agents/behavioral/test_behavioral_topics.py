"""Which topics behavioral buyers ask about, and what makes them bargain."""

from __future__ import annotations

import asyncio
from collections import Counter

from retailsim.market.protocols.retail.requests import ChooseTopics
from retailsim.market.protocols.retail.values import Pitch
from tests.agents.behavioral_drive import make_buyer, make_offer, make_product

UNITS = 400
MONEY = {"price/discount", "shipping"}


def topics(**options: float) -> Counter[str]:
    """The topics that one buyer chooses over many episodes, by how often it chooses each."""
    buyer = make_buyer(options=options)
    offer, pitch = make_offer(make_product(1)), Pitch(sections={})

    async def chosen() -> Counter[str]:
        found: Counter[str] = Counter()
        for unit in range(UNITS):
            about = ChooseTopics(episode=f"e{unit}", unit=f"u{unit}", offer=offer, pitch=pitch)
            found.update((await buyer.topics(about)).topics)
        return found

    return asyncio.run(chosen())


def test_a_buyer_that_never_bargains_asks_neither_for_the_price_nor_for_shipping() -> None:
    found = topics(bargaining=0.0)
    assert set(found) == {"product specifications", "product comparison"}


def test_a_buyer_that_bargains_asks_more_often_for_the_price_and_for_shipping() -> None:
    less, more = topics(bargaining=1.0), topics(bargaining=4.0)
    assert all(more[topic] > less[topic] > 0 for topic in MONEY)
    assert all(more[topic] < less[topic] for topic in set(less) - MONEY)
