"""Whatever agents do, money and goods are conserved and every episode ends exactly once."""

from collections import Counter
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.events.errors import UnusableOutput
from retailsim.events.messages import (
    ClaimsRead,
    EpisodeClosed,
    EpisodeFailed,
    EpisodeOpened,
    IssueResolved,
    MarketClosed,
    MarketFailed,
    MessageSent,
    OrderDelivered,
    OrderPlaced,
    RefundIssued,
    ReviewPosted,
)
from retailsim.market.catalogue.product import CATEGORIES
from retailsim.market.claims.reading import FoundClaim, ReadClaims, Reading
from retailsim.market.claims.rules import ClaimRules
from retailsim.market.core.issues import ISSUES, IssueRules
from retailsim.market.core.return_policy import ReturnPolicy
from retailsim.market.core.shipping import ShippingRules
from retailsim.market.protocols.logged_events import event_decoder, logged_events
from retailsim.market.protocols.registry import find_protocol
from retailsim.market.protocols.retail.events import PitchPresented
from retailsim.market.protocols.retail.requests import WriteReview
from retailsim.market.protocols.retail.spec import RetailRules
from retailsim.market.protocols.retail.values import Answer, Choice, Review, Settlement, Support
from tests.market.players import (
    LAMP,
    Played,
    Script,
    but,
    buyer,
    decided,
    market_spec,
    rules,
    said,
    seller,
)

RETAIL = find_protocol("retail")
READER = "reader:m"

MISDEEDS: tuple[Any, ...] = (
    lambda request: None,
    lambda request: [],
    lambda request: b"text",
    lambda request: [RefundIssued(
        order="x", quantity=1, amount_cents=9**9, shipping_refund_cents=0,
        return_shipping_cents=0, return_shipping_payer="seller",
    )],
    lambda request: [MarketClosed()],
    lambda request: Review(rating=9, text="x"),
    lambda request: 1 / 0,
    lambda request: _raise(UnusableOutput("unusable", "{")),
)  # fmt: skip

days = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda pair: tuple(sorted(pair)))


def _raise(error: Exception) -> Any:
    raise error


@st.composite
def rule_sets(draw: Any) -> RetailRules:
    window = st.builds(ReturnPolicy, window_days=st.integers(0, 9), condition=st.just("c"))
    return RetailRules(
        shipping=ShippingRules(
            order_days=draw(days), delivery_days=draw(days), delay_days=draw(days)
        ),
        issues=IssueRules(
            rate=draw(st.sampled_from([0.0, 0.5, 1.0])),
            weights={draw(st.sampled_from(ISSUES)): 1.0},
            overclaim_rate=draw(st.sampled_from([0.0, 1.0])),
        ),
        policies={category: draw(window) for category in CATEGORIES},
        max_turns=draw(st.integers(1, 3)),
        max_quantity=draw(st.integers(1, 4)),
        nonbuyer_reviews=draw(st.booleans()),
        claims=ClaimRules(reader=draw(st.sampled_from(["rules", "none", "m"]))),
    )  # fmt: skip


def reads(request: ReadClaims) -> Reading:
    """A reader that finds a claim in every second sentence."""
    found = (
        FoundClaim(sentence=sentence, kind="fact", verdict="unsupported")
        for sentence in request.sentences[::2]
    )
    return Reading(claims=tuple(found))


