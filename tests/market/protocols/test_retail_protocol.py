"""The retail protocol: who is asked what when, and what a journey looks like."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from retailsim.events.kernel import Post
from retailsim.events.messages import (
    DecisionMade,
    EpisodeOpened,
    IssueRaised,
    MarketClosed,
    MarketOpened,
    Message,
    MessageSent,
    OrderDelivered,
    OrderPlaced,
    RefundIssued,
)
from retailsim.events.streams import Seed
from retailsim.market.core.durations import (
    BROADCAST_US,
    DAY_US,
    DECISION_US,
    HOUR_US,
    MESSAGE_US,
    MINUTE_US,
    PLANNING_US,
)
from retailsim.market.core.issues import ISSUES, Issue
from retailsim.market.errors import UnexpectedMessage
from retailsim.market.protocols.retail.events import PitchPresented, StrategyFormed, TopicsChosen
from retailsim.market.protocols.retail.protocol import RetailMarket, dimensions
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    EndDialogue,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    WriteReview,
)
from retailsim.market.protocols.retail.values import (
    DIMENSIONS,
    NO_REVIEW,
    NoReview,
    Offer,
    Pitch,
    Review,
    Strategy,
    Topics,
    Turn,
)
from tests.market.players import (
    BOUGHT,
    END,
    EXCHANGE,
    INQUIRY,
    OPENING,
    REFUND,
    REVIEWS,
    SUPPORT,
    but,
    buyer,
    decided,
    market_spec,
    play,
    posted,
    rules,
    seller,
)

# -- message in, exact messages out --------------------------------------------------------


@pytest.fixture
def market() -> RetailMarket:
    return RetailMarket(market_spec(["ann", "bob"]), rules("damaged on arrival"), Seed(1))


def offer_of(market: RetailMarket) -> Offer:
    request = posted(market.open())[-1].message
    assert isinstance(request, FormStrategy)
    return request.offer


def test_a_market_opens_with_its_episodes_and_asks_the_seller_last(market: RetailMarket) -> None:
    first, *opened, asked = posted(market.open())
    assert first == Post(MarketOpened())
    assert [post.message.buyer for post in opened] == ["ann", "bob"]
    assert opened[0] == Post(
        EpisodeOpened(
            episode="e1",
            seller="sam",
            buyer="ann",
            product="LAMP",
            category="Home",
            title="Lamp",
            audience=None,
            list_price_cents=2_000,
            price_cents=2_000,
            price_multiplier=1.0,
            discount=0.0,
            replication=1,
            condition="base",
            seller_persona=None,
            buyer_persona=None,
            seller_gender=None,
            buyer_gender=None,
        )
    )
    request = FormStrategy(unit="LAMP/sam/1", offer=offer_of(market), dimensions=DIMENSIONS)
    assert asked == Post(request, "seller:sam", 0, 1)


def test_a_strategy_is_followed_by_the_request_for_the_pitch(market: RetailMarket) -> None:
    formed = StrategyFormed(seller="sam", product="LAMP", value_proposition="bright")
    request = PresentPitch(
        unit="LAMP/sam/1", offer=offer_of(market), strategy=Strategy(value_proposition="bright")
    )
    assert market.handle(formed) == [Post(request, "seller:sam", PLANNING_US)]


def test_a_pitch_is_broadcast_to_all_buyers_at_one_instant(market: RetailMarket) -> None:
    pitch = PitchPresented(seller="sam", product="LAMP", sections={"opening_hook": "Hi"})
    posts = posted(market.handle(pitch))
    assert [(post.to, post.delay_us) for post in posts] == [
        ("buyer:ann", BROADCAST_US),
        ("buyer:bob", BROADCAST_US),
    ]
    pitch.sections["opening_hook"] = "changed later"
    first = posts[0].message
    assert (first.episode, first.unit) == ("e1", "LAMP/ann/1")
    assert dict(first.pitch.sections) == {"opening_hook": "Hi"}
    with pytest.raises(TypeError):
        first.pitch.sections["opening_hook"] = "changed by a buyer"


def test_an_inquiry_goes_back_and_forth_until_the_buyer_ends_it(market: RetailMarket) -> None:
    about: dict[str, Any] = {
        "episode": "e1",
        "offer": offer_of(market),
        "pitch": Pitch(sections={}),
        "topics": Topics(topics=("shipping",), reason="r"),
    }
    chosen = TopicsChosen(episode="e1", topics=("shipping",), reason="r")
    ask = AskSeller(**about, unit="LAMP/ann/1", transcript=(), turn=1)
    assert market.handle(chosen) == [Post(ask, "buyer:ann", MESSAGE_US)]

    question = MessageSent(episode="e1", stage="pre_inquiry", role="buyer", turn=1, text="How?")
    answer = AnswerBuyer(
        **about, unit="LAMP/sam/ann/1", transcript=(Turn("buyer", "How?"),), turn=1
    )
    assert market.handle(question) == [Post(answer, "seller:sam", MESSAGE_US)]

    reply = MessageSent(episode="e1", stage="pre_inquiry", role="seller", turn=1, text="So.")
    talk = (Turn("buyer", "How?"), Turn("seller", "So."))
    again = AskSeller(**about, unit="LAMP/ann/1", transcript=talk, turn=2)
    assert market.handle(reply) == [Post(again, "buyer:ann", MESSAGE_US)]

    decide = Decide(**about, unit="LAMP/ann/1", transcript=talk)
    assert market.handle(EndDialogue(episode="e1")) == [Post(decide, "buyer:ann", DECISION_US)]


def test_a_purchase_becomes_an_order_on_the_books_and_days_of_its_own(market: RetailMarket) -> None:
    market.handle(TopicsChosen(episode="e1", topics=(), reason="r"))
    market.handle(EndDialogue(episode="e1"))
    decision = msgspec.structs.asdict(decided(True, 3))
    posts = posted(market.handle(DecisionMade(episode="e1", **decision)))
    placed, delivered, raised, complain = posts
    order = placed.message.order
    assert placed == Post(
        OrderPlaced(
            episode="e1",
            order=order,
            product="LAMP",
            quantity=3,
            unit_price_cents=2_000,
            shipping_cents=100,
        ),
        None,
        DAY_US,
    )
    assert delivered == Post(OrderDelivered(episode="e1", order=order), None, 3 * DAY_US)
    assert raised.message == IssueRaised(episode="e1", order=order, issue="damaged on arrival")
    assert complain.to == "buyer:ann"
    assert complain.message.order.goods_cents == 6_000
    assert raised.delay_us == complain.delay_us >= 3 * DAY_US + MESSAGE_US
    assert market.ledger.accounts == {
        "buyer": -6_100,
        "goods": 6_000,
        "shipping": 100,
        "returns": 0,
    }


@pytest.mark.parametrize("message", [MarketClosed(), MarketClosed(episode="e1")])
def test_what_no_agent_may_say_is_a_bug_of_the_caller(
    market: RetailMarket, message: Message
) -> None:
    message.source = "buyer:ann"
    with pytest.raises(UnexpectedMessage, match="buyer:ann sent MarketClosed"):
        market.handle(message)


# -- journeys ------------------------------------------------------------------------------


def test_the_whole_journey_of_a_refund() -> None:
    played = play(seller(proposals={1: REFUND}), of=rules("damaged on arrival"))
    assert played.names(None) == [
        "MarketOpened",
        "StrategyFormed",
        "PitchPresented",
        "MarketClosed",
    ]
    resolution = ["IssueResolved", "RefundIssued"]
    assert played.names() == [
        *BOUGHT, "OrderDelivered", *SUPPORT, *resolution, *REVIEWS, *END
    ]  # fmt: skip
    refund = played.one(RefundIssued)
    assert (refund.quantity, refund.amount_cents, refund.shipping_refund_cents) == (1, 2_000, 100)
    assert (refund.return_shipping_cents, refund.return_shipping_payer) == (100, "seller")
    assert played.market.finished
    assert played.market.ledger.accounts == {
        "buyer": 0, "goods": -100, "shipping": 0, "returns": 100
    }  # fmt: skip


def test_the_instants_of_a_journey_without_issue() -> None:
    played = play()
    start = PLANNING_US + BROADCAST_US
    instants = {name: event.t for name, event in zip(played.names(), played.of(), strict=True)}
    decision = start + 3 * MINUTE_US + 5 * MINUTE_US
    assert instants == {
        "EpisodeOpened": 0,
        "TopicsChosen": start,
        "buyer 1": start + MINUTE_US,
        "seller 1": start + 2 * MINUTE_US,
        "DecisionMade": decision,
        "OrderPlaced": decision + DAY_US,
        "OrderDelivered": decision + 3 * DAY_US,
        "review pitch": decision + 4 * DAY_US,
        "review pre_inquiry": decision + 4 * DAY_US + MINUTE_US,
        "review product": decision + 4 * DAY_US + 2 * MINUTE_US,
        "EpisodeClosed": decision + 4 * DAY_US + 2 * MINUTE_US,
    }
    assert start == HOUR_US + 10 * MINUTE_US


def test_without_an_issue_there_is_no_support_and_no_review_of_it() -> None:
    names = play().names()
    assert names == [
        *BOUGHT, "OrderDelivered", "review pitch", "review pre_inquiry", "review product", *END
    ]  # fmt: skip


def test_without_a_purchase_the_episode_ends_with_the_decision() -> None:
    played = play(buying=buyer(buys=False, quantity=0))
    assert played.names() == [*OPENING, *INQUIRY, *END]
    assert played.names(None)[-1] == "MarketClosed"
    assert played.market.ledger.sales == {}


def test_non_buyers_review_pitch_and_inquiry_where_the_rules_say_so() -> None:
    shopper = buyer(buys=False, quantity=0)
    played = play(buying=shopper, of=rules(nonbuyer_reviews=True))
    reviews = ["review pitch", "review pre_inquiry"]
    assert played.names() == [*OPENING, *INQUIRY, *reviews, *END]
    for request in played.asked(WriteReview):
        assert (request.order, request.issue, request.outcome, request.support) == (
            None, None, None, ()
        )  # fmt: skip


def test_without_questions_there_is_no_review_of_the_inquiry() -> None:
    played = play(buying=buyer(questions=0))
    names = [*OPENING, "TopicsChosen", "DecisionMade", "OrderPlaced", "OrderDelivered"]
    assert played.names() == [*names, "review pitch", "review product", *END]


@pytest.mark.parametrize("left_out", ["pitch", "pre_inquiry", "product"])
def test_a_review_may_be_left_out_and_the_next_is_asked_for(left_out: str) -> None:
    def reviewing(request: WriteReview) -> Review | NoReview:
        return NO_REVIEW if request.aspect == left_out else Review(rating=4, text="Good.")

    played = play(buying=but(buyer(), WriteReview, reviewing))
    aspects = ["pitch", "pre_inquiry", "product"]
    assert [request.aspect for request in played.asked(WriteReview)] == aspects
    written = [f"review {one}" for one in aspects if one != left_out]
    assert played.names() == [*BOUGHT, "OrderDelivered", *written, *END]


@pytest.mark.parametrize("most", [1, 3])
def test_both_dialogues_end_at_the_last_turn_with_the_sellers_word(most: int) -> None:
    endless = buyer(questions=99, complaints=99)
    played = play(buying=endless, of=rules("wrong item received", max_turns=most))
    turns = [f"{role} {turn}" for turn in range(1, most + 1) for role in ("buyer", "seller")]
    names = played.names()
    assert [name for name in names if name.startswith(("buyer", "seller"))] == turns * 2
    assert names[names.index("DecisionMade") - 1] == f"seller {most}"
    assert names[names.index("IssueResolved") - 1] == f"seller {most}"
    assert [r.last_turn for r in played.asked(GiveSupport)] == [False] * (most - 1) + [True]


def test_each_request_carries_everything_before_it() -> None:
    played = play(seller(proposals={1: EXCHANGE}), of=rules("damaged on arrival"))
    inquiry = (Turn("buyer", "buyer says 1"), Turn("seller", "seller says 1"))
    [decide] = played.asked(Decide)
    assert decide.transcript == inquiry
    assert decide.topics == Topics(topics=("shipping",), reason="in a hurry")
    first, second = played.asked(Complain)
    assert (first.inquiry, first.transcript, first.proposed) == (inquiry, (), None)
    assert (second.transcript, second.proposed) == (inquiry, EXCHANGE)
    review = played.asked(WriteReview)[-1]
    assert (review.aspect, review.support, review.outcome) == ("product", inquiry, "exchanged")
    assert review.order == first.order
    buyers = (ChooseTopics, AskSeller, Decide, Complain, WriteReview)
    for request in played.requests:
        shared = isinstance(request, FormStrategy | PresentPitch)
        sellers = "LAMP/sam/1" if shared else "LAMP/sam/ann/1"
        assert request.unit == ("LAMP/ann/1" if isinstance(request, buyers) else sellers)


# -- claims, guidance, units ---------------------------------------------------------------


def test_an_overclaim_that_is_noticed_becomes_not_as_described() -> None:
    issues = rules().issues.__class__(rate=0.0, overclaim_rate=1.0)
    played = play(seller(unsupported=("It flies.",)), of=rules(issues=issues))
    assert played.one(IssueRaised).issue == "not as described"
    assert "IssueRaised" not in play(of=rules(issues=issues)).names()


@pytest.mark.parametrize("issue", ISSUES)
def test_all_orders_of_a_product_have_its_issue(issue: Issue) -> None:
    played = play(buying={"ann": buyer(), "bob": buyer()}, of=rules(issue))
    assert [played.one(IssueRaised, episode).issue for episode in ("e1", "e2")] == [issue] * 2


def test_guidance_gives_nested_seeded_shares_of_the_four_dimensions() -> None:
    chosen = [dimensions(Seed(1), "LAMP", guidance / 4) for guidance in range(5)]
    assert [len(subset) for subset in chosen] == [0, 1, 2, 3, 4]
    assert all(set(a) < set(b) for a, b in pairwise(chosen))
    assert chosen[4] == DIMENSIONS
    halves = {dimensions(Seed(1), f"P{n}", 0.5) for n in range(100)}
    assert len(halves) == 6


def test_a_seller_is_guided_along_its_share_only() -> None:
    played = play(of=rules(guidance=0.5))
    [request] = played.asked(FormStrategy)
    formed = played.events[2]
    assert isinstance(formed, StrategyFormed)
    planned = [name for name in DIMENSIONS if getattr(formed, name) is not None]
    assert planned == list(request.dimensions)
    assert len(planned) == 2
