"""Rates, their bounds and moods, with every kind of episode in one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.analysis.replay.replay import Replay, replay
from retailsim.events.messages import DecisionMade, EpisodeFailed, Sentiment
from tests.analysis.fakelog import closed, episode, market, opened, order, refund, write_run


def decided(sentiment: Sentiment) -> DecisionMade:
    return DecisionMade(
        will_purchase=True, quantity=1, quantity_reason="", sentiment=sentiment, reason=""
    )


@pytest.fixture
def found(tmp_path: Path) -> Replay:
    """Two that bought (one of them two units, one given back), one that did not, three failed."""
    failures = [
        episode(f"f{number}", opened(), order(9), EpisodeFailed(stage="review", reason="r"))
        for number in range(3)
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
    assert (row.episodes, row.failed, row.orders) == (3, 3, 2)
    assert row.conversion_rate == 2 / 3
    assert row.conversion_rate_low == 2 / 6, "as if none of them had bought"
    assert row.conversion_rate_high == 5 / 6, "as if all of them had"


def test_units_and_money_are_those_of_closed_episodes(found: Replay) -> None:
    row = found.overall
    assert (row.units, row.units_refunded) == (3, 1)
    assert (row.refund_rate, row.average_quantity) == (1 / 3, 1.5)
    assert (row.gross_revenue_cents, row.refunded_cents) == (2_500, 1_000)
    assert (row.net_revenue_cents, row.shipping_cents) == (1_500, 50)


def test_moods_are_counted_each_by_its_name(found: Replay) -> None:
    assert found.overall.sentiments == {"Positive": 2, "Neutral": 1, "Negative": 0}
