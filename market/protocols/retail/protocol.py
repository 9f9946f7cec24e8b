"""The retail protocol: who may say what when, as a state machine without I/O.

A market is one seller presenting one product to some buyers. The seller plans and pitches once;
then each buyer's episode walks through inquiry, decision, support and reviews on its own. At any
time an episode waits for exactly one agent, so a late or failing agent can only hold up its own
episode. The rules take a message and return messages; time, order and delivery are the kernel's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from retailsim.events.kernel import Outgoing, Post
from retailsim.events.messages import (
    DecisionMade,
    EpisodeClosed,
    EpisodeFailed,
    EpisodeOpened,
    Event,
    MarketClosed,
    MarketFailed,
    MarketOpened,
    Message,
    MessageSent,
    PitchPresented,
    ReviewPosted,
    StrategyFormed,
    TopicsChosen,
)
from retailsim.events.streams import Seed
from retailsim.market.core.durations import BROADCAST_US, PLANNING_US
from retailsim.market.core.failure_reason import reason_of, rejections
from retailsim.market.core.ledger import Ledger
from retailsim.market.core.participants import Buying
from retailsim.market.core.request import stage_of
from retailsim.market.errors import UnexpectedMessage
from retailsim.market.protocols.retail.episode import Episode
from retailsim.market.protocols.retail.fulfilment import MarketContext
from retailsim.market.protocols.retail.requests import (
    ChooseTopics,
    EndDialogue,
    FormStrategy,
    PresentPitch,
    ProposeSettlement,
)
from retailsim.market.protocols.retail.spec import MarketSpec, RetailRules
from retailsim.market.protocols.retail.values import DIMENSIONS, Dimension, Offer, Pitch, Strategy


def dimensions(seed: Seed, product: str, guidance: float) -> tuple[Dimension, ...]:
    """The strategy dimensions a guidance of 0 to 1 gives: a seeded subset per product, nested."""
    order = seed.stream("market/guidance", product).sample(DIMENSIONS, len(DIMENSIONS))
    chosen = set(order[: int(guidance * len(DIMENSIONS) + 0.5)])
    return tuple(dimension for dimension in DIMENSIONS if dimension in chosen)


class RetailMarket:
    """The rules of one market; `handle` is registered with the kernel under ``market``.

    Parameters
    ----------
    spec : MarketSpec
    rules : RetailRules
    seed : Seed
        Streams used: ``market/issue``, ``market/guidance`` by product; ``market/fulfilment``
        by episode.
    """

    def __init__(self, spec: MarketSpec, rules: RetailRules, seed: Seed) -> None:
        self.spec = spec
        self.ledger = Ledger()
        self.finished = False
        self._seed = seed
        self._rules = rules
        self._offer = offer_of(spec, rules)
        self._seller = f"seller:{spec.seller.id}"
        self._open = len(spec.episodes)
        context = MarketContext(
            spec=spec, rules=rules, seed=seed, offer=self._offer, ledger=self.ledger
        )
        self._episodes = {buying.episode: Episode(buying, context) for buying in spec.episodes}

    def open(self) -> Outgoing:
        """The market's first messages."""
        request = FormStrategy(
            unit=self.spec.unit,
            offer=self._offer,
            dimensions=dimensions(self._seed, self.spec.product.id, self._rules.guidance),
        )
        opened = [_opened(self.spec, episode.buying) for episode in self._episodes.values()]
        return [
            Post(MarketOpened()),
            *(Post(event) for event in opened),
            Post(request, self._seller, 0, 1),
        ]

    def handle(self, message: Message) -> Outgoing:
        """Answer one message of an agent."""
        if message.episode is None:
            return self._shared(message)
        episode = self._episodes[message.episode]
        step = None if episode.ended else _STEPS.get(type(message))
        if step is None:
            raise UnexpectedMessage(type(message).__name__, message.source)
        posts = step(episode, message)
        if not episode.ended:
            return posts
        return self._end([*posts, Post(EpisodeClosed(episode=episode.id))])

    def _shared(self, message: Message) -> Outgoing:
        match message:
            case StrategyFormed():
                request = PresentPitch(
                    unit=self.spec.unit, offer=self._offer, strategy=_strategy(message)
                )
                return [Post(request, self._seller, PLANNING_US)]
            case PitchPresented():
                return self._broadcast(_pitch(message))
            case _:
                raise UnexpectedMessage(type(message).__name__, message.source)

    def _broadcast(self, pitch: Pitch) -> Outgoing:
        posts = []
        for episode in self._episodes.values():
            episode.pitch = pitch
            request = ChooseTopics(
                episode=episode.id, unit=episode.unit, offer=self._offer, pitch=pitch
            )
            posts.append(Post(request, episode.buyer, BROADCAST_US))
        return posts

    def failed(self, source: str, message: Message, error: Exception) -> Outgoing:
        """Answer an agent that raised: its episode ends, or the market where there is no pitch."""
        stage = stage_of(message)
        reason = reason_of(error)
        posts = [Post(rejected) for rejected in rejections(stage, message, error)]
        if message.episode is None:
            return posts + self._market_failed(stage, reason)
        episode = self._episodes[message.episode]
        episode.ended = True
        failure = EpisodeFailed(episode=episode.id, stage=stage, reason=reason)
        return self._end([*posts, Post(failure)])

    def _market_failed(self, stage: str, reason: str) -> list[Post]:
        self.finished = True
        failures: list[Event] = [
            EpisodeFailed(episode=episode, stage=stage, reason=reason) for episode in self._episodes
        ]
        return [Post(event) for event in [*failures, MarketFailed(stage=stage, reason=reason)]]

    def _end(self, posts: list[Post]) -> list[Post]:
        """Count an episode's end, and close the market behind the last one."""
        self._open -= 1
        if self._open == 0:
            self.finished = True
            posts.append(Post(MarketClosed()))
        return posts