class Mood:
    """A player's whims; they come from a number of its own, so they can be played again."""

    def __init__(self, number: int, name: str) -> None:
        self.random = Random(f"{number}/{name}")
        self.script: Script = seller() if name.startswith("seller") else buyer()
        if name == READER:
            self.script = {ReadClaims: reads}
        if name.startswith("seller") and self.random.random() < 0.5:
            self.script = seller(unsupported=("It flies.",))
        self.naughty = self.random.random() < 0.5

    def play(self) -> Script:
        return {kind: self.answer(kind) for kind in self.script}

    def answer(self, kind: type[Any]) -> Any:
        free = getattr(self, kind.__name__, self.script[kind])

        def reply(request: Any) -> Any:
            if self.naughty and self.random.random() < 0.1:
                return self.random.choice(MISDEEDS)(request)
            return free(request)

        return reply

    def settlement(self) -> Settlement:
        return Settlement(
            outcome=self.random.choice(["delivered", "exchanged", "refunded", "refunded"]),
            resolution="r",
            reason="r",
            refund_quantity=self.random.randint(-1, 5),
            refund_shipping=self.random.random() < 0.5,
        )

    def AskSeller(self, request: Any) -> Any:  # noqa: N802 - named after what it answers
        more = self.random.random() < 0.5
        return said("buyer", request.turn) if more else None

    def AnswerBuyer(self, request: Any) -> Any:  # noqa: N802
        boasts = self.random.random() < 0.3
        text = "It never breaks, guaranteed." if boasts else said("seller", request.turn)
        if self.random.random() < 0.7:
            return text
        names = ("boast", "answer")
        return Answer(text=text, choice=Choice(option=names[not boasts], options=names))

    def Complain(self, request: Any) -> Any:  # noqa: N802
        more = self.random.random() < 0.7
        return said("buyer", request.turn) if more else None

    def Decide(self, request: Any) -> Any:  # noqa: N802
        return decided(self.random.random() < 0.8, self.random.randint(0, 5))

    def GiveSupport(self, request: Any) -> Any:  # noqa: N802
        offer = self.settlement() if self.random.random() < 0.5 else None
        return Support(text=said("seller", request.turn), proposal=offer)

    def SettleIssue(self, request: Any) -> Any:  # noqa: N802
        return self.settlement()


@st.composite
def markets(draw: Any) -> Played:
    buyers = ["ann", "bob", "cat"][: draw(st.integers(1, 3))]
    product = msgspec.structs.replace(LAMP, price_cents=draw(st.integers(1, 10**7)))
    spec = market_spec(buyers, product=product, discount=draw(st.sampled_from([0.0, 0.1])))
    number = draw(st.integers(0, 2**32))
    names = ["seller:sam", *(f"buyer:{name}" for name in buyers), READER]
    cast = {name: Mood(number, name).play() for name in names}
    waits = frozenset(name for name in cast if draw(st.booleans()))
    return Played(spec, draw(rule_sets()), cast, seed=draw(st.integers(0, 99)), waits=waits)


def fold(events: list[Any]) -> dict[str, int]:
    """Rebuild the ledger's accounts from the log alone."""
    accounts = Counter({"buyer": 0, "goods": 0, "shipping": 0, "returns": 0})
    for event in events:
        match event:
            case OrderPlaced():
                goods = event.quantity * event.unit_price_cents
                accounts.update(buyer=-goods - event.shipping_cents)
                accounts.update(goods=goods, shipping=event.shipping_cents)
            case RefundIssued():
                back = event.amount_cents + event.shipping_refund_cents
                accounts.update(buyer=back, goods=-event.amount_cents)
                accounts.update(shipping=-event.shipping_refund_cents)
                payer = "buyer" if event.return_shipping_payer == "buyer" else "goods"
                accounts.update({payer: -event.return_shipping_cents})
                accounts.update(returns=event.return_shipping_cents)
    return dict(accounts)


def check_episode(events: list[Any]) -> None:
    """One episode: opened first, ended once and last, at most one order, refund within it."""
    kinds = [type(event) for event in events]
    assert kinds[0] is EpisodeOpened
    ends = [kind for kind in kinds if kind in (EpisodeClosed, EpisodeFailed)]
    assert len(ends) == 1
    assert kinds[-1] is ends[0]
    for once in (EpisodeOpened, OrderPlaced, OrderDelivered, IssueResolved, RefundIssued):
        assert kinds.count(once) <= 1
    orders = [event for event in events if type(event) is OrderPlaced]
    for refund in (event for event in events if type(event) is RefundIssued):
        [order] = orders
        assert 1 <= refund.quantity <= order.quantity
        assert refund.amount_cents == refund.quantity * order.unit_price_cents
        assert refund.shipping_refund_cents in (0, order.shipping_cents)
        assert refund.order == order.order
        resolved = [event for event in events if type(event) is IssueResolved]
        assert resolved[0].outcome == "refunded"
    aspects = [event.aspect for event in events if type(event) is ReviewPosted]
    assert len(aspects) == len(set(aspects))
    assert "product" not in aspects or orders


