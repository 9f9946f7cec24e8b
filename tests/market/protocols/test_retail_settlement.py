"""Orders and their settlement: what the market places, refuses, books, and never books twice."""

from typing import Any

import msgspec
import pytest

from retailsim.events.messages import (
    CommandRejected,
    DecisionMade,
    EpisodeOpened,
    IssueRaised,
    IssueResolved,
    OrderDelivered,
    OrderPlaced,
    RefundIssued,
)
from retailsim.events.streams import Seed
from retailsim.market.core.durations import (
    DAY_US,
    MESSAGE_US,
)
from retailsim.market.core.orders import OrderError
from retailsim.market.core.return_policy import DEFAULT_POLICIES, ReturnPolicy
from retailsim.market.protocols.retail.protocol import RetailMarket
from retailsim.market.protocols.retail.requests import (
    ChooseTopics,
    Complain,
    Decide,
    EndDialogue,
    ProposeSettlement,
    SettleIssue,
    WriteReview,
)
from retailsim.market.protocols.retail.values import Settlement
from tests.market.players import (
    BOUGHT,
    END,
    EXCHANGE,
    INQUIRY,
    KEEP,
    LAMP,
    OPENING,
    REFUND,
    REVIEWS,
    STEADY,
    SUPPORT,
    Played,
    but,
    buyer,
    decided,
    market_spec,
    play,
    posted,
    rules,
    seller,
)


@pytest.fixture
def market() -> RetailMarket:
    return RetailMarket(market_spec(["ann", "bob"]), rules("damaged on arrival"), Seed(1))


# -- orders --------------------------------------------------------------------------------


def rejection(played: Played) -> tuple[str, str]:
    rejected = played.one(CommandRejected)
    return rejected.command, rejected.reason


@pytest.mark.parametrize("quantity", [0, -1, 21, 2**31 - 1])
def test_an_order_of_too_few_or_too_many_units_is_rejected_and_sells_nothing(quantity: int) -> None:
    played = play(buying=buyer(quantity=quantity))
    assert rejection(played) == (
        "PlaceOrder",
        f"quantity {quantity}: an order has 1 to 20 units",
    )
    assert played.names() == [*OPENING, *INQUIRY, "CommandRejected", *END]
    assert played.market.ledger.sales == {}


def test_the_largest_order_is_placed() -> None:
    order = play(buying=buyer(quantity=20)).one(OrderPlaced)
    assert (order.quantity, order.unit_price_cents, order.shipping_cents) == (20, 2_000, 100)


def test_an_order_is_named_after_product_and_episode() -> None:
    played = play(buying={"ann": buyer(), "bob": buyer()})
    orders = [played.one(OrderPlaced, episode).order for episode in ("e1", "e2")]
    assert all(order.startswith("ORD-LAMP-") and len(order) == 17 for order in orders)
    assert orders[0] != orders[1]


def test_price_and_discount_reach_the_order_and_not_the_streams() -> None:
    base = play()
    cheap = play(price_multiplier=1.1, discount=0.25)
    assert cheap.one(OrderPlaced).unit_price_cents == 1_650
    assert cheap.one(EpisodeOpened).price_cents == 1_650
    assert [r.unit for r in cheap.requests] == [r.unit for r in base.requests]


# -- settlements ---------------------------------------------------------------------------


@pytest.mark.parametrize("settlement", [KEEP, EXCHANGE])
def test_an_issue_settled_without_money(settlement: Settlement) -> None:
    played = play(seller(settles=settlement), of=rules("damaged on arrival"))
    resolved = played.one(IssueResolved)
    assert (resolved.outcome, resolved.resolution, resolved.reason, resolved.source) == (
        settlement.outcome, settlement.resolution, settlement.reason, "market"
    )  # fmt: skip
    assert "RefundIssued" not in played.names()
    assert played.market.ledger.accounts["goods"] == 2_000


def test_the_seller_states_the_settlement_only_where_it_proposed_none() -> None:
    assert (
        play(seller(proposals={1: KEEP}), of=rules("damaged on arrival")).asked(SettleIssue) == []
    )
    [asked] = play(of=rules("damaged on arrival")).asked(SettleIssue)
    assert [turn.text for turn in asked.transcript] == ["buyer says 1", "seller says 1"]


def test_the_last_proposal_binds() -> None:
    proposals = {1: REFUND, 2: EXCHANGE}
    played = play(seller(proposals=proposals), buyer(complaints=2), rules("damaged on arrival"))
    assert played.one(IssueResolved).outcome == "exchanged"


def test_a_buyer_may_accept_without_a_complaint() -> None:
    played = play(seller(settles=REFUND), buyer(complaints=0), rules("damaged on arrival"))
    assert "review post_inquiry" not in played.names()
    assert played.one(RefundIssued).amount_cents == 2_000


