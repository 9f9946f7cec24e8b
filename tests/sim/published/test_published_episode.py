"""One published log as events: each part by itself, in order, with its day and its source."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from retailsim.events.messages import (
    DecisionMade,
    EpisodeClosed,
    EpisodeFailed,
    Event,
    IssueRaised,
    IssueResolved,
    MessageSent,
    OrderDelivered,
    OrderPlaced,
    OutputRejected,
    RefundIssued,
    ReviewPosted,
)
from retailsim.market.catalogue.product import Product
from retailsim.market.core.durations import DAY_US
from retailsim.market.protocols.retail.events import TopicsChosen
from retailsim.sim.protocols.retail.published.published_episode import EpisodeImport
from retailsim.sim.protocols.retail.published.published_log import Setting
from retailsim.sim.protocols.retail.published.source import BuyerLog, Findings

ORDER: dict[str, Any] = {
    "order_id": "O-1",
    "product_price": 8.99,
    "quantity": 2,
    "order_date": "2025-03-03",
    "expected_delivery_date": "2025-03-05",
    "actual_delivery_date": "2025-03-08",
    "post_inquiry_type": "shipping delay",
}
DECISION: dict[str, Any] = {
    "will_purchase": True,
    "quantity": 2,
    "quantity_reason": "q",
    "sentiment": "Neutral",
    "reason": "r",
}
OUTCOME = {"outcome": "delivered", "resolution_type": "kept", "reason": "late"}
REFUNDED = OUTCOME | {"outcome": "refunded"}
LEFT: dict[str, Any] = {
    "purchase_decision": DECISION | {"will_purchase": False, "quantity": 0},
    "order": None,
    "post_cs_outcome": None,
}
"""What changes where nothing is bought."""
EVERYDAY: dict[str, Any] = {
    "seller_model": "S",
    "buyer_model": "B",
    "pre_inquiry_categories": [],
    "topic_selection_reason": "",
    "pre_purchase_history": [],
    "purchase_decision": DECISION,
    "order": ORDER,
    "post_purchase_history": [],
    "post_cs_outcome": OUTCOME,
    "reviews": {},
}


class Read:
    """An episode that was imported, and what was said of it."""

    def __init__(
        self, *, without: str = "", issue: str = "", category: Any = "Food", **changes: Any
    ) -> None:
        log = {name: value for name, value in (EVERYDAY | changes).items() if value is not ...}
        product = Product(id="P", title="Tea", category=category, price_cents=1000)
        start = dt.date(2025, 3, 1)
        self.findings = Findings()
        self.one = EpisodeImport(
            "e",
            msgspec.json.decode(msgspec.json.encode(log), type=BuyerLog),
            Setting(product=product, issue=issue, start=start),
            self.findings,
            "here",
        )
        self.one.run(without or None)

    @property
    def said(self) -> str:
        return "\n".join(self.findings.lines())

    def of(self, *kinds: type[Event]) -> list[Any]:
        return [event for event in self.one.events if isinstance(event, kinds)]

    @property
    def days(self) -> list[tuple[str, float]]:
        kinds = (OrderPlaced, IssueRaised, OrderDelivered, IssueResolved, RefundIssued)
        return [(type(event).__name__, event.t / DAY_US) for event in self.of(*kinds)]

    @property
    def end(self) -> tuple[str, str] | None:
        """Stage and reason of the failure; None for an episode that closed."""
        last = self.one.events[-1]
        if isinstance(last, EpisodeFailed):
            return last.stage, last.reason
        assert isinstance(last, EpisodeClosed)
        return None


def test_an_everyday_episode_is_in_the_order_in_which_it_happened() -> None:
    read = Read(
        topic_selection_reason="why",
        pre_inquiry_categories=["shipping time and cost"],
        pre_purchase_history=[{"role": "buyer", "content": "?"}],
        post_purchase_history=[{"role": "buyer", "content": "!"}],
        post_cs_outcome=REFUNDED,
        reviews={"product": {"rating": 1, "review_text": "no", "would_recommend": False}},
    )
    assert [type(event).__name__ for event in read.one.events] == [
        *("TopicsChosen", "MessageSent", "DecisionMade", "OrderPlaced", "IssueRaised"),
        *("OrderDelivered", "MessageSent", "IssueResolved", "RefundIssued", "ReviewPosted"),
        "EpisodeClosed",
    ]
    assert {event.episode for event in read.one.events} == {"e"}
    sources = {type(event): event.source for event in read.one.events}
    assert sources[TopicsChosen] == sources[DecisionMade] == sources[ReviewPosted] == "buyer:B"
    assert sources[OrderPlaced] == sources[IssueResolved] == sources[EpisodeClosed] == "market"
    assert read.of(DecisionMade)[0] == msgspec.structs.replace(
        DecisionMade(**DECISION), episode="e", source="buyer:B"
    )
    assert read.of(IssueResolved)[0].resolution == "kept"


# -- before the purchase -----------------------------------------------------------------------


def test_topics_get_the_words_of_the_protocol_and_unknown_ones_keep_their_own() -> None:
    published = {
        "price / discounts": "price/discount",
        "shipping time and cost": "shipping",
        "comparison with other products": "product comparison",
        "product specifications": "product specifications",
    }
    read = Read(pre_inquiry_categories=[*published, "weather"], topic_selection_reason="why")
    [chosen] = read.of(TopicsChosen)
    assert (chosen.topics, chosen.reason) == ((*published.values(), "weather"), "why")
    assert read.said.count("unknown topic") == 1 and "unknown topic 'weather', kept" in read.said


@pytest.mark.parametrize(
    ("changes", "chosen"),
    [
        ({"topic_selection_reason": ...}, [((), "")]),
        ({"pre_inquiry_categories": ...}, [((), "")]),
        ({"topic_selection_reason": ..., "pre_inquiry_categories": ...}, []),
    ],
)
def test_one_half_of_the_choice_of_topics_is_kept_without_the_other(
    changes: dict[str, Any], chosen: list[Any]
) -> None:
    read = Read(**changes)
    assert [(event.topics, event.reason) for event in read.of(TopicsChosen)] == chosen
    assert read.end and read.end[0] == "topics"


def test_turns_are_counted_by_the_buyers_messages_and_every_speaker_is_a_source() -> None:
    roles = ("buyer", "seller", "buyer", "seller")
    read = Read(pre_purchase_history=[{"role": role, "content": role} for role in roles])
    said = read.of(MessageSent)
    assert [event.turn for event in said] == [1, 1, 2, 2]
    assert [event.source for event in said] == ["buyer:B", "seller:S"] * 2
    assert {event.stage for event in said} == {"pre_inquiry"}
    assert [event.text for event in said] == list(roles)
    assert "speaks twice" not in read.said


@pytest.mark.parametrize(
    ("roles", "turns"),
    [(("seller", "buyer"), [1, 1]), (("buyer", "buyer"), [1, 2]), (("seller",), [1])],
)
def test_a_dialogue_out_of_turn_is_kept_and_said(roles: tuple[str, ...], turns: list[int]) -> None:
    said = [{"role": role, "content": "."} for role in roles]
    read = Read(post_purchase_history=said)
    assert [(event.stage, event.turn) for event in read.of(MessageSent)] == [
        ("post_inquiry", turn) for turn in turns
    ]
    assert "1 x post_purchase_history in which one side speaks twice in a row, or" in read.said
    assert read.end is None


@pytest.mark.parametrize("key", ["pre_purchase_history", "post_purchase_history"])
@pytest.mark.parametrize("said", [..., [{"role": "system", "content": "."}]])
def test_a_dialogue_that_is_missing_or_cannot_be_read_fails_at_its_stage(
    key: str, said: Any
) -> None:
    read = Read(**{key: said})
    assert read.of(MessageSent) == [] and len(read.of(OrderPlaced)) == 1
    assert [stage for stage, _ in read.one.problems] == [key.replace("purchase_history", "inquiry")]


# -- the order ---------------------------------------------------------------------------------


def test_an_order_is_at_the_price_paid_and_ships_by_the_list_price() -> None:
    [placed] = Read().of(OrderPlaced)
    assert (placed.order, placed.product, placed.quantity) == ("O-1", "P", 2)
    assert (placed.unit_price_cents, placed.shipping_cents) == (899, 50)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"order": ORDER | {"quantity": 1}}, "the decision is to buy 2, the order is for 1"),
        (LEFT | {"purchase_decision": DECISION}, "the decision is to buy 2, the order is for 0"),
        (
            {"purchase_decision": LEFT["purchase_decision"]},
            "the decision is to buy 0, the order is for 2",
        ),
    ],
)
def test_a_decision_and_an_order_that_contradict_each_other_fail(
    changes: dict[str, Any], reason: str
) -> None:
    assert Read(**changes).end == ("order", reason)


def test_who_does_not_buy_has_an_episode_too() -> None:
    read = Read(**LEFT, issue="shipping delay")
    assert read.end is None
    assert read.days == []


def test_an_order_that_cannot_be_read_is_one_failure_and_no_contradiction() -> None:
    read = Read(order={"order_id": "O-1"}, post_cs_outcome=None)
    assert read.end and read.end[0] == "order"
    assert "contradict" not in read.said
    assert read.of(OutputRejected)[0].raw == '{"order_id":"O-1"}'


def test_a_decision_that_cannot_be_read_is_not_compared_with_the_order() -> None:
    read = Read(purchase_decision={"buy": True})
    assert read.end and read.end[0] == "decision" and "contradict" not in read.said
    assert len(read.of(OrderPlaced)) == 1


# -- after the purchase ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "days"),
    [
        (ORDER, [("OrderPlaced", 2), ("IssueRaised", 4), ("OrderDelivered", 7)]),
        (
            ORDER | {"post_inquiry_type": "broken"},
            [("OrderPlaced", 2), ("OrderDelivered", 7), ("IssueRaised", 7)],
        ),
        (
            ORDER | {"actual_delivery_date": None},
            [("OrderPlaced", 2), ("IssueRaised", 4)],
        ),
        (
            ORDER | {"actual_delivery_date": None, "post_inquiry_type": "broken"},
            [("OrderPlaced", 2), ("IssueRaised", 2)],
        ),
    ],
)
def test_a_delay_is_raised_when_the_order_was_due_anything_else_on_arrival(
    order: dict[str, Any], days: list[Any]
) -> None:
    read = Read(order=order)
    assert read.days == [*days, ("IssueResolved", days[-1][1])]
    assert ("order that was not delivered" in read.said) is (order["actual_delivery_date"] is None)
    assert read.of(IssueRaised)[0].issue == order["post_inquiry_type"]


def test_the_issue_of_the_order_counts_and_else_that_of_the_market() -> None:
    assert Read(issue="broken").of(IssueRaised)[0].issue == "shipping delay"
    quiet = ORDER | {"post_inquiry_type": ""}
    assert Read(issue="broken", order=quiet).of(IssueRaised)[0].issue == "broken"
    assert Read(order=quiet, post_cs_outcome=None).end is None


def test_a_refund_is_of_all_units_and_nothing_else_is_one() -> None:
    assert Read().of(RefundIssued) == []
    [refund] = Read(post_cs_outcome=REFUNDED).of(RefundIssued)
    assert (refund.order, refund.quantity, refund.amount_cents) == ("O-1", 2, 1798)
    assert (refund.shipping_refund_cents, refund.return_shipping_cents) == (0, 0)


@pytest.mark.parametrize(
    ("category", "issue", "payer"),
    [
        ("Food", "change of mind", "buyer"),
        ("Food", "size or fit", "seller"),
        ("Fashion", "size or fit", "buyer"),
        ("Food", "broken", "seller"),
    ],
)
def test_who_pays_the_way_back_follows_from_the_category_and_the_issue(
    category: str, issue: str, payer: str
) -> None:
    read = Read(
        category=category, order=ORDER | {"post_inquiry_type": issue}, post_cs_outcome=REFUNDED
    )
    assert read.of(RefundIssued)[0].return_shipping_payer == payer


def test_an_issue_without_an_outcome_fails_and_an_outcome_without_an_order_is_kept() -> None:
    read = Read(post_cs_outcome=None)
    assert read.end == ("settlement", "the order has an issue, and it has no outcome")
    lost = Read(**LEFT | {"post_cs_outcome": OUTCOME})
    assert lost.end == ("settlement", "there is no order, and its outcome is delivered")
    assert "kept" in lost.of(OutputRejected)[0].raw
    assert lost.of(IssueResolved) == []


def test_an_outcome_that_cannot_be_read_is_one_failure() -> None:
    read = Read(post_cs_outcome={"outcome": "lost"})
    assert [stage for stage, _ in read.one.problems] == ["settlement"]
    assert "it has no outcome" not in read.said


# -- reviews -----------------------------------------------------------------------------------

ALL = ("broadcast", "pre_inquiry", "post_inquiry", "product")


def reviews(*keys: str, **fields: Any) -> dict[str, Any]:
    review = {"rating": 4, "review_text": "ok", "would_recommend": True} | fields
    return dict.fromkeys(keys, review)


def test_a_review_of_the_broadcast_is_one_of_the_pitch() -> None:
    read = Read(reviews=reviews(*ALL))
    assert [event.aspect for event in read.of(ReviewPosted)] == ["pitch", *ALL[1:]]
    assert {(e.rating, e.text, e.would_recommend) for e in read.of(ReviewPosted)} == {
        (4, "ok", True)
    }
    assert "review" not in read.said


@pytest.mark.parametrize("bought", [True, False])
def test_reviews_are_missing_or_too_many_by_what_was_bought(bought: bool) -> None:
    some = Read(reviews=reviews("broadcast"), **({} if bought else LEFT))
    missing = {key for key in ALL if f"no review of {key}" in some.said}
    assert missing == (set(ALL[1:]) if bought else {"pre_inquiry"})
    every = Read(reviews=reviews(*ALL), **({} if bought else LEFT))
    odd = {key for key in ALL if f"review of {key} without an order" in every.said}
    assert odd == (set() if bought else {"post_inquiry", "product"})
    assert len(every.of(ReviewPosted)) == 4


def test_what_is_odd_about_a_review_is_said() -> None:
    unknown = Read(reviews=reviews(*ALL, "weather"))
    assert "review of 'weather', which is no aspect; not imported" in unknown.said
    assert len(unknown.of(ReviewPosted)) == 4
    other = Read(reviews={"pre_inquiry": {"rating": 2, "review": "hm"}})
    assert other.of(ReviewPosted)[0].text == "hm"
    assert "review with its text under `review`, taken as it is" in other.said
    silent = Read(reviews=reviews(*ALL, would_recommend=None))
    assert "1 x product review without would_recommend" in silent.said
    extra = Read(reviews=reviews(*ALL, mood="good"))
    assert "1 x unknown key 'mood' in review of pitch, not imported" in extra.said


def test_reviews_that_cannot_be_read_fail_one_by_one_or_together() -> None:
    read = Read(reviews=reviews(*ALL[:3]) | {"product": {"rating": 6, "review_text": "wow"}})
    assert len(read.of(ReviewPosted)) == 3
    assert read.end and read.end[0] == "review" and read.end[1].startswith("reviews.product: ")
    assert Read(reviews=...).end == ("review", "the log has no reviews")


# -- the whole ---------------------------------------------------------------------------------


def test_an_episode_without_a_pitch_fails_there_first() -> None:
    read = Read(without="there is no broadcast", order=ORDER | {"quantity": 1})
    assert read.end == (
        "pitch",
        "there is no broadcast; the decision is to buy 2, the order is for 1",
    )


def test_copies_that_differ_are_said() -> None:
    read = Read(updated_order=ORDER | {"order_status": "elsewhere"})
    assert "updated_order that differs from what it repeats" in read.said
    assert read.end is None


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"order": ORDER | {"colour": 1}}, "order"),
        ({"post_cs_outcome": OUTCOME | {"colour": 1}}, "post_cs_outcome"),
    ],
)
def test_unknown_keys_are_said(changes: dict[str, Any], where: str) -> None:
    assert f"unknown key 'colour' in {where}, not imported" in Read(**changes).said
