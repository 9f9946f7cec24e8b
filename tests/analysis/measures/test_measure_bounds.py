"""Rates, their bounds and moods, with every kind of episode in one run."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import polars as pl
import pytest

from retailsim.analysis.measures.failures import reasons
from retailsim.analysis.measures.value_text import bounded
from retailsim.analysis.projection.loader import load
from retailsim.analysis.replay.replay import Replay, replay
from retailsim.events.messages import (
    CommandRejected,
    DecisionMade,
    EpisodeFailed,
    IssueRaised,
    IssueResolved,
    Sentiment,
)
from tests.analysis.fakelog import (
    closed,
    episode,
    market,
    opened,
    order,
    refund,
    review,
    write_run,
)


def decided(sentiment: Sentiment, *, will_purchase: bool = True) -> DecisionMade:
    return DecisionMade(
        will_purchase=will_purchase,
        quantity=int(will_purchase),
        quantity_reason="",
        sentiment=sentiment,
        reason="",
    )


@pytest.fixture
def found(tmp_path: Path) -> Replay:
    """Two that bought (one of them two units, one given back), one that did not, four failed:
    one at each of its stages from before the decision to its reviews, and one behind a refund."""
    issue = IssueRaised(order="o", issue="damaged")
    solved = IssueResolved(order="o", outcome="refunded", resolution="", reason="")
    failures = [
        episode("f", opened(), EpisodeFailed(stage="decision", reason="r")),
        episode("g", opened(), order(9), issue, EpisodeFailed(stage="post_inquiry", reason="r")),
        episode("h", opened(), order(4), EpisodeFailed(stage="review", reason="r")),
        episode(
            *("i", opened(), order(2), IssueRaised(order="o", issue="damaged"), solved),
            *(refund(1, 1_000), EpisodeFailed(stage="review", reason="r")),
        ),
    ]
    parts = (
        closed("a", opened(), decided("Positive"), order(2, 1_000), refund(1, 1_000)),
        closed("b", opened(), decided("Neutral"), order(1, 500, shipping=50)),
        closed("c", opened(), decided("Positive")),
        *failures,
    )
    return replay(write_run(tmp_path / "run", market("m", *parts)))


def test_failed_episodes_bound_the_rate_from_both_sides(found: Replay) -> None:
    row = found.overall
    assert (row.episodes, row.failed, row.orders) == (3, 4, 5)
    assert (row.decided, row.undecided, row.unsettled) == (6, 1, 1)
    assert row.conversion_rate == 5 / 6
    assert row.conversion_rate_low == 5 / 7, "as if the one that did not decide had not bought"
    assert row.conversion_rate_high == 6 / 7, "as if it had"
    assert row.refund_rate == 2 / (2 + 1 + 4 + 2)
    assert row.refund_rate_low == 2 / (9 + 9), "as if the open order had been kept"
    assert row.refund_rate_high == (2 + 9) / (9 + 9), "as if all of it had gone back"


def test_units_and_money_are_those_of_all_orders(found: Replay) -> None:
    row = found.overall
    assert (row.units, row.units_refunded, row.average_quantity) == (18, 2, 18 / 5)
    assert (row.gross_revenue_cents, row.refunded_cents) == (17_500, 2_000)
    assert (row.net_revenue_cents, row.shipping_cents) == (15_500, 50)
    assert row.net_revenue_cents_low == 15_500 - 9_000


def test_a_yes_without_its_order_is_no_decision_and_a_refused_one_is(tmp_path: Path) -> None:
    """Where the order is what failed, nobody knows; where the market refused it, everybody does."""
    failure = EpisodeFailed(stage="order", reason="r")
    refused = CommandRejected(command="PlaceOrder", reason="too many")
    other = CommandRejected(command="ShowItems", reason="too many")
    parts = (
        episode("yes", opened(), decided("Positive"), failure),
        episode("no", opened(), decided("Neutral", will_purchase=False), deepcopy(failure)),
        episode("refused", opened(), decided("Positive"), refused, deepcopy(failure)),
        episode("other", opened(), decided("Positive"), other, deepcopy(failure)),
    )
    run = write_run(tmp_path / "run", market("m", *parts))
    frame = load(run).episodes
    known = dict(frame.select("episode", "decided").iter_rows())
    assert known == {"yes": False, "no": True, "refused": True, "other": False}
    assert not frame["settled"].any()
    assert replay(run).overall.sentiments == {"Positive": 3, "Neutral": 1, "Negative": 0}


def test_an_order_without_an_issue_is_settled_when_its_buyer_comes_to_the_reviews(
    tmp_path: Path,
) -> None:
    """Until then its issue may still be before it."""
    parts = (
        episode("ordered", opened(), order()),
        episode("reviewing", opened(), order(), review("pitch", 3)),
        episode("failed", opened(), order(), EpisodeFailed(stage="review", reason="r")),
        episode("earlier", opened(), order(), EpisodeFailed(stage="other", reason="r")),
    )
    frame = load(write_run(tmp_path / "run", market("m", *parts))).episodes
    assert dict(frame.select("episode", "settled").iter_rows()) == {
        "ordered": False,
        "reviewing": True,
        "failed": True,
        "earlier": False,
    }
    assert frame["decided"].all()


def test_moods_are_counted_each_by_its_name(found: Replay) -> None:
    assert found.overall.sentiments == {"Positive": 2, "Neutral": 1, "Negative": 0}


def test_reasons_are_counted_the_most_common_first_and_equals_by_name() -> None:
    over_http = f"OutsideFailed: agent s asked outside for 'POST {'0' * 64}': WireFault: "
    failed = pl.DataFrame(
        [
            ("pitch", "no reply"),
            ("review", "too long"),
            ("review", "too long"),
            ("pitch", f"{over_http}no reply"),
            ("decision", "zero"),
            ("decision", "no reply"),
            ("decision", "no reply"),
            ("decision", "no reply"),
        ],
        schema=["failed_stage", "failed_reason"],
        orient="row",
    )
    assert reasons(failed).rows() == [
        ("decision", "no reply", 3),
        ("pitch", "no reply", 2),
        ("review", "too long", 2),
        ("decision", "zero", 1),
    ]
    assert reasons(failed.head(0)).is_empty()


def test_an_amount_that_may_be_lower_is_marked_and_has_its_least_beside_it() -> None:
    assert bounded("cents", 1_250, None) == ("$12.50", "")
    assert bounded("cents", 1_250, 900) == ("$12.50*", "≥ $9.00")
    assert bounded("share", 0.25, 0.2) == ("25.0%*", "≥ 20.0%")
