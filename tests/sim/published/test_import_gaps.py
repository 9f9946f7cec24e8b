"""Markets that cannot be, episodes of one name, and what is said after an import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from retailsim.sim.protocols.retail.published.source import SourceProduct
from tests.sim.published.test_import_measures import played, trip
from tests.sim.runs import events_of, replayed


@pytest.mark.slow
def test_a_buyer_twice_and_a_buyer_named_like_the_second_are_three_episodes(tmp_path: Path) -> None:
    run, said = played(tmp_path, trip(), trip(), trip(buyer_model="B#2"))
    assert len({event["episode"] for event in events_of(run, "EpisodeOpened")}) == 3
    assert replayed(run)["episodes"]["closed"] == replayed(run)["overall"]["orders"] == 3
    assert "1 x buyer that met the same seller over the same product" in said


def test_a_seller_without_a_broadcast_fails_its_market(tmp_path: Path) -> None:
    run, _ = played(tmp_path, trip(), trip(seller_model="T"))
    (failed,) = events_of(run, "MarketFailed")
    assert (failed["market"], failed["stage"]) == ("P/T/0/1", "pitch")
    assert [event["market"] for event in events_of(run, "MarketClosed")] == ["P/S/0/1"]
    measures = replayed(run)
    assert measures["failed_markets"] == measures["episodes"]["failed"] == 1
    assert not measures["partial"]


def test_a_broadcast_without_a_strategy_forms_none(tmp_path: Path) -> None:
    run, said = played(tmp_path, trip())
    assert events_of(run, "StrategyFormed") == []
    assert "broadcast without a strategy" in said


def test_the_last_lines_count_and_say_why_episodes_failed(tmp_path: Path) -> None:
    _, said = played(tmp_path, trip(), trip(buyer_model="C", order=None, post_cs_outcome=None))
    counts, why = said.splitlines()[-2:]
    assert counts.endswith("2 episodes: 1 closed, 1 failed; 1 orders (delivered 1)")
    assert why.startswith("1 of the 1 failed in order: ")


def test_models_of_a_provider_become_seats(tmp_path: Path) -> None:
    """PROVIDER/MODEL is a name that a seat cannot have: its slash becomes a colon, as elsewhere."""
    run, _ = played(tmp_path, trip(buyer_model="openai/gpt-5.4"))
    (opened,) = events_of(run, "EpisodeOpened")
    assert opened["buyer"] == "openai:gpt-5.4"
    assert replayed(run)["episodes"]["closed"] == 1


def test_two_sellers_that_become_one_are_refused() -> None:
    known = {"product_id": "p", "product_title": "t", "product_category": "Food"}
    prices = {"discount_rate": 0.0, "discount_price": 1.0, "buyer_logs": []}
    both: dict[str, Any] = {"broadcasts": {"a/b": {}, "a:b": {}}}
    with pytest.raises(msgspec.ValidationError, match="differ only in / and :"):
        msgspec.json.decode(msgspec.json.encode({**known, **prices, **both}), type=SourceProduct)