def test_a_delayed_order_arrives_after_the_complaint_and_before_the_reviews() -> None:
    played = play(of=rules("shipping delay"))
    names = played.names()
    assert names == [*BOUGHT, *SUPPORT, "IssueResolved", "OrderDelivered", *REVIEWS, *END]
    delivered, decided_at = played.one(OrderDelivered).t, played.one(OrderPlaced).t - DAY_US
    assert delivered // DAY_US == decided_at // DAY_US + 6
    assert played.one(IssueRaised).t == decided_at + 4 * DAY_US + MESSAGE_US


def test_a_delayed_order_refunded_on_its_way_never_arrives_and_needs_no_way_back() -> None:
    played = play(seller(proposals={1: REFUND}), of=rules("shipping delay"))
    assert "OrderDelivered" not in played.names()
    assert played.one(RefundIssued).return_shipping_cents == 0
    assert played.market.ledger.accounts == dict.fromkeys(
        ("buyer", "goods", "shipping", "returns"), 0
    )


def test_a_delay_of_no_days_is_a_delivery_in_time() -> None:
    shipping = STEADY.__class__(order_days=(1, 1), delivery_days=(2, 2), delay_days=(0, 0))
    names = play(of=rules("shipping delay", shipping=shipping)).names()
    assert names == [*BOUGHT, "OrderDelivered", *SUPPORT, "IssueResolved", *REVIEWS, *END]


def test_the_buyer_pays_the_way_back_for_a_change_of_mind() -> None:
    played = play(seller(settles=REFUND), of=rules("change of mind"))
    assert played.one(RefundIssued).return_shipping_payer == "buyer"
    assert played.market.ledger.accounts == {
        "buyer": -100, "goods": 0, "shipping": 0, "returns": 100
    }  # fmt: skip


def late(outcome: Settlement) -> Played:
    """Settle a change of mind some days after delivery under a policy that takes nothing back."""
    never = {c: ReturnPolicy(window_days=0, condition="never") for c in DEFAULT_POLICIES}
    return play(seller(proposals={1: outcome}), of=rules("change of mind", policies=never), seed=2)


@pytest.mark.parametrize("settlement", [REFUND, EXCHANGE])
def test_a_return_beyond_the_window_is_rejected_and_the_buyer_keeps_the_product(
    settlement: Settlement,
) -> None:
    played = late(settlement)
    order = played.asked(Complain)[0].order
    days = order.issue_day - order.delivered_day
    assert days > 0
    reason = f"{settlement.outcome} {days} days after delivery, the policy allows 0"
    assert rejection(played) == ("ProposeSettlement", reason)
    resolved = played.one(IssueResolved)
    assert (resolved.outcome, resolved.resolution) == ("delivered", "refused by the market")
    names = played.names()
    assert names[names.index("CommandRejected") :][1:] == ["IssueResolved", *REVIEWS, *END]
    assert played.market.ledger.accounts["goods"] == 2_000


@pytest.mark.parametrize("units", [0, -1, 3, 2**31 - 1])
def test_a_refund_of_units_that_were_not_bought_is_rejected(units: int) -> None:
    asked = REFUND.__class__(outcome="refunded", resolution="r", reason="r", refund_quantity=units)
    played = play(seller(settles=asked), buyer(quantity=2), rules("damaged on arrival"))
    assert rejection(played) == (
        "ProposeSettlement", f"refund of {units} units, the order has 2"
    )  # fmt: skip
    assert played.one(IssueResolved).outcome == "delivered"


def test_a_settled_order_cannot_be_settled_again(market: RetailMarket) -> None:
    """Not while its reviews are still to be written, and not after the episode."""
    decision = msgspec.structs.asdict(decided(True, 2))
    market.handle(DecisionMade(episode="e1", **decision))
    market.handle(ProposeSettlement(episode="e1", settlement=REFUND))
    first = posted(market.handle(EndDialogue(episode="e1")))
    assert [type(post.message) for post in first] == [IssueResolved, RefundIssued, WriteReview]
    books = dict(market.ledger.accounts)
    with pytest.raises(OrderError, match="is settled, not to be settled"):
        market.handle(EndDialogue(episode="e1"))
    assert market.ledger.accounts == books

    ended = play(seller(proposals={1: REFUND}), of=rules("damaged on arrival")).market
    books = dict(ended.ledger.accounts)
    assert ended.handle(ProposeSettlement(episode="e1", settlement=REFUND)) == []
    assert ended.ledger.accounts == books


def test_what_an_agent_does_to_the_sheet_stays_in_its_market() -> None:
    def scribble(request: ChooseTopics) -> Any:
        request.offer.product.details["Colour"] = "Gold"
        return buyer()[ChooseTopics](request)

    played = play(buying=but(buyer(), ChooseTopics, scribble))
    assert played.asked(Decide)[0].offer.product.details == {"Colour": "Gold"}
    assert LAMP.details == {"Colour": "Red"}
