"""A sealed-bid sale, as somebody else might write a protocol: sellers bid, the buyer takes one."""

from __future__ import annotations

from typing import ClassVar

import msgspec
import polars as pl

from retailsim import protocol_kit as kit


class Rules(msgspec.Struct, frozen=True):
    """What the scenario's table [rules] may say: the most that bidders ask of the list price."""

    most_share: float = 1.0


class AskBid(kit.ProductRequest, kw_only=True):
    stage: ClassVar[str] = "bid"
    most_share: float = 1.0


class ChooseBid(kit.ProductRequest, kw_only=True):
    stage: ClassVar[str] = "choose"
    bids: dict[str, int]


class BidPlaced(kit.Event, tag="BidPlaced", kw_only=True):
    bidder: str
    price_cents: int


class BidTaken(kit.Event, tag="BidTaken", kw_only=True):
    seller: str


class Sale(kit.ProductEpisode):
    """One buyer's sale: it waits for all sellers at once, then for the buyer."""

    def begin(self) -> list[kit.Post]:
        self.bids = dict[str, int]()
        return self.ask_sellers(AskBid, 1, most_share=self.market.rules.most_share)

    def bid(self, event: BidPlaced) -> list[kit.Post]:
        self.bids[event.bidder] = event.price_cents
        if len(self.bids) < len(self.spec.sellers):
            return []
        return [self.ask(ChooseBid, self.buyer, 60_000_000, bids=dict(sorted(self.bids.items())))]

    def decided(self, event: kit.DecisionMade) -> list[kit.Post]:
        self.ended = True
        if not event.will_purchase:
            return []
        taken = BidTaken(episode=self.id, seller=event.reason)
        return [kit.Post(taken), self.order(self.bids[event.reason])]


class SaleMarket(kit.ProductMarket):
    episode = Sale
    steps: ClassVar = {BidPlaced: Sale.bid, kit.DecisionMade: Sale.decided}


class Bidder(kit.RoleAgent):
    async def bid(self, request: AskBid) -> int:
        share = 0.6 + 0.4 * self.stream(request, f"bid/{self.seat.id}").uniform()
        return max(1, int(request.product.price_cents * share * request.most_share))


class Taker(kit.RoleAgent):
    async def choose(self, request: ChooseBid) -> str | None:
        seller = min(request.bids, key=lambda name: (request.bids[name], name))
        share = 0.7 + 0.2 * self.stream(request, "limit").uniform()
        return seller if request.bids[seller] <= request.product.price_cents * share else None


def _decision(request: ChooseBid, seller: str | None, seat: str) -> list[kit.Event]:
    if seller is None:
        return [kit.DecisionMade(will_purchase=False, quantity=0, reason="too dear")]
    return [kit.DecisionMade(will_purchase=True, quantity=1, reason=seller)]


def _unknown(request: ChooseBid, seller: str | None) -> str | None:
    return None if seller in (None, *request.bids) else f"no bidder: {seller!r}"


PROTOCOL = kit.Protocol(
    name="sealed-bid",
    market=kit.MarketRules(
        open=SaleMarket,
        admissions={
            AskBid: kit.Admission(int, lambda _, c, who: [BidPlaced(bidder=who, price_cents=c)]),
            ChooseBid: kit.Admission(str | None, _decision, _unknown),
        },
        events=(BidPlaced, BidTaken),
    ),
    agents=kit.ProtocolAgents(bases={"seller": Bidder, "buyer": Taker}),
    run=kit.ProtocolRun(rules=Rules),
    analysis=kit.ProtocolAnalysis(
        names_seller=("BidTaken",),
        columns={"bids": kit.count("BidPlaced")},
        measures=(
            kit.Measure(
                name="bids_per_order",
                unit="units",
                numerator=pl.col("bids"),
                denominator=pl.col("orders"),
                counts=kit.CLOSED & kit.BOUGHT,
                views=kit.EVERY_VIEW,
            ),
        ),
        tables={"bids": kit.RowTable.of(BidPlaced)},
    ),
)