_STEPS: Mapping[type[Message], Callable[[Episode, Any], list[Post]]] = {
    TopicsChosen: Episode.topics_chosen,
    MessageSent: Episode.message_sent,
    EndDialogue: Episode.dialogue_ended,
    DecisionMade: Episode.decided,
    ProposeSettlement: Episode.settlement_proposed,
    ReviewPosted: Episode.reviewed,
}


def offer_of(spec: MarketSpec, rules: RetailRules) -> Offer:
    """Return what is for sale in a market, on which terms."""
    # Agents get a copy of the sheet, so what one does to it stays in this market.
    sheet = msgspec.structs.replace(spec.product, details=dict(spec.product.details))
    return Offer(
        product=sheet,
        list_price_cents=spec.product.price_cents,
        price_cents=spec.price_cents,
        discount=spec.discount,
        shipping_cents=rules.shipping.fee_cents(spec.product.price_cents),
        delivery_days=rules.shipping.delivery_days,
        policy=rules.policies[spec.product.category],
        date=rules.start,
    )


def _opened(spec: MarketSpec, buying: Buying) -> EpisodeOpened:
    product, seller, buyer = spec.product, spec.seller, buying.buyer
    return EpisodeOpened(
        episode=buying.episode,
        seller=seller.id,
        buyer=buyer.id,
        product=product.id,
        category=product.category,
        title=product.title,
        audience=product.audience,
        list_price_cents=product.price_cents,
        price_cents=spec.price_cents,
        price_multiplier=spec.price_multiplier,
        discount=spec.discount,
        replication=spec.replication,
        condition=spec.condition,
        seller_persona=seller.persona,
        buyer_persona=buyer.persona,
        seller_gender=seller.gender,
        buyer_gender=buyer.gender,
        unit_cost_cents=product.unit_cost_cents,
        retries=buying.retries,
    )


def _strategy(event: StrategyFormed) -> Strategy:
    return Strategy(
        target_expansion=event.target_expansion,
        value_proposition=event.value_proposition,
        contextual_urgency=event.contextual_urgency,
        objection_handling=event.objection_handling,
    )


def _pitch(event: PitchPresented) -> Pitch:
    # A read-only copy: no buyer can change what the next one sees, or what is logged.
    sections = MappingProxyType(dict(event.sections))
    return Pitch(sections=sections, claims=event.claims, unsupported=event.unsupported)
