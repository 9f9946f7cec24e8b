"""A sealed-bid sale, as somebody else might write a protocol: sellers bid, the buyer takes one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import msgspec
import polars as pl

from retailsim.agents.base import Methods, RoleAgent
from retailsim.agents.protocol import ProtocolAgents
from retailsim.analysis.measures.measure import BOUGHT, CLOSED, EVERY_VIEW, Measure
from retailsim.analysis.projection.tables import RowTable, count
from retailsim.analysis.protocol import ProtocolAnalysis
from retailsim.events.kernel import Post
from retailsim.events.messages import DecisionMade, Event, OrderPlaced
from retailsim.market.catalogue.product import Product
from retailsim.market.core.admission import Admission
from retailsim.market.core.market import EpisodeState, Market, Steps, episode_opened
from retailsim.market.core.participants import EpisodeSpec
from retailsim.market.core.protocol import MarketRules
from retailsim.market.core.request import AgentRequest
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.registry import Protocol
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.pairing import participant
from retailsim.sim.scenario.protocol import ProtocolRun


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the scenario's table [rules] may say: the most that a bid is of the list price."""

    most_share: float = 1.0


class SaleSpec(MarketSpec, frozen=True, kw_only=True):
    product: Product


class AskBid(AgentRequest, kw_only=True):
    stage: ClassVar[str] = "bidding"
    product: Product


class ChooseBid(AgentRequest, kw_only=True):
    stage: ClassVar[str] = "choosing"
    product: Product
    bids: dict[str, int]


class BidPlaced(Event, tag="BidPlaced", kw_only=True):
    bidder: str
    price_cents: int


class BidTaken(Event, tag="BidTaken", kw_only=True):
    """Who sells; the episode was opened without a seller."""

    seller: str


class Sale(EpisodeState):
    """One buyer's sale: it waits for all sellers at once, then for the buyer."""

    def __init__(self, episode: EpisodeSpec, spec: SaleSpec) -> None:
        super().__init__(episode)
        self.spec, self.bids = spec, dict[str, int]()
        self.unit = f"{spec.product.id}/{episode.buyer.id}/{spec.replication}"

    def bid(self, event: BidPlaced) -> Sequence[Post]:
        self.bids[event.bidder] = event.price_cents
        if len(self.bids) < len(self.spec.sellers):
            return []
        bids = dict(sorted(self.bids.items()))
        request = ChooseBid(episode=self.id, unit=self.unit, product=self.spec.product, bids=bids)
        return [Post(request, self.buyer, 60_000_000)]

    def decided(self, event: DecisionMade) -> Sequence[Post]:
        self.ended = True
        winner = next((s for s in self.spec.sellers if s.id == event.reason), None)
        if winner is None:
            return []
        placed = OrderPlaced(
            episode=self.id,
            order=f"O-{self.id}",
            product=self.spec.product.id,
            quantity=1,
            unit_price_cents=self.bids[winner.id],
            shipping_cents=0,
        )
        return [Post(BidTaken(episode=self.id, seller=winner.id)), Post(placed)]


class SaleMarket(Market):
    steps: ClassVar[Steps] = {BidPlaced: Sale.bid, DecisionMade: Sale.decided}

    def __init__(self, spec: SaleSpec, rules: Rules) -> None:
        super().__init__(spec)
        self.spec = spec
        self._episodes = {one.episode: Sale(one, spec) for one in spec.episodes}

    def opened(self, episode_spec: EpisodeSpec) -> Sequence[Event]:
        sheet = self.spec.product
        terms = {"product": sheet.id, "category": sheet.category, "title": sheet.title}
        return [episode_opened(self.spec, episode_spec, None, **terms)]

    def begin(self) -> Sequence[Post]:
        return [
            Post(AskBid(episode=sale.id, unit=sale.unit, product=self.spec.product), name, 1)
            for sale in self._episodes.values()
            for name in (f"seller:{seller.id}" for seller in self.spec.sellers)
        ]


class Bidder(RoleAgent):
    """A seller that bids some share of the list price."""

    methods: ClassVar[Methods] = {AskBid: "bid"}

    async def bid(self, request: AskBid) -> int:
        share = 0.6 + 0.4 * self.stream(request, f"bid/{self.seat.id}").uniform()
        return max(1, int(request.product.price_cents * share))


class Taker(RoleAgent):
    """A buyer that takes the lowest bid, if it is low enough."""

    methods: ClassVar[Methods] = {ChooseBid: "choose"}

    async def choose(self, request: ChooseBid) -> str | None:
        seller = min(request.bids, key=lambda name: (request.bids[name], name))
        share = 0.7 + 0.2 * self.stream(request, "limit").uniform()
        return seller if request.bids[seller] <= request.product.price_cents * share else None


def _bid(request: AskBid, cents: int, seat: str) -> list[Event]:
    return [BidPlaced(bidder=seat, price_cents=cents)]


def _decision(request: ChooseBid, seller: str | None, seat: str) -> list[Event]:
    bought = seller is not None
    fields: dict[str, Any] = {"quantity_reason": "", "sentiment": "Neutral"}
    reason = seller or "too dear"
    return [DecisionMade(will_purchase=bought, quantity=int(bought), reason=reason, **fields)]


class SaleDesign(Design):
    """A market a product and replication, with everybody in it."""

    @property
    def episodes(self) -> int:
        return sum(len(spec.episodes) for spec in self.markets())

    def markets(self) -> Iterator[SaleSpec]:
        buyers = [participant(seat) for seat in self.scenario.buyers]
        for product in self.products:
            for number in range(1, self.scenario.design.replications + 1):
                name = f"{product.id}/{number}"
                yield SaleSpec(
                    id=name,
                    product=product,
                    replication=number,
                    sellers=tuple(participant(seat) for seat in self.scenario.sellers),
                    episodes=tuple(
                        EpisodeSpec(episode=f"{name}/{one.id}", buyer=one) for one in buyers
                    ),
                )

    def open(self, spec: SaleSpec) -> SaleMarket:
        return SaleMarket(spec, msgspec.convert(self.scenario.rules, Rules))


PROTOCOL = Protocol(
    name="sealed-bid",
    market=MarketRules(
        spec=SaleSpec,
        open=lambda spec, rules, seed: SaleMarket(spec, rules),
        admissions={
            AskBid: Admission(
                int, lambda _, cents, seat: [BidPlaced(bidder=seat, price_cents=cents)]
            ),
            ChooseBid: Admission(str | None, _decision),
        },
        events=(BidPlaced, BidTaken),
    ),
    agents=ProtocolAgents(
        bases={"seller": Bidder, "buyer": Taker},
        built_in={("behavioral", "seller"): Bidder, ("behavioral", "buyer"): Taker},
    ),
    run=ProtocolRun(
        design=lambda scenario, products, files, seed: SaleDesign(scenario, products, seed),
        rules=Rules,
    ),
    analysis=ProtocolAnalysis(
        names_seller=("BidTaken",),
        columns={"bids": count("BidPlaced")},
        measures=(
            Measure(
                name="bids_per_order",
                label="Bids per order",
                unit="units",
                numerator=pl.col("bids"),
                denominator=pl.col("orders"),
                counts=CLOSED & BOUGHT,
                about="bids / orders, of the episodes with an order",
                views=EVERY_VIEW,
                place=7,
            ),
        ),
        tables={"bids": RowTable("BidPlaced", {"bidder": pl.String(), "price_cents": pl.Int64()})},
    ),
)