@settings(deadline=None, max_examples=150)
@given(markets())
def test_money_goods_and_episodes_are_conserved(played: Played) -> None:
    ledger, events = played.market.ledger, played.events
    assert ledger.balance_cents == 0
    assert fold(events) == ledger.accounts
    assert played.market.finished

    assert [event.seq for event in events] == list(range(len(events)))
    assert [event.t for event in events] == sorted(event.t for event in events)
    ends = [type(event) for event in events if isinstance(event, MarketClosed | MarketFailed)]
    assert len(ends) == 1
    assert type(events[-1]) is ends[0]
    for episode in played.market.spec.episodes:
        check_episode([event for event in events if event.episode == episode.episode])

    kept = sum(sale.goods_cents - sale.refunded_cents for sale in ledger.sales.values())
    refunds = [event for event in events if isinstance(event, RefundIssued)]
    own = [refund for refund in refunds if refund.return_shipping_payer == "seller"]
    assert ledger.accounts["goods"] == kept - sum(refund.return_shipping_cents for refund in own)


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(markets())
def test_a_reader_ends_no_episode_and_tells_of_every_text(played: Played) -> None:
    """However it fails: the rules read then, and each text of the seller was read by somebody."""
    failed = [event for event in played.events if isinstance(event, EpisodeFailed | MarketFailed)]
    assert "reading" not in {event.stage for event in failed}
    told = Counter(
        (event.episode, event.turn) for event in played.events if isinstance(event, ClaimsRead)
    )
    texts: Counter[tuple[str | None, int | None]] = Counter(
        (event.episode, event.turn)
        for event in played.events
        if isinstance(event, MessageSent) and (event.role, event.stage) == ("seller", "pre_inquiry")
    )
    texts.update((None, None) for event in played.events if isinstance(event, PitchPresented))
    asked = any(isinstance(request, ReadClaims) for request in played.requests)
    assert told == (texts if asked else Counter())


@settings(deadline=None, max_examples=50)
@given(markets())
def test_every_log_can_be_written_and_read_back(played: Played) -> None:
    decoder = event_decoder(RETAIL)
    assert decoder.decode_lines(played.lines) == played.events


@st.composite
def twins(draw: Any) -> tuple[bytes, bytes]:
    """Play one market twice, with other agents waiting the second time."""
    count, choices = draw(st.integers(0, 2**32)), st.booleans()
    logs = []
    for _ in range(2):
        buyers = {f"buyer:{name}": buyer(questions=count % 3, quantity=1) for name in "abc"}
        broken = {**buyers, "buyer:b": but(buyer(), WriteReview, MISDEEDS[count % len(MISDEEDS)])}
        cast = {"seller:sam": seller(), **broken}
        waits = frozenset(name for name in cast if draw(choices))
        of = rules(ISSUES[count % len(ISSUES)])
        logs.append(Played(market_spec("abc"), of, cast, seed=count, waits=waits).lines)
    return logs[0], logs[1]


@settings(deadline=None, max_examples=50)
@given(twins())
def test_who_waits_changes_no_byte(logs: tuple[bytes, bytes]) -> None:
    assert logs[0] == logs[1]


def test_random_agents_reach_every_kind_of_event() -> None:
    """The properties above would hold for agents that do nothing, too."""
    reached: set[type[Any]] = set()
    for number in range(60):
        names = ["seller:sam", "buyer:ann", "buyer:bob", READER]
        cast = {name: Mood(number, name).play() for name in names}
        claims = ClaimRules(reader=("rules", "m")[number % 2])
        issue = ISSUES[number % len(ISSUES)]
        of = rules(issue, policies=FOOD_FOR_ALL, max_quantity=3, claims=claims)
        played = Played(market_spec(["ann", "bob"]), of, cast, seed=number)
        reached |= {type(event) for event in played.events}
    assert reached == set(logged_events(RETAIL))


FOOD_FOR_ALL = dict.fromkeys(CATEGORIES, ReturnPolicy(window_days=3, condition="unopened"))
