"""An episode between a seller and a buyer that ask a model, with answers from a script.

Nobody is asked: the model's place is taken by fixed answers of the length that real ones have.
What is real are the agents, their prompts and the bytes that would have been sent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

import msgspec

from agents.base import Seat
from agents.llm.buyer import ModelBuyer
from agents.llm.capabilities import abilities
from agents.llm.lane import Lane
from agents.llm.prefix import PrefixMeter, Sent
from agents.llm.seller import ModelSeller
from agents.llm.types import Call, ModelConfig
from agents.persona import Persona
from events.messages import ASPECTS, Message, ModelCalled, Role
from events.streams import Seed
from market.policy import DEFAULT_POLICIES
from market.product import Product
from market.retail.requests import (
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
from market.retail.values import (
    DIMENSIONS,
    SECTIONS,
    TOPICS,
    Offer,
    Order,
    Pitch,
    Transcript,
    Turn,
)
from market.shipping import ShippingRules

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
VOCABULARY = """
this one holds what the sheet promises and nothing beyond it because people who use it every single
morning notice quickly whether something works or merely looks good while standing on a shelf so let
me say plainly what you get for your money and where other offers are better
"""
ASIDE = 12
"""Words of short answers: reasons, resolutions."""


class Lengths(msgspec.Struct, frozen=True, kw_only=True):
    """Words of the answers; by default as long as published and asked-for ones are.

    Parameters
    ----------
    dimension, section : int
        One of the strategy's four dimensions, and of the pitch's five sections.
    question, answer : int
        One message of the buyer's, of the seller's.
    reason, review : int
        The reason of a decision; one review.
    """

    dimension: int = 45
    section: int = 85
    question: int = 42
    answer: int = 77
    reason: int = 45
    review: int = 30


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it would be sent."""

    stage: str
    role: Role
    episode: str | None
    body: bytes
    sent: Sent


def words(count: int, *about: object) -> str:
    """Return `count` words that begin with what they are about, so that no two texts are alike."""
    begin = " ".join(map(str, about)).split()
    said = [*begin, *islice(cycle(VOCABULARY.split()), count - len(begin))]
    return f"{' '.join(said).capitalize()}."


