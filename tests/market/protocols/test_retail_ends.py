"""How episodes and markets end: failures that stay where they are, and a pinned log of all ends."""

import os
from pathlib import Path
from typing import Any

import pytest

from retailsim.events.errors import UnknownRecipient, UnusableOutput
from retailsim.events.messages import (
    EpisodeFailed,
    MarketClosed,
    MarketFailed,
    OrderPlaced,
    OutputRejected,
    RefundIssued,
)
from retailsim.market.core.admission import ReplyRefused
from retailsim.market.core.request import AgentRequest
from retailsim.market.core.shipping import ShippingRules
from retailsim.market.protocols.retail.requests import (
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
from tests.market.players import (
    LAMP,
    REFUND,
    Played,
    but,
    buyer,
    market_spec,
    play,
    raises,
    rules,
    seller,
)

GOLDEN = Path(__file__).parent / "golden" / "retail_market.jsonl"


# -- failures ------------------------------------------------------------------------------

BUYER_STAGES: dict[type[AgentRequest], str] = {
    ChooseTopics: "topics",
    AskSeller: "pre_inquiry",
    Decide: "decision",
    Complain: "post_inquiry",
    WriteReview: "review",
}
TWO = {"ann": buyer(), "bob": buyer()}
SELLER_STAGES: dict[type[AgentRequest], str] = {
    AnswerBuyer: "pre_inquiry",
    GiveSupport: "post_inquiry",
    SettleIssue: "settlement",
}


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("kind", BUYER_STAGES)
def test_a_buyer_that_fails_ends_its_own_episode_only(
    kind: type[AgentRequest], waits: bool
) -> None:
    broken = but(buyer(), kind, raises(ValueError("no idea")))
    buyers = {"ann": buyer(), "bob": broken, "cat": buyer()}
    some = frozenset({"buyer:ann", "buyer:bob"}) if waits else frozenset()
    played = play(buying=buyers, of=rules("damaged on arrival"), waits=some)
    failed = played.one(EpisodeFailed, "e2")
    assert (failed.stage, failed.reason) == (BUYER_STAGES[kind], "ValueError: no idea")
    assert played.names("e2")[-1] == "EpisodeFailed"
    whole = play(buying=dict.fromkeys(buyers, buyer()), of=rules("damaged on arrival"))
    assert [played.names(e) for e in ("e1", "e3")] == [whole.names(e) for e in ("e1", "e3")]
    assert played.names(None)[-1] == "MarketClosed"
    assert isinstance(played.events[-1], MarketClosed)


@pytest.mark.parametrize("kind", SELLER_STAGES)
def test_a_seller_that_fails_one_buyer_ends_that_episode_only(kind: type[AgentRequest]) -> None:
    def answer(request: Any) -> Any:
        if request.episode == "e1":
            raise KeyError("sheet")
        return seller()[kind](request)

    played = play(
        but(seller(), kind, answer),
        dict.fromkeys(("ann", "bob"), buyer()),
        rules("damaged on arrival"),
    )
    failed = played.one(EpisodeFailed, "e1")
    assert (failed.stage, failed.reason) == (SELLER_STAGES[kind], "KeyError: 'sheet'")
    assert played.names("e2")[-1] == "EpisodeClosed"


@pytest.mark.parametrize(("kind", "stage"), [(FormStrategy, "strategy"), (PresentPitch, "pitch")])
def test_a_seller_without_a_pitch_fails_its_market_with_all_its_episodes(
    kind: type[AgentRequest], stage: str
) -> None:
    broken = but(seller(), kind, raises(ValueError("speechless")))
    played = play(broken, dict.fromkeys(("ann", "bob"), buyer()))
    ends = played.events[-3:]
    assert [type(event) for event in ends] == [EpisodeFailed, EpisodeFailed, MarketFailed]
    told = [event for event in ends if isinstance(event, EpisodeFailed | MarketFailed)]
    assert {(event.stage, event.reason) for event in told} == {(stage, "ValueError: speechless")}
    assert [event.episode for event in ends] == ["e1", "e2", None]
    assert played.market.finished
    assert not played.asked(ChooseTopics)


def test_unusable_output_is_kept_beside_the_failure() -> None:
    broken = but(buyer(), Decide, raises(UnusableOutput("no quantity", '{"buy": "yes"}')))
    played = play(buying=broken)
    rejected = played.one(OutputRejected)
    assert (rejected.stage, rejected.reason, rejected.raw) == (
        "decision", "no quantity", '{"buy": "yes"}'
    )  # fmt: skip
    assert played.names()[-2:] == ["OutputRejected", "EpisodeFailed"]


def test_unusable_output_of_a_pitch_belongs_to_the_market() -> None:
    broken = but(seller(), PresentPitch, raises(UnusableOutput("no sections", "um")))
    assert play(broken).names(None)[-2:] == ["OutputRejected", "MarketFailed"]


def test_what_an_agent_may_not_say_ends_its_episode_and_books_nothing() -> None:
    forged = RefundIssued(
        order="ORD",
        quantity=1,
        amount_cents=10**6,
        shipping_refund_cents=0,
        return_shipping_cents=0,
        return_shipping_payer="seller",
    )
    played = play(buying=but(buyer(), Decide, lambda request: [forged]))
    assert played.one(EpisodeFailed).reason == (
        "ReplyRefused: buyer:ann answered Decide with RefundIssued instead of Decision: "
        "return the value, the market writes the events"
    )
    assert "RefundIssued" not in played.names()


def test_a_market_whose_agents_were_not_registered_says_who_is_missing() -> None:
    with pytest.raises(UnknownRecipient, match="no agent is called 'buyer:ann'"):
        Played(market_spec(), rules(), {"seller:sam": seller()})


# -- golden --------------------------------------------------------------------------------

OTHER_TURN = ReplyRefused(
    "buyer:eve", "AskSeller", "stage pre_inquiry, role buyer, turn 7: not what was asked"
)
"""How an agent failed when the log was pinned; it says the words only now, and in no other turn."""


def golden_market() -> Played:
    """Play a market with all kinds of ends, some agents waiting."""
    buyers = {
        "ann": buyer(questions=2, quantity=2),
        "bob": buyer(buys=False, quantity=0, questions=0),
        "cat": buyer(quantity=50),
        "dan": but(buyer(), Complain, raises(ValueError("gone"))),
        "eve": but(buyer(), AskSeller, raises(OTHER_TURN)),
        "fay": buyer(complaints=0),
    }
    of = rules("change of mind", nonbuyer_reviews=True, guidance=0.5, shipping=ShippingRules())
    some = frozenset({"buyer:ann", "buyer:dan", "buyer:eve"})
    return play(seller(proposals={1: REFUND}), buyers, of, waits=some, discount=0.15)


def test_the_log_of_one_market_is_byte_for_byte_the_pinned_one() -> None:
    """Set UPDATE_GOLDEN=1 to write it anew after a change of the protocol that was meant."""
    lines = golden_market().lines
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_bytes(lines)
    assert lines == GOLDEN.read_bytes()
    assert lines == golden_market().lines


def test_a_product_of_one_cent_is_sold_for_one_cent() -> None:
    penny = LAMP.__class__(id="P", title="Penny", price_cents=1, category="Food")
    assert play(product=penny, discount=0.99).one(OrderPlaced).unit_price_cents == 1
