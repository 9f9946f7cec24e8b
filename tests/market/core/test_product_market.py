"""A market of one product: what a protocol of others need not say for itself."""

from __future__ import annotations

from typing import ClassVar

import pytest
from msgspec.structs import replace

from retailsim.events.kernel import Post
from retailsim.events.messages import DecisionMade, EpisodeOpened, Event, OrderPlaced
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.core.market import Steps
from retailsim.market.core.participants import EpisodeSpec, Participant
from retailsim.market.core.product_market import ProductEpisode, ProductMarket, ProductRequest
from retailsim.market.core.protocol import MarketRules
from retailsim.market.core.spec import ProductSpec
from retailsim.market.protocols.registry import Protocol
from retailsim.sim.errors import BadScenario
from retailsim.sim.scenario.product_design import ProductDesign
from retailsim.sim.scenario.protocol import ProtocolRun, design_of
from retailsim.sim.scenario.scenario import AgentTable, DesignTable, Scenario

TEA = Product(id="TEA", title="Tea", category="Food", price_cents=500)
MUG = Product(id="MUG", title="Mug", category="Home", price_cents=900)


class Haggle(ProductRequest, kw_only=True):
    stage: ClassVar[str] = "haggle"
    cents: int = 0


class Deal(ProductEpisode):
    def begin(self) -> list[Post]:
        return [*self.ask_sellers(Haggle, 5, cents=3), self.ask(Haggle, self.buyer)]

    def decided(self, event: DecisionMade) -> list[Post]:
        self.ended = True
        return [self.order(450, event.quantity, 20)]


class Bazaar(ProductMarket):
    episode = Deal
    steps: ClassVar[Steps] = {DecisionMade: Deal.decided}


def spec(*sellers: str) -> ProductSpec:
    buyers = Participant(id="ann", stream="a"), Participant(id="bob")
    return ProductSpec(
        id="m",
        product=TEA,
        replication=2,
        sellers=tuple(Participant(id=seller) for seller in sellers),
        episodes=tuple(EpisodeSpec(episode=f"m/{one.id}", buyer=one) for one in buyers),
    )


def bazaar(*sellers: str) -> Bazaar:
    return Bazaar(spec(*sellers), None, Seed(1))


def opened(market: Bazaar) -> list[EpisodeOpened]:
    messages = [post.message for post in market.open() if isinstance(post, Post)]
    return [message for message in messages if isinstance(message, EpisodeOpened)]


def test_one_seller_is_named_when_an_episode_opens_and_several_are_not() -> None:
    assert [event.seller for event in opened(bazaar("sam"))] == ["sam", "sam"]
    events = opened(bazaar("sam", "tom"))
    assert [event.seller for event in events] == [None, None]
    assert [event.buyer for event in events] == ["ann", "bob"]
    assert {(e.product, e.category, e.title, e.replication) for e in events} == {
        ("TEA", "Food", "Tea", 2)
    }


def test_each_episode_begins_with_its_own_requests_in_the_order_of_the_sellers() -> None:
    posts = [post for post in bazaar("sam", "tom").open() if isinstance(post, Post) and post.to]
    assert [(post.to, post.delay_us, post.message.episode) for post in posts] == [
        ("seller:sam", 5, "m/ann"),
        ("seller:tom", 5, "m/ann"),
        ("buyer:ann", 0, "m/ann"),
        ("seller:sam", 5, "m/bob"),
        ("seller:tom", 5, "m/bob"),
        ("buyer:bob", 0, "m/bob"),
    ]
    assert posts[0].message == Haggle(episode="m/ann", unit="TEA/a/2", product=TEA, cents=3)
    assert posts[5].message == Haggle(episode="m/bob", unit="TEA/bob/2", product=TEA)


def test_an_order_is_of_the_product_in_the_episodes_own_name() -> None:
    decision: Event = DecisionMade(will_purchase=True, quantity=2, reason="")
    decision.episode = "m/ann"
    placed, *_ = bazaar("sam").handle(decision)
    assert isinstance(placed, Post)
    assert placed == Post(
        OrderPlaced(
            episode="m/ann",
            order="O-m/ann",
            product="TEA",
            quantity=2,
            unit_price_cents=450,
            shipping_cents=20,
        )
    )


# -- the design of whoever says none ---------------------------------------------------------

SCENARIO = Scenario(
    sellers=(AgentTable(id="s"), AgentTable(id="t")),
    buyers=(AgentTable(id="x", stream="y"), AgentTable(id="z")),
    design=DesignTable(replications=2),
)


def test_each_product_and_replication_is_a_market_with_everybody_in_it() -> None:
    design = ProductDesign(SCENARIO, [TEA, MUG], Seed(1))
    markets = list(design.markets())
    assert [one.id for one in markets] == ["TEA/1", "TEA/2", "MUG/1", "MUG/2"]
    assert [(one.product, one.replication) for one in markets[1:3]] == [(TEA, 2), (MUG, 1)]
    assert {tuple(who.id for who in one.sellers) for one in markets} == {("s", "t")}
    assert [one.episode for one in markets[3].episodes] == ["MUG/2/x", "MUG/2/z"]
    assert markets[0].episodes[0].buyer.key == "y"
    assert design.episodes == 8
    assert design.sizes == ((8, "episode"),)


def test_it_opens_a_market_as_its_protocol_says_with_the_scenarios_rules() -> None:
    kind = DesignTable
    protocol = Protocol(
        name="p",
        market=MarketRules(open=Bazaar, admissions={}),
        agents=None,
        run=ProtocolRun(rules=kind),
    )
    scenario = replace(SCENARIO, rules={"replications": 7})
    design = design_of(protocol, scenario, [TEA], {}, Seed(3))
    market = design.open(spec("sam"))
    assert isinstance(market, Bazaar)
    assert (market.spec, market.rules) == (spec("sam"), DesignTable(replications=7))
    assert market.seed is design.seed
    bare = Protocol(name="p", market=protocol.market, agents=None, run=ProtocolRun())
    assert design_of(bare, SCENARIO, [TEA], {}, Seed(3)).own_rules is None


@pytest.mark.parametrize("pairing", ["random", "self", (("s", "x"),)])
def test_a_scenario_that_says_who_meets_whom_is_refused(pairing: object) -> None:
    scenario = replace(SCENARIO, design=DesignTable(pairing=pairing))  # type: ignore[arg-type]
    with pytest.raises(BadScenario, match=r"^design\.pairing: the protocol retail seats everyb"):
        ProductDesign(scenario, [TEA], Seed(1))
