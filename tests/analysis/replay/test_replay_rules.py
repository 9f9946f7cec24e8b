"""What counts in a replay and what does not, one rule at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from retailsim.analysis.projection.errors import NotARun
from retailsim.analysis.projection.loader import load
from retailsim.analysis.replay.replay import Replay, replay
from retailsim.events import messages as m
from tests.analysis.fakelog import (
    Line,
    closed,
    episode,
    market,
    opened,
    order,
    refund,
    review,
    stamp,
    write_run,
)

ROW = {
    "episodes", "orders", "units", "units_refunded", "conversion_rate", "refund_rate",
    "average_quantity", "average_rating", "ratings", "gross_revenue_cents",
    "net_revenue_cents", "shipping_cents",
}  # fmt: skip


def measured(tmp_path: Path, *parts: list[m.Event], **options: Any) -> Replay:
    """A replay of one market holding `parts`."""
    return replay(write_run(tmp_path / "run", market("m", *parts), **options))


def call(cost: int | None, episode: str | None = "e", call: int = 0) -> m.ModelCalled:
    return m.ModelCalled(
        market="m", episode=episode, t=0, source="buyer:b", call=call, stage="decide",
        role="buyer", model="x", prompt_version="1", request_sha256="", answer="{}",
        finish="stop", input_tokens=100, cached_tokens=10, output_tokens=20,
        reasoning_tokens=5, cost_nanousd=cost,
    )  # fmt: skip


def test_the_json_has_the_fields_of_the_contract(tmp_path: Path) -> None:
    """Scripts rely on these names."""
    found = json.loads(msgspec.json.encode(measured(tmp_path, closed("e", opened(), order()))))
    assert set(found) >= {
        "run", "partial", "episodes", "rejected_outputs", "rejected_commands", "overall",
        "sellers", "buyers", "categories", "pairs", "cost",
    }  # fmt: skip
    assert set(found["episodes"]) >= {"opened", "closed", "failed"}
    assert set(found["overall"]) >= ROW
    assert set(found["overall"]["ratings"]) == set(m.ASPECTS)
    assert set(found["sellers"][0]) >= ROW | {"seller"}
    assert "buyer" not in found["sellers"][0]
    assert set(found["categories"][0]) >= ROW | {"category"}
    assert set(found["pairs"][0]) >= ROW | {"seller", "buyer", "normalized_revenue_cents"}
    assert "normalized_revenue_cents" not in found["overall"]


def test_nothing_counted_is_null_and_never_zero(tmp_path: Path) -> None:
    """An episode without an order has a conversion of 0 and no other rate."""
    row = measured(tmp_path, closed("e", opened())).overall
    assert row.conversion_rate == 0.0
    assert row.refund_rate is row.average_quantity is row.average_rating is None
    assert row.profit_cents is row.recommend_rate is None
    assert set(row.ratings.values()) == {None}


def test_an_empty_run_has_no_rates_and_no_rows(tmp_path: Path) -> None:
    """Nothing happened, and that is no error."""
    found = replay(write_run(tmp_path / "run", []))
    assert (found.episodes.opened, found.partial, found.sellers, found.pairs) == (0, False, (), ())
    assert found.overall.conversion_rate is None
    assert found.overall.net_revenue_cents == 0
    assert b"NaN" not in msgspec.json.encode(found)


def test_net_revenue_is_gross_minus_goods_refunded(tmp_path: Path) -> None:
    """Shipping, and shipping given back, stand apart."""
    back = m.RefundIssued(
        order="o", quantity=1, amount_cents=400, shipping_refund_cents=99,
        return_shipping_cents=50, return_shipping_payer="seller",
    )  # fmt: skip
    found = measured(tmp_path, closed("e", opened(), order(3, 500, shipping=99), back))
    row = found.overall
    assert (row.gross_revenue_cents, row.net_revenue_cents, row.shipping_cents) == (1500, 1100, 99)
    assert row.refund_rate == 1 / 3
    frame = load(tmp_path / "run").episodes
    assert frame["shipping_refund_cents"].item() == 99
    assert frame["return_shipping_seller_cents"].item() == 50
    assert frame["return_shipping_buyer_cents"].item() == 0


def test_only_buying_episodes_rate(tmp_path: Path) -> None:
    """Reviews of those who did not buy are in no average."""
    bought = closed("e1", opened(), order(), review("pitch", 5), review("product", 2, True))
    looked = closed("e2", opened(), review("pitch", 1))
    row = measured(tmp_path, bought, looked).overall
    assert row.average_rating == 3.5
    assert row.ratings == {"pitch": 5, "pre_inquiry": None, "post_inquiry": None, "product": 2}
    assert (row.reviews, row.recommend_rate) == (2, 1.0)


def test_a_failed_episode_counts_as_far_as_it_came(tmp_path: Path) -> None:
    """One that fails in its reviews has bought and kept; one that fails before it decides has
    nothing to add, and the bounds say what it could have changed."""
    failure = m.EpisodeFailed(stage="review", reason="no answer")
    fails = episode("e2", opened(), order(5), review("pitch", 1), failure)
    lost = episode("e3", opened(), m.EpisodeFailed(stage="topics", reason="no answer"))
    found = measured(tmp_path, closed("e1", opened()), fails, lost)
    row = found.overall
    assert (found.episodes.opened, found.episodes.closed, found.episodes.failed) == (3, 1, 2)
    assert (row.episodes, row.failed, row.decided, row.undecided) == (1, 2, 2, 1)
    assert (row.units, row.conversion_rate, row.refund_rate) == (5, 0.5, 0.0)
    assert (row.conversion_rate_low, row.conversion_rate_high) == (1 / 3, 2 / 3)
    assert row.average_rating == 1.0
    assert not found.partial
    assert load(tmp_path / "run").episodes["failed_stage"].to_list() == [
        *(None, "review", "topics")
    ]


def test_a_retried_episode_counts_nowhere(tmp_path: Path) -> None:
    """Neither it nor its rejections: the episode that retries it stands in its place."""
    rejected = m.OutputRejected(stage="decide", reason="r", raw="")
    first = episode("e1", opened(), rejected, m.EpisodeFailed(stage="decide", reason="r"))
    second = episode("e2", opened(retries="e1"), m.EpisodeFailed(stage="decide", reason="r"))
    found = measured(tmp_path, first, second, closed("e3", opened(retries="e2"), order()))
    counts = found.episodes
    assert (counts.opened, counts.closed, counts.failed, counts.superseded) == (1, 1, 0, 2)
    assert found.rejected_outputs == 0
    assert found.overall.conversion_rate_low == 1.0


def test_an_open_episode_makes_the_run_partial(tmp_path: Path) -> None:
    """Even of a sealed log; its order counts, what becomes of that is not known yet."""
    found = measured(tmp_path, episode("e1", opened(), order()), closed("e2", opened()))
    assert found.partial
    assert (found.episodes.opened, found.episodes.closed) == (2, 1)
    assert (found.overall.open, found.overall.orders, found.overall.conversion_rate) == (1, 1, 0.5)
    assert (found.overall.refund_rate, found.overall.refund_rate_high) == (None, None)


def test_an_unsealed_log_is_partial(tmp_path: Path) -> None:
    """Whatever is in it: markets that were not begun leave no trace."""
    assert measured(tmp_path, closed("e", opened()), seal=False).partial


def test_a_market_that_has_not_ended_is_partial(tmp_path: Path) -> None:
    """Its next episode may still come."""
    events = stamp("m", [m.MarketOpened(), *closed("e", opened())])
    assert replay(write_run(tmp_path / "run", events)).partial


def test_episodes_of_a_failed_market_fail_with_it(tmp_path: Path) -> None:
    """Those that had ended keep their end."""
    parts = closed("e1", opened(), order()), episode("e2", opened())
    events = market("m", *parts, end=m.MarketFailed(stage="pitch", reason="no words"))
    found = replay(write_run(tmp_path / "run", events))
    assert (found.failed_markets, found.partial) == (1, False)
    assert (found.episodes.closed, found.episodes.failed) == (1, 1)
    frame = load(tmp_path / "run").episodes.filter(episode="e2")
    assert frame.select("failed_stage", "failed_reason").row(0) == ("pitch", "no words")


def test_rejections_of_the_whole_market_are_counted(tmp_path: Path) -> None:
    """And those of an episode whose opening never came."""
    rejected = m.OutputRejected(stage="pitch", reason="r", raw="")
    early = episode("e1", m.CommandRejected(command="c", reason="r"))
    end = m.MarketFailed(stage="pitch", reason="r")
    found = replay(write_run(tmp_path / "run", market("m", [rejected], early, end=end)))
    assert (found.rejected_outputs, found.rejected_commands) == (1, 1)
    assert found.episodes.opened == 0


def test_an_episode_without_a_category_is_in_no_category(tmp_path: Path) -> None:
    """It is in the other tables."""
    found = measured(tmp_path, closed("e", opened(category=None), order()))
    assert found.categories == ()
    assert len(found.sellers) == len(found.pairs) == 1


def test_profit_is_over_the_products_with_a_unit_cost(tmp_path: Path) -> None:
    """Net revenue minus the cost of the units sold; who sold nothing with a cost has none."""
    known = closed("e1", opened(unit_cost_cents=300), order(2), refund())
    unknown = closed("e2", opened(seller="t"), order())
    found = measured(tmp_path, known, unknown)
    assert [row.profit_cents for row in found.sellers] == [1000 - 600, None]
    assert (found.overall.profit_cents, found.overall.profit_episodes) == (1000 - 600, 1)


def test_goods_at_cost_earn_nothing_and_returns_lose(tmp_path: Path) -> None:
    """Sold at what it cost, an order earns 0; refunded, the goods are lost."""
    sold = closed("e1", opened(unit_cost_cents=1000), order())
    back = closed("e2", opened("t", unit_cost_cents=1000), order(), refund())
    found = measured(tmp_path, sold, back)
    assert [row.profit_cents for row in found.sellers] == [0, -1000]


def test_cost_is_null_without_model_calls(tmp_path: Path) -> None:
    """Offline agents cost nothing that could be counted."""
    assert measured(tmp_path, closed("e", opened())).cost is None


@pytest.mark.parametrize(("second", "total", "unpriced"), [(50, 150, 0), (None, None, 1)])
def test_cost_sums_recorded_calls(
    tmp_path: Path, second: int | None, total: int | None, unpriced: int
) -> None:
    """One unknown price makes the sum unknown."""
    lines: list[Line] = [*market("m", closed("e", opened())), call(100), call(second, None, call=1)]
    cost = replay(write_run(tmp_path / "run", lines)).cost
    assert cost is not None
    assert (cost.calls, cost.input_tokens, cost.cached_tokens) == (2, 200, 20)
    assert (cost.output_tokens, cost.reasoning_tokens) == (40, 10)
    assert (cost.cost_nanousd, cost.unpriced_calls) == (total, unpriced)


def test_the_episodes_frame_says_who_and_what(tmp_path: Path) -> None:
    """Personas become a column per trait, null where there is no persona."""
    opening = opened(
        seller_persona={"assertiveness": "assertive", "rationality": "rational", "humour": "dry"},
        seller_gender="female", price_multiplier=1.25, condition="arm",
    )  # fmt: skip
    talk = [
        m.MessageSent(stage=stage, role=role, turn=1, text="?")
        for stage in ("pre_inquiry", "post_inquiry", "sales")
        for role in ("buyer", "seller")
    ]
    decision = m.DecisionMade(
        will_purchase=True, quantity=1, quantity_reason="", sentiment="Positive", reason=""
    )
    measured(tmp_path, closed("e", opening, *talk, decision, order(), review("product", 4, False)))
    row = load(tmp_path / "run").episodes.row(0, named=True)
    expected = {
        "episode": "e", "market": "m", "seller": "s", "buyer": "b", "category": "Food",
        "seller_assertiveness": "assertive", "seller_friendliness": None,
        "seller_rationality": "rational", "buyer_pickiness": None, "buyer_rationality": None,
        "seller_gender": "female", "price_multiplier": 1.25, "condition": "arm",
        "status": "closed", "pre_exchanges": 1, "post_exchanges": 1, "sales_exchanges": 1,
        "will_purchase": True, "sentiment": "Positive", "rating_product": 4,
        "rating_pitch": None, "reviews": 1, "would_recommend": False, "opened_t": 1_000,
        "superseded": False,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


def test_sums_are_integers(tmp_path: Path) -> None:
    """Float sums depend on the order in which groups are added."""
    measured(tmp_path, closed("e", opened(), order()))
    frame = load(tmp_path / "run").episodes
    counts = frame.select(pl.selectors.numeric() - pl.selectors.by_name("price_multiplier"))
    assert set(counts.drop("discount").dtypes) == {pl.Int64}


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    """The message says which folder and what to give instead."""
    with pytest.raises(NotARun, match="no events/ folder here; give the folder of a run") as error:
        replay(tmp_path)
    assert str(tmp_path) in str(error.value)


def test_what_else_was_given_is_said(tmp_path: Path) -> None:
    (tmp_path / "experiment" / "all" / "events").mkdir(parents=True)
    (tmp_path / "file").touch()
    for name, said in (
        ("none", "there is no such folder"),
        ("file", "it is a file"),
        ("experiment", f"give the folder of a run, as {tmp_path / 'experiment' / 'all'}$"),
    ):
        with pytest.raises(NotARun, match=said):
            replay(tmp_path / name)
