"""Plays episodes by calling two agents directly: no kernel, no log, the market in a few lines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from retailsim.agents.base import Seat
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer
from retailsim.agents.retail.behavioral.seller import BehavioralSeller
from retailsim.events.messages import ASPECTS, MessageSent, Outcome
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import CATEGORIES, Product
from retailsim.market.core.issues import IssueRules
from retailsim.market.core.return_policy import DEFAULT_POLICIES
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    WriteReview,
)
from retailsim.market.protocols.retail.values import (
    DIMENSIONS,
    Decision,
    Offer,
    Order,
    Pitch,
    Review,
    Settlement,
    Topics,
    Turn,
)

MAX_TURNS = 5
_LEAVES = {"Food": "Snacks", "Fashion": "Jackets", "Home": "Lamps", "Electronics": "Headphones"}
_MATERIALS = ("Steel", "Cotton", "Oak wood", "Recycled polyester", "Ceramic")


class Played(NamedTuple):
    """One episode: what was said and what came out."""

    product: Product
    pitch: Pitch
    inquiry: tuple[Turn, ...]
    decision: Decision
    issue: str | None
    support: tuple[Turn, ...]
    settlement: Settlement | None
    reviews: Mapping[str, Review]

    @property
    def outcome(self) -> Outcome | None:
        return self.settlement.outcome if self.settlement else None


def make_product(number: int, **changes: Any) -> Product:
    """Return a full product sheet, different for each number."""
    category = CATEGORIES[number % 4]
    fields: dict[str, Any] = {
        "id": f"P{number:05d}",
        "title": f"Brand{number % 17} {_LEAVES[category]} Model {number}, Everyday Edition",
        "price_cents": 999 + (number * 7919) % 12_000,
        "category": category,
        "path": (category, _LEAVES[category]),
        "brand": f"Brand{number % 17}",
        "features": (
            f"Comes as a set of {2 + number % 5} pieces",
            "Easy to clean with a damp cloth",
            f"Weighs {120 + number % 800} grams in the packaging",
        ),
        "description": "Designed for everyday use at home and on the road. Stored flat in seconds.",
        "details": {
            "Material": _MATERIALS[number % 5],
            "Item Dimensions": f"{5 + number % 20} x {7 + number % 9} inches",
            "Color": ("Black", "Sand", "Forest green")[number % 3],
        },
    }
    return Product(**{**fields, **changes})


def make_offer(product: Product, multiplier: float = 1.0, date: str = "2025-11-10") -> Offer:
    """Return an offer at a multiple of the list price, with the market's usual terms."""
    return Offer(
        product=product,
        list_price_cents=product.price_cents,
        price_cents=round(product.price_cents * multiplier),
        discount=0.0,
        shipping_cents=min(800, round(product.price_cents * 0.05)),
        delivery_days=(1, 7),
        policy=DEFAULT_POLICIES[product.category],
        date=date,
    )


def make_seller(seed: int = 1, id: str = "s", **seat: Any) -> BehavioralSeller:  # noqa: A002
    return BehavioralSeller(Seat(id=id, role="seller", seed=Seed(seed), **seat))


def make_buyer(seed: int = 1, id: str = "b", **seat: Any) -> BehavioralBuyer:  # noqa: A002
    return BehavioralBuyer(Seat(id=id, role="buyer", seed=Seed(seed), **seat))


async def present(seller: Any, offer: Offer, dimensions: Sequence[Any] = DIMENSIONS) -> Pitch:
    """Return the seller's pitch."""
    unit = f"{offer.product.id}/{seller.seat.id}"
    plan = FormStrategy(unit=unit, offer=offer, dimensions=tuple(dimensions))
    strategy = await seller.strategy(plan)
    pitch: Pitch = await seller.pitch(PresentPitch(unit=unit, offer=offer, strategy=strategy))
    return pitch


