"""An episode between a seller and a buyer that ask a model, with answers from a script."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.common.scripted import ScriptedModel
from retailsim.agents.base import Seat
from retailsim.agents.persona import Persona
from retailsim.agents.retail.model.buyer import ModelBuyer
from retailsim.agents.retail.model.seller import ModelSeller
from retailsim.events.messages import ASPECTS, Role
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.core.return_policy import DEFAULT_POLICIES
from retailsim.market.core.shipping import ShippingRules
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    SettleIssue,
    WriteReview,
)
from retailsim.market.protocols.retail.values import (
    DIMENSIONS,
    Dimension,
    Offer,
    Order,
    Pitch,
    Review,
    Transcript,
    Turn,
)

ORDER = Order(
    id="ORD-1A2B3C4D",
    quantity=1,
    unit_price_cents=1_999,
    shipping_cents=100,
    ordered_day=1,
    expected_day=5,
    delivered_day=5,
    issue_day=6,
)
ISSUE = "damaged on arrival"
SELLER_PERSONA: Persona = {
    "assertiveness": "assertive",
    "friendliness": "friendly",
    "rationality": "rational",
}
BUYER_PERSONA: Persona = {
    "pickiness": "picky",
    "price_consciousness": "sensitive",
    "rationality": "rational",
}


def offer_of(product: Product) -> Offer:
    """Return a product's offer by the market's default rules."""
    return Offer(
        product=product,
        list_price_cents=product.price_cents,
        price_cents=product.price_cents,
        discount=0.0,
        shipping_cents=ShippingRules().fee_cents(product.price_cents),
        delivery_days=ShippingRules().delivery_days,
        policy=DEFAULT_POLICIES[product.category],
        date="2026-03-02",
    )


class Stage:
    """One market: a seller whose broadcast is seen by the buyers of `play`, one after another.

    Parameters
    ----------
    seller : ScriptedModel
        The seller's model.
    personas : bool
        Whether seller and buyers have one.
    options : mapping or None
        Options of all seats.
    dimensions : tuple of str
        Which of the strategy's dimensions the guidance asks for.
    """

    def __init__(
        self,
        product: Product,
        seller: ScriptedModel,
        *,
        personas: bool = True,
        options: Mapping[str, Any] | None = None,
        dimensions: tuple[Dimension, ...] = DIMENSIONS,
    ) -> None:
        self._dimensions = dimensions
        self._offer = offer_of(product)
        self._personas = personas
        self._options = options or {}
        self._seller = ModelSeller(self._seat("seller", SELLER_PERSONA, seller))
        self._shopper = seller
        self._pitch: Pitch | None = None
        self._reviews: dict[str, Review] = {}

    def play(
        self,
        episode: str,
        buyer: ScriptedModel,
        inquiry: int,
        support: int | None = None,
        reviews: dict[str, Review] | None = None,
    ) -> None:
        """Play one buyer's way.

        Parameters
        ----------
        inquiry : int
            Exchanges before the decision, at least 2: a first message does not close.
        support : int or None
            Exchanges after the purchase; None: nothing is bought.
        reviews : dict or None
            Takes the reviews by aspect, where something was bought.
        """
        self._reviews = {} if reviews is None else reviews
        asyncio.run(self._play(episode, buyer, inquiry, support))

    async def _play(
        self, episode: str, model: ScriptedModel, inquiry: int, support: int | None
    ) -> None:
        if self._pitch is None:
            self._pitch = await self._broadcast()
        self._shopper = model
        buyer = ModelBuyer(self._seat("buyer", BUYER_PERSONA, model))
        common: dict[str, Any] = {
            "episode": episode,
            "unit": "u",
            "offer": self._offer,
            "pitch": self._pitch,
        }
        topics = await buyer.topics(ChooseTopics(**common))
        said = await self._inquire(buyer, common | {"topics": topics}, inquiry)
        await buyer.decide(Decide(**common, topics=topics, transcript=said))
        if support is not None:
            await self._after(buyer, common | {"inquiry": said}, support)

    async def _broadcast(self) -> Pitch:
        plan = FormStrategy(unit="u", offer=self._offer, dimensions=self._dimensions)
        strategy = await self._seller.strategy(plan)
        request = PresentPitch(unit="u", offer=self._offer, strategy=strategy)
        return await self._seller.pitch(request)

    async def _inquire(self, buyer: ModelBuyer, common: dict[str, Any], turns: int) -> Transcript:
        said: Transcript = ()
        for turn in self._turns(turns):
            asked = await buyer.ask(AskSeller(**common, transcript=said, turn=turn))
            if asked is None:
                return said
            said = (*said, Turn("buyer", asked))
            answer = await self._seller.answer(AnswerBuyer(**common, transcript=said, turn=turn))
            said = (*said, Turn("seller", answer))
        assert await buyer.ask(AskSeller(**common, transcript=said, turn=turns + 1)) is None
        return said

    async def _after(self, buyer: ModelBuyer, common: dict[str, Any], turns: int) -> None:
        common |= {"order": ORDER, "issue": ISSUE}
        said: Transcript = ()
        for turn in self._turns(turns):
            complaint = Complain(**common, transcript=said, turn=turn, proposed=None)
            said = (*said, Turn("buyer", str(await buyer.complain(complaint))))
            request = GiveSupport(**common, transcript=said, turn=turn, last_turn=False)
            said = (*said, Turn("seller", (await self._seller.support(request)).text))
        last = Complain(**common, transcript=said, turn=turns + 1, proposed=None)
        assert await buyer.complain(last) is None
        known = {name: common[name] for name in ("episode", "unit", "offer", "order", "issue")}
        await self._seller.settle(SettleIssue(**known, transcript=said))
        seen = common | {"support": said, "outcome": "exchanged"}
        for aspect in ASPECTS:
            self._reviews[aspect] = await buyer.review(WriteReview(**seen, aspect=aspect))

    def _turns(self, count: int) -> Iterator[int]:
        for turn in range(1, count + 1):
            self._shopper.closes = turn == count
            yield turn

    def _seat(self, role: Role, persona: Persona, model: ScriptedModel) -> Seat:
        return Seat(
            id="s",
            role=role,
            seed=Seed(1),
            persona=persona if self._personas else None,
            options=self._options,
            model=model,
        )