class ScriptedModel:
    """Answers by rote, and keeps what it would have been sent.

    Parameters
    ----------
    config : ModelConfig
        Its provider decides how a request looks.
    meter : PrefixMeter or None
        One that has seen earlier episodes; None: nothing was sent before.
    name : str
        Whose cache the requests meet.
    """

    def __init__(
        self,
        config: ModelConfig,
        lengths: Lengths | None = None,
        meter: PrefixMeter | None = None,
        name: str = "model",
    ) -> None:
        self.in_prompt = abilities(config).schema == "prompt"
        self.samples: list[Sample] = []
        self.closes = False
        self._about: tuple[object, ...] = ()
        self._lane = Lane(name, config, {})
        self._lengths = lengths or Lengths()
        self._meter = PrefixMeter() if meter is None else meter

    async def ask(
        self, request: Any, source: str, *, stage: str, role: str, call: Any
    ) -> ModelCalled:
        """Answer with the reply that belongs to the stage."""
        self._keep(request, stage, role, call)
        self._about = (request.offer.product.id, request.episode or "", len(self.samples))
        answer = json.dumps({"reply": {"kind": stage, **self._reply(stage)}})
        return ModelCalled(
            market=request.market,
            episode=request.episode,
            t=request.t,
            source=source,
            call=len(self.samples),
            stage=stage,
            role=role,
            model=self._lane.name,
            prompt_version="",
            request_sha256="",
            answer=answer,
            finish="stop",
            input_tokens=0,
            cached_tokens=0,
            output_tokens=0,
            reasoning_tokens=0,
            cost_nanousd=None,
        )

    def _keep(self, request: Message, stage: str, role: str, call: Call) -> None:
        body = self._lane.body(call)
        name = stage
        if stage in ("message", "answer"):
            after = isinstance(request, Complain | GiveSupport)
            name = f"{stage}, {'support' if after else 'inquiry'}"
        sample = Sample(
            stage=name,
            role="seller" if role == "seller" else "buyer",
            episode=request.episode,
            body=body,
            sent=self._meter.send(self._lane.name, body),
        )
        self.samples.append(sample)

    def _words(self, count: int, topic: str) -> str:
        return words(count, topic, *self._about)

    def _reply(self, stage: str) -> dict[str, Any]:
        say = self._lengths
        match stage:
            case "strategy":
                return {name: self._words(say.dimension, name) for name in DIMENSIONS}
            case "pitch":
                return {name: self._words(say.section, name) for name in SECTIONS}
            case "answer":
                return {"text": self._words(say.answer, "answer")}
            case "message":
                return self._message()
            case "topics":
                text = self._words(say.question, "question")
                return {"topics": TOPICS[:2], "reason": self._words(ASIDE, "why"), "text": text}
            case "decision":
                return self._decision()
            case "settlement":
                return self._settlement()
            case _:
                return {"reviews": [self._review(aspect) for aspect in ASPECTS]}

    def _message(self) -> dict[str, Any]:
        return {"text": self._words(self._lengths.question, "question"), "closes": self.closes}

    def _decision(self) -> dict[str, Any]:
        return {
            "will_purchase": True,
            "quantity": 1,
            "quantity_reason": self._words(ASIDE, "one"),
            "sentiment": "Positive",
            "reason": self._words(self._lengths.reason, "decision"),
        }

    def _review(self, aspect: str) -> dict[str, Any]:
        text = self._words(self._lengths.review, aspect)
        recommends = True if aspect == "product" else None
        return {"aspect": aspect, "rating": 4, "text": text, "would_recommend": recommends}

    def _settlement(self) -> dict[str, Any]:
        return {
            "outcome": "exchanged",
            "resolution": self._words(ASIDE // 2, "replacement"),
            "reason": self._words(ASIDE, "agreed"),
            "refund_quantity": 0,
            "refund_shipping": False,
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
    """One market: a seller whose broadcast is seen by the buyers of `play`, one after another."""

    def __init__(
        self,
        product: Product,
        seller: ScriptedModel,
        *,
        personas: bool = True,
        options: dict[str, Any] | None = None,
    ) -> None:
        self._offer = offer_of(product)
        self._personas = personas
        self._options = options or {}
        self._seller = ModelSeller(self._seat("seller", SELLER_PERSONA, seller))
        self._shopper = seller
        self._pitch: Pitch | None = None

    def play(
        self, episode: str, buyer: ScriptedModel, inquiry: int, support: int | None = None
    ) -> None:
        """Play one buyer's way.

        Parameters
        ----------
        inquiry : int
            Exchanges before the decision.
        support : int or None
            Exchanges after the purchase; None: nothing is bought.
        """
        asyncio.run(self._play(episode, buyer, inquiry, support))

    async def _play(
        self, episode: str, model: ScriptedModel, inquiry: int, support: int | None
    ) -> None:
        if self._pitch is None:
            self._pitch = await self._broadcast()
        self._shopper = model
        buyer = ModelBuyer(self._seat("buyer", BUYER_PERSONA, model))
        common = {"episode": episode, "unit": "u", "offer": self._offer, "pitch": self._pitch}
        topics = await buyer.topics(ChooseTopics(**common))
        said = await self._inquire(buyer, common | {"topics": topics}, inquiry)
        await buyer.decide(Decide(**common, topics=topics, transcript=said))
        if support is not None:
            await self._after(buyer, common | {"inquiry": said}, support)

    async def _broadcast(self) -> Pitch:
        plan = FormStrategy(unit="u", offer=self._offer, dimensions=DIMENSIONS)
        strategy = await self._seller.strategy(plan)
        request = PresentPitch(unit="u", offer=self._offer, strategy=strategy)
        return await self._seller.pitch(request)

    async def _inquire(self, buyer: ModelBuyer, common: dict[str, Any], turns: int) -> Transcript:
        said: Transcript = ()
        for turn in self._turns(turns):
            asked = await buyer.ask(AskSeller(**common, transcript=said, turn=turn))
            said = (*said, Turn("buyer", str(asked)))
            answer = await self._seller.answer(AnswerBuyer(**common, transcript=said, turn=turn))
            said = (*said, Turn("seller", answer))
        assert await buyer.ask(AskSeller(**common, transcript=said, turn=turns + 1)) is None
        return said

    async def _after(self, buyer: ModelBuyer, common: dict[str, Any], turns: int) -> None:
        common |= {"order": ORDER, "issue": ISSUE}
        said: Transcript = ()
        for turn in self._turns(turns):
            complaint = Complain(**common, transcript=said, turn=turn, offered=None)
            said = (*said, Turn("buyer", str(await buyer.complain(complaint))))
            request = GiveSupport(**common, transcript=said, turn=turn, last_turn=False)
            said = (*said, Turn("seller", (await self._seller.support(request)).text))
        last = Complain(**common, transcript=said, turn=turns + 1, offered=None)
        assert await buyer.complain(last) is None
        known = {name: common[name] for name in ("episode", "unit", "offer", "order", "issue")}
        await self._seller.settle(SettleIssue(**known, transcript=said))
        seen = common | {"support": said, "outcome": "exchanged"}
        for aspect in ASPECTS:
            await buyer.review(WriteReview(**seen, aspect=aspect))

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
