"""The retail protocol: who may say what when, as a state machine without I/O.

A market is one seller presenting one product to some buyers. The seller plans and pitches once;
then each buyer's episode walks through inquiry, decision, support and reviews on its own. At any
time an episode waits for exactly one agent, so a late or failing agent can only hold up its own
episode. The rules take a message and return messages; time, order and delivery are the kernel's.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import ClassVar

import msgspec

from retailsim.events.kernel import Outgoing, Post
from retailsim.events.messages import (
    DecisionMade,
    Event,
    Message,
    MessageSent,
    ReviewPosted,
)
from retailsim.events.streams import Seed
from retailsim.market.claims.reader import Claim
from retailsim.market.claims.reading import (
    ClaimReading,
    ReadClaims,
    ReadText,
    ReportReading,
    unread,
)
from retailsim.market.core.durations import BROADCAST_US, PLANNING_US
from retailsim.market.core.ledger import Ledger
from retailsim.market.core.market import Market, Steps, episode_opened
from retailsim.market.core.participants import EpisodeSpec
from retailsim.market.core.protocol import MarketRules
from retailsim.market.protocols.retail.admission import ADMISSIONS
from retailsim.market.protocols.retail.claims import sheet_of, with_found
from retailsim.market.protocols.retail.conduct import RetailConduct
from retailsim.market.protocols.retail.episode import Episode
from retailsim.market.protocols.retail.events import (
    PitchPresented,
    SellerChose,
    StrategyFormed,
    TopicsChosen,
)
from retailsim.market.protocols.retail.fulfilment import MarketContext
from retailsim.market.protocols.retail.requests import (
    ChooseTopics,
    EndDialogue,
    FormStrategy,
    LeaveOutReview,
    PresentPitch,
    ProposeSettlement,
)
from retailsim.market.protocols.retail.rule_guard import guard_of
from retailsim.market.protocols.retail.spec import RetailRules, RetailSpec
from retailsim.market.protocols.retail.values import DIMENSIONS, Dimension, Offer, Pitch, Strategy
from retailsim.market.rules.enforcing import WithholdSentences


def dimensions(seed: Seed, product: str, guidance: float) -> tuple[Dimension, ...]:
    """The strategy dimensions a guidance of 0 to 1 gives: a seeded subset per product, nested."""
    order = seed.stream("market/guidance", product).sample(DIMENSIONS, len(DIMENSIONS))
    chosen = set(order[: int(guidance * len(DIMENSIONS) + 0.5)])
    return tuple(dimension for dimension in DIMENSIONS if dimension in chosen)


class RetailMarket(Market):
    """The rules of one market; `handle` is registered with the kernel under ``market``.

    Parameters
    ----------
    spec : RetailSpec
    rules : RetailRules
    seed : Seed
        Streams used: ``market/issue``, ``market/guidance`` by product; ``market/fulfilment``
        by episode.
    """

    steps: ClassVar[Steps] = {
        SellerChose: Episode.seller_chose,
        WithholdSentences: Episode.sentences_withheld,
        TopicsChosen: Episode.topics_chosen,
        MessageSent: Episode.message_sent,
        EndDialogue: Episode.dialogue_ended,
        DecisionMade: Episode.decided,
        ProposeSettlement: Episode.settlement_proposed,
        ReviewPosted: Episode.reviewed,
        LeaveOutReview: Episode.reviewed,
        ReportReading: Episode.read,
    }

    def __init__(self, spec: RetailSpec, rules: RetailRules, seed: Seed) -> None:
        super().__init__(spec)
        self.spec = spec
        self.ledger = Ledger()
        self._seed = seed
        self._rules = rules
        self._offer = offer_of(spec, rules)
        self._seller = f"seller:{spec.seller.id}"
        self._claims = ClaimReading(
            sheet_of(self._offer), spec.seller.id, spec.product.id, rules.claims
        )
        self._unread: Pitch | None = None
        self._guard = guard_of(rules.enforced, spec.product)
        context = MarketContext(
            spec=spec,
            rules=rules,
            seed=seed,
            offer=self._offer,
            ledger=self.ledger,
            guard=self._guard,
        )
        self._episodes = {
            episode_spec.episode: Episode(episode_spec, context, self._claims)
            for episode_spec in spec.episodes
        }

    def opened(self, episode_spec: EpisodeSpec) -> Sequence[Event]:
        """The event that opens an episode."""
        product = self.spec.product
        event = episode_opened(
            self.spec,
            episode_spec,
            self.spec.seller,
            product=product.id,
            category=product.category,
            title=product.title,
            audience=product.audience,
            list_price_cents=product.price_cents,
            price_cents=self.spec.price_cents,
            price_multiplier=self.spec.price_multiplier,
            discount=self.spec.discount,
            unit_cost_cents=product.unit_cost_cents,
        )
        self._guard.tell(event)
        return (event,)

    def begin(self) -> Sequence[Post]:
        """Ask the seller for its strategy."""
        request = FormStrategy(
            unit=self.spec.unit,
            offer=self._offer,
            dimensions=dimensions(self._seed, self.spec.product.id, self._rules.guidance),
        )
        return [Post(request, self._seller, 0, 1)]

    def shared(self, message: Message) -> Outgoing:
        """Go on from the strategy to the pitch, and from the pitch to the buyers."""
        match message:
            case StrategyFormed():
                return [Post(self._present(_strategy(message)), self._seller, PLANNING_US)]
            case PitchPresented():
                return self._heard(_pitch(message))
            case SellerChose():
                return []  # it is for the log alone
            case WithholdSentences():
                return [Post(event) for event in message.rejected]
            case ReportReading() if self._unread is not None:
                return self._read(self._unread, message)
            case _:
                return super().shared(message)

    def _present(self, strategy: Strategy) -> PresentPitch:
        return PresentPitch(
            unit=self.spec.unit,
            offer=self._offer,
            strategy=strategy,
            allowed=self._guard.allowed(None),
            offered=self._rules.offered,
        )

    def failed(self, source: str, message: Message, error: Exception) -> Outgoing:
        """Answer an agent that raised; where it was the reader of claims, the rules read."""
        if not isinstance(message, ReadClaims):
            return super().failed(source, message, error)
        rejected, report = unread(message, error)
        return [*map(Post, rejected), *self.handle(report)]

    def _heard(self, pitch: Pitch) -> Outgoing:
        text = ReadText(pitch.text)
        if self._claims.model is not None:
            self._unread = pitch
            return [self._claims.ask(text, self.spec.unit)]
        return self._checked(pitch, text, self._claims.of(pitch.text))

    def _read(self, pitch: Pitch, report: ReportReading) -> Outgoing:
        text, self._unread = ReadText(pitch.text), None
        claims, event = self._claims.told(text, report)
        return [Post(event), *self._checked(pitch, text, claims)]

    def _checked(self, pitch: Pitch, text: ReadText, claims: Sequence[Claim]) -> list[Post]:
        found = [Post(event) for event in self._claims.events(claims, text)]
        return [*found, *self._broadcast(with_found(pitch, claims))]

    def _broadcast(self, pitch: Pitch) -> list[Post]:
        posts = []
        for episode in self._episodes.values():
            episode.pitch = pitch
            request = ChooseTopics(
                episode=episode.id, unit=episode.unit, offer=self._offer, pitch=pitch
            )
            posts.append(Post(request, episode.buyer, BROADCAST_US))
        return posts


def offer_of(spec: RetailSpec, rules: RetailRules) -> Offer:
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


MARKET = MarketRules(
    spec=RetailSpec,
    open=RetailMarket,
    admissions=ADMISSIONS,
    events=(StrategyFormed, PitchPresented, TopicsChosen, SellerChose),
    conduct=RetailConduct,
)
