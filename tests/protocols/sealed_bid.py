"""A sealed-bid sale, as somebody else might write a protocol: sellers bid, the buyer takes one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import msgspec

from retailsim.agents.base import RoleAgent
from retailsim.agents.protocol import ProtocolAgents
from retailsim.events.kernel import Post
from retailsim.events.messages import DecisionMade, Event, OrderPlaced
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.core.admission import Admission, Written
from retailsim.market.core.market import EpisodeState, Market, episode_opened
from retailsim.market.core.participants import EpisodeSpec
from retailsim.market.core.protocol import MarketRules
from retailsim.market.core.request import AgentRequest
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.registry import Protocol
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.pairing import party
from retailsim.sim.scenario.protocol import ProtocolRun


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the scenario's table [rules] may say: the least that a bid is of the list price."""

    least_share: float = 0.5


class SaleSpec(MarketSpec, frozen=True, kw_only=True):
    """One product, some sellers, some buyers."""

    product: Product


class AskBid(AgentRequest, kw_only=True):
    """Seller: what do you take for it?"""

    stage: ClassVar[str] = "bidding"
    product: Product


class ChooseBid(AgentRequest, kw_only=True):
    """Buyer: whose bid do you take, if any?"""

    stage: ClassVar[str] = "choosing"
    product: Product
    bids: dict[str, int]


class BidPlaced(Event, tag="BidPlaced", kw_only=True):
    """A seller named its price."""

    seller: str
    price_cents: int


class Sale(EpisodeState):
    """One buyer's sale; it waits for all sellers at once, then for the buyer."""

    def __init__(self, buying: EpisodeSpec, spec: SaleSpec) -> None:
        super().__init__(buying)
        self.spec, self.bids = spec, dict[str, int]()
        self.unit = f"{spec.product.id}/{buying.buyer.id}/{spec.replication}"

    def bid(self, event: BidPlaced) -> Sequence[Post]:
        self.bids[event.seller] = event.price_cents
        if len(self.bids) < len(self.spec.sellers):
            return []
        sheet, bids = self.spec.product, dict(sorted(self.bids.items()))
        request = ChooseBid(episode=self.id, unit=self.unit, product=sheet, bids=bids)
        return [Post(request, self.buyer, 60_000_000)]

    def decided(self, event: DecisionMade) -> Sequence[Post]:
        self.ended = True
        if not event.will_purchase:
            return []
        placed = OrderPlaced(
            episode=self.id,
            order=f"O-{self.id}",
            product=self.spec.product.id,
            quantity=1,
            unit_price_cents=self.bids[event.reason],
            shipping_cents=0,
        )
        return [Post(placed)]


class SaleMarket(Market):
    """All sales of one product."""

    steps = {BidPlaced: Sale.bid, DecisionMade: Sale.decided}  # noqa: RUF012

    def __init__(self, spec: SaleSpec, rules: Rules, seed: Seed) -> None:
        super().__init__(spec)
        self.spec = spec
        self._episodes = {one.episode: Sale(one, spec) for one in spec.episodes}

    def opened(self, buying: EpisodeSpec) -> Sequence[Event]:
        sheet = self.spec.product
        terms = {"product": sheet.id, "category": sheet.category, "title": sheet.title}
        return [
            episode_opened(self.spec, buying, None, list_price_cents=sheet.price_cents, **terms)
        ]

    def begin(self) -> Sequence[Post]:
        sheet = self.spec.product
        return [
            Post(AskBid(episode=sale.id, unit=sale.unit, product=sheet), f"seller:{seller.id}", 1)
            for sale in self._episodes.values()
            for seller in self.spec.sellers
        ]


class Bidder(RoleAgent):
    """A seller that bids some share of the list price."""

    methods = {AskBid: "bid"}  # noqa: RUF012

    async def bid(self, request: AskBid) -> int:
        """Return a price in cents."""
        share = 0.6 + 0.4 * self.stream(request, f"bid/{self.seat.id}").uniform()
        return max(1, int(request.product.price_cents * share))


class Taker(RoleAgent):
    """A buyer that takes the cheapest bid below nine tenths of the list price."""

    methods = {ChooseBid: "choose"}  # noqa: RUF012

    async def choose(self, request: ChooseBid) -> str | None:
        """Return the seller whose bid is taken, or None."""
        seller = min(request.bids, key=lambda name: (request.bids[name], name))
        limit = request.product.price_cents * (0.7 + 0.2 * self.stream(request, "limit").uniform())
        return seller if request.bids[seller] <= limit else None


def _bid(request: AskBid, price: int, seat: str) -> Written:
    return [BidPlaced(seller=seat, price_cents=price)]


def _choice(request: ChooseBid, seller: str | None, seat: str) -> Written:
    decision = DecisionMade(
        will_purchase=seller is not None,
        quantity=int(seller is not None),
        quantity_reason="",
        sentiment="Neutral",
        reason=seller or "too dear",
    )
    return [decision]


class SaleDesign(Design):
    """A market a product and replication, with everybody in it."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.rules = msgspec.convert(self.scenario.rules, Rules)

    @property
    def episodes(self) -> int:
        """One a buyer, product and replication."""
        each = len(self.scenario.buyers) * self.scenario.design.replications
        return len(self.products) * each

    def markets(self) -> Iterator[SaleSpec]:
        """Yield the sales of each product."""
        scenario = self.scenario
        for product in self.products:
            for replication in range(1, scenario.design.replications + 1):
                name = f"{product.id}/{replication}"
                yield SaleSpec(
                    id=name,
                    product=product,
                    replication=replication,
                    sellers=tuple(map(party, scenario.sellers)),
                    episodes=tuple(
                        EpisodeSpec(episode=f"{name}/{seat.id}", buyer=party(seat))
                        for seat in scenario.buyers
                    ),
                )

    def open(self, spec: SaleSpec) -> SaleMarket:
        """Return its live rules."""
        return SaleMarket(spec, self.rules, self.seed)


PROTOCOL = Protocol(
    name="sealed-bid",
    market=MarketRules(
        spec=SaleSpec,
        open=SaleMarket,
        admissions={
            AskBid: Admission(int, _bid),
            ChooseBid: Admission(
                str | None,
                _choice,
                lambda r, s: f"no bid of {s!r}" if s not in (*r.bids, None) else None,
            ),
        },
        events=(BidPlaced,),
    ),
    agents=ProtocolAgents(
        bases={"seller": Bidder, "buyer": Taker},
        built_in={("behavioral", "seller"): Bidder, ("behavioral", "buyer"): Taker},
    ),
    run=ProtocolRun(
        design=lambda scenario, products, files, seed: SaleDesign(scenario, products, seed),
        rules=Rules,
    ),
)