async def episode(
    seller: Any, buyer: Any, offer: Offer, pitch: Pitch, rules: IssueRules, replication: int = 0
) -> Played:
    """Play one episode from the topics to the reviews."""
    product = offer.product
    unit = f"{product.id}/{seller.seat.id}/{buyer.seat.id}/{replication}"
    about: dict[str, Any] = {"episode": unit, "unit": unit, "offer": offer, "pitch": pitch}
    topics = await buyer.topics(ChooseTopics(**about))
    inquiry = await _inquiry(seller, buyer, {**about, "topics": topics})
    decision = await buyer.decide(Decide(**about, topics=topics, transcript=inquiry))
    order, issue, settlement = None, None, None
    support: tuple[Turn, ...] = ()
    if decision.will_purchase:
        order = _order(offer, decision)
        assigned = rules.assigned(buyer.seat.seed, product.id)
        draws = buyer.seat.seed.stream("market/issue-arising", unit)
        issue = rules.arising(assigned, len(pitch.unsupported), draws)
    if order is not None and issue is not None:
        about["inquiry"], about["order"], about["issue"] = inquiry, order, issue
        support, settlement = await _support(seller, buyer, about)
    reviews: dict[str, Review] = {}
    for aspect in ASPECTS:
        if (order is None and aspect in ("post_inquiry", "product")) or (
            aspect == "post_inquiry" and issue is None
        ):
            continue
        request = WriteReview(
            episode=unit,
            unit=unit,
            offer=offer,
            aspect=aspect,
            pitch=pitch,
            inquiry=inquiry,
            order=order,
            issue=issue,
            support=support,
            outcome=settlement.outcome if settlement else None,
        )
        reviews[aspect] = await buyer.review(request)
    return Played(product, pitch, inquiry, decision, issue, support, settlement, reviews)


async def _inquiry(seller: Any, buyer: Any, about: dict[str, Any]) -> tuple[Turn, ...]:
    said: tuple[Turn, ...] = ()
    for turn in range(1, MAX_TURNS + 1):
        text = await buyer.ask(AskSeller(**about, transcript=said, turn=turn))
        if text is None:
            break
        said = (*said, Turn("buyer", text))
        answer = await seller.answer(AnswerBuyer(**about, transcript=said, turn=turn))
        said = (*said, Turn("seller", answer))
    return said


async def _support(
    seller: Any, buyer: Any, about: dict[str, Any]
) -> tuple[tuple[Turn, ...], Settlement | None]:
    said: tuple[Turn, ...] = ()
    proposed: Settlement | None = None
    for turn in range(1, MAX_TURNS + 1):
        text = await buyer.complain(
            Complain(**about, transcript=said, turn=turn, proposed=proposed)
        )
        if text is None:
            break
        said = (*said, Turn("buyer", text))
        last = turn == MAX_TURNS
        request = GiveSupport(**about, transcript=said, turn=turn, last_turn=last)
        reply = await seller.support(request)
        said = (*said, Turn("seller", reply.text))
        proposed = reply.proposal or proposed
    return said, proposed


def _order(offer: Offer, decision: Decision) -> Order:
    return Order(
        id=f"ORD-{offer.product.id}",
        quantity=decision.quantity,
        unit_price_cents=offer.price_cents,
        shipping_cents=offer.shipping_cents,
        ordered_day=1,
        expected_day=5,
        delivered_day=5,
        issue_day=7,
    )


def drive(
    sellers: Iterable[Any],
    buyers: Sequence[Any],
    products: Iterable[Product],
    *,
    multiplier: float = 1.0,
    rules: IssueRules | None = None,
    dimensions: Sequence[Any] = DIMENSIONS,
) -> list[Played]:
    """Play every seller with every buyer on every product: one pitch a (seller, product)."""

    async def run() -> list[Played]:
        played = []
        for seller in sellers:
            for product in goods:
                offer = make_offer(product, multiplier)
                pitch = await present(seller, offer, dimensions)
                for buyer in buyers:
                    played.append(await episode(seller, buyer, offer, pitch, rules or IssueRules()))
        return played

    goods = list(products)
    return asyncio.run(run())


def rate(played: Sequence[Played]) -> float:
    """Return the share of episodes with an order."""
    return sum(one.decision.will_purchase for one in played) / len(played)


def refund_rate(played: Sequence[Played]) -> float:
    """Return units refunded per unit sold."""
    sold = sum(one.decision.quantity for one in played)
    return sum(one.settlement.refund_quantity for one in played if one.settlement) / sold


def texts(played: Iterable[Played]) -> Iterator[str]:
    """Every text of the episodes."""
    for one in played:
        yield one.pitch.text
        yield from (turn.text for turn in (*one.inquiry, *one.support))
        yield one.decision.reason
        yield from (review.text for review in one.reviews.values())


__all__ = [
    "MAX_TURNS",
    "MessageSent",
    "Played",
    "Topics",
    "drive",
    "episode",
    "make_buyer",
    "make_offer",
    "make_product",
    "make_seller",
    "present",
    "rate",
    "refund_rate",
    "texts",
]
