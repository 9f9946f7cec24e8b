"""Measures against plain Python over the rows, and what they are worth against plain sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.analysis.measures.comparison import compare
from retailsim.analysis.measures.estimates import decided, estimate, measured
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.rows import MeasureRow, counted, measures, overall, ratio
from retailsim.analysis.measures.table import MEASURES, measure
from retailsim.events.messages import ASPECTS
from tests.analysis.plain_measures import Row, divided, plain

_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("episode", "status", "seller", "buyer", "category", "product"), pl.String),
    **dict.fromkeys(("superseded", "decided", "settled"), pl.Boolean),
    **dict.fromkeys(("orders", "units", "units_refunded", "replication"), pl.Int64),
    **dict.fromkeys(("gross_revenue_cents", "refunded_cents", "net_revenue_cents"), pl.Int64),
    **dict.fromkeys(("shipping_cents", "unit_cost_cents", "reviews"), pl.Int64),
    **dict.fromkeys(("carrier_cents", "payment_fee_cents", "profit_cents"), pl.Int64),
    **dict.fromkeys(("price_cents", "returned_cost_cents", "salvage_cents"), pl.Int64),
    **dict.fromkeys(("price_multiplier", "discount"), pl.Float64),
    "sentiment": pl.String,
    "would_recommend": pl.Boolean,
    **{f"rating_{aspect}": pl.Int64 for aspect in ASPECTS},
    **{f"reviews_{aspect}": pl.Int64 for aspect in ASPECTS},
}

DONE: Row = {"status": "closed", "superseded": False, "decided": True, "settled": True}

_few = settings(max_examples=25, deadline=None)


@st.composite
def ends(draw: st.DrawFn, buys: bool) -> Row:
    """How an episode ended, and what is known of it: all where it closed, no more than it did."""
    status = draw(st.sampled_from(("closed", "closed", "closed", "failed", "open")))
    closed = status == "closed"
    return {
        "status": status,
        "decided": closed or buys or draw(st.booleans()),
        "settled": buys and (closed or draw(st.booleans())),
    }


@st.composite
def episode(draw: st.DrawFn, bought: bool | None = None) -> Row:
    """A row as the projection has them: only what was bought is refunded or reviewed."""
    buys = draw(st.booleans()) if bought is None else bought
    units = draw(st.integers(1, 4)) if buys else 0
    price = draw(st.integers(1, 9_999))
    back = draw(st.integers(0, units))
    stars = {a: draw(st.none() | st.integers(1, 5)) if buys else None for a in ASPECTS}
    cost = draw(st.none() | st.integers(1, 500))
    return {
        **draw(ends(buys)),
        "seller": draw(st.sampled_from(("ann", "bob"))),
        "buyer": draw(st.sampled_from(("cid", "dot"))),
        "category": draw(st.none() | st.sampled_from(("Food", "Home"))),
        "product": draw(st.sampled_from(("p", "q", "r"))),
        "superseded": draw(st.sampled_from((False, False, False, True))),
        "orders": int(buys),
        "units": units,
        "units_refunded": back,
        "gross_revenue_cents": price * units,
        "refunded_cents": price * back,
        "net_revenue_cents": price * (units - back),
        "shipping_cents": draw(st.integers(0, 800)) if buys else 0,
        "carrier_cents": draw(st.integers(0, 900)) if buys else 0,
        "payment_fee_cents": draw(st.integers(0, 90)) if buys else 0,
        "unit_cost_cents": cost,
        "profit_cents": None if cost is None else draw(st.integers(-9_999, 9_999)) * buys,
        "sentiment": draw(st.none() | st.sampled_from(("Positive", "Negative"))),
        "would_recommend": draw(st.none() | st.booleans()) if buys else None,
        "replication": 0,
        "price_multiplier": 1.0,
        "discount": 0.0,
        "reviews": sum(one is not None for one in stars.values()),
        **{f"rating_{aspect}": one for aspect, one in stars.items()},
        **{f"reviews_{aspect}": int(one is not None) for aspect, one in stars.items()},
    }


def frame(rows: Sequence[Row]) -> pl.DataFrame:
    named = [{"episode": f"e{n}", **row} for n, row in enumerate(rows)]
    return pl.DataFrame(named, schema=_SCHEMA, orient="row")


@pytest.mark.slow
@_few
@given(st.lists(episode(), max_size=12))
def test_the_whole_run_is_the_plain_sums(rows: list[Row]) -> None:
    counting = [row for row in rows if not row["superseded"]]
    found = overall(counted(frame(rows)))
    assert found == plain(counting)
    assert list(found) == list(plain(counting))


@_few
@given(st.lists(episode(), max_size=12), st.sampled_from(("seller", "buyer", "category")))
def test_a_group_is_the_plain_sums_of_its_rows(rows: list[Row], key: str) -> None:
    counting = [row for row in rows if not row["superseded"] and row[key] is not None]
    names = sorted({row[key] for row in counting})
    expected = [
        {key: name, **plain([row for row in counting if row[key] == name])} for name in names
    ]
    assert measures(counted(frame(rows)), (key,)) == expected


@pytest.mark.slow
@_few
@given(st.lists(episode(), max_size=12))
def test_pairs_are_set_against_the_mean_of_those_observed(rows: list[Row]) -> None:
    counting = [row for row in rows if not row["superseded"]]
    pairs = measures(counted(frame(rows)), ("seller", "buyer"))
    assert [(row["seller"], row["buyer"]) for row in pairs] == sorted(
        {(row["seller"], row["buyer"]) for row in counting}
    )
    observed = [row["net_revenue_cents"] for row in pairs if row["decided"]]
    for row in pairs:
        alone = [r for r in counting if (r["seller"], r["buyer"]) == (row["seller"], row["buyer"])]
        expected = None
        if row["decided"]:
            mean = sum(observed) / len(observed)
            expected = pytest.approx(row["net_revenue_cents"] - mean, abs=1e-6)
        assert {**row, "normalized_revenue_cents": expected} == {
            "seller": row["seller"],
            "buyer": row["buyer"],
            **plain(alone),
            "normalized_revenue_cents": expected,
        }
        assert row["normalized_revenue_cents"] == expected


@_few
@given(st.lists(episode(), min_size=1, max_size=12))
def test_an_estimate_is_the_measure_over_decided_episodes(rows: list[Row]) -> None:
    some = decided(frame(rows))
    [found] = measured(some)
    expected = plain([row for row in rows if not row["superseded"] and row["decided"]])
    assert found.episodes == expected["decided"]
    assert found.totals["episodes"] == expected["episodes"]
    for name in ("conversion_rate", "refund_rate", "average_quantity", "average_rating"):
        assert found[name].value == pytest.approx(expected[name])
        assert ratio(measure(name), some) == expected[name]
    settled = (row for row in rows if row["settled"] and not row["superseded"])
    assert found["refund_rate"].n == sum(row["units"] for row in settled)
    assert found["average_rating"].n == expected["reviews"]
    net = divided(expected["net_revenue_cents"], expected["decided"])
    assert found["net_revenue_cents"].value == pytest.approx(net)
    assert found.totals["net_revenue_cents"] == expected["net_revenue_cents"]


def test_a_profit_is_over_the_products_that_have_a_cost() -> None:
    base = {**DONE, "orders": 1, "units": 2}
    earned = (("p", 900), ("q", -300), ("r", None))
    rows = [{**base, "product": product, "profit_cents": cents} for product, cents in earned]
    some = decided(frame(rows))
    profit = estimate(measure("profit_cents"), some)
    assert (profit.value, profit.n) == (300, 2)
    assert profit.interval is not None
    assert profit.interval.low < 0
    assert measured(some)[0].totals["profit_cents"] == 600
    nothing = decided(frame(rows[2:]))
    assert estimate(measure("profit_cents"), nothing).value is None
    assert "profit_cents" not in measured(nothing)[0].totals


def test_profit_comes_first_among_the_differences_unless_nothing_has_a_cost() -> None:
    base = {**DONE, "seller": "s", "buyer": "b", "orders": 1, "units": 1, "replication": 0}
    known = [{**base, "product": f"p{n}", "profit_cents": 100 * n} for n in range(8)]
    unknown = [{**row, "profit_cents": None} for row in known]
    more = [{**row, "profit_cents": 100 * n + 50 + n} for n, row in enumerate(known)]
    first, *others = compare(Run(known), Run(more)).planned
    assert first.measure == "profit_cents"
    assert first.test.estimate == pytest.approx(50 + 3.5)
    without = compare(Run(known), Run(unknown)).planned
    assert [one.measure for one in without] == [one.measure for one in others]


def test_an_episode_shares_its_product_or_else_its_profile_or_else_nothing() -> None:
    rows = [
        {"product": "a/b", "profile": "x"},
        {"product": None, "profile": "y/z"},
        {"product": None, "profile": None},
    ]
    base = pl.DataFrame({"episode": ["m/1", "n/2", "o/3"], "decided": True, "superseded": False})
    both = base.with_columns(pl.DataFrame(rows, schema={"product": str, "profile": str}))
    assert decided(both)["cluster"].to_list() == ["a/b", "y/z", "o/3"]
    assert decided(both.drop("profile"))["cluster"].to_list() == ["a/b", "n/2", "o/3"]


class Run:
    """Whatever has episodes can be compared."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.episodes = frame(rows)


@pytest.mark.slow
@settings(max_examples=5, deadline=None)
@given(st.lists(st.tuples(episode(), episode()), min_size=2, max_size=6))
def test_what_each_episode_has_is_compared_pair_by_pair(pairs: list[tuple[Row, Row]]) -> None:
    same = {**DONE, "seller": "s", "buyer": "b"}
    here = [{**one, **same, "product": f"p{n}"} for n, (one, _) in enumerate(pairs)]
    there = [{**two, **same, "product": f"p{n}"} for n, (_, two) in enumerate(pairs)]
    found = compare(Run(here), Run(there))
    assert found.pairs == len(pairs)
    changes = {change.measure: change.test for change in found.planned}
    bought = sum(two["orders"] - one["orders"] for one, two in zip(here, there, strict=True))
    net = sum(row["net_revenue_cents"] for row in there) - sum(
        row["net_revenue_cents"] for row in here
    )
    assert changes["conversion_rate"].estimate == pytest.approx(bought / len(pairs))
    assert changes["net_revenue_cents"].estimate == pytest.approx(net / len(pairs))
    first, second = (plain(rows)["refund_rate"] for rows in (here, there))
    if first is not None and second is not None:
        assert changes["refund_rate"].estimate == pytest.approx(second - first)


def test_a_measure_of_some_episodes_is_compared_as_a_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of one run are not those of the other, so no pair of them is one."""
    big = Measure(
        name="big_order_rate",
        label="Big orders",
        unit="share",
        numerator=pl.col("units") > 2,
        denominator=pl.lit(1),
        counts=pl.col("orders") > 0,
        views=("compare",),
    )
    monkeypatch.setitem(MEASURES, big.name, big)
    same = {**DONE, "seller": "s", "buyer": "b", "orders": 1}
    here = [{**same, "product": f"p{n}", "units": n} for n in (1, 2, 3, 4)]
    there = [{**same, "product": f"p{n}", "units": n, "orders": int(n > 2)} for n in (1, 2, 3, 4)]
    [found] = [c for c in compare(Run(here), Run(there)).planned if c.measure == big.name]
    assert found.test.estimate == 1.0 - 0.5
    assert (found.first.n, found.second.n) == (4, 2)


def test_a_row_reads_like_a_dictionary_and_like_a_value() -> None:
    row = MeasureRow(orders=3)
    assert row.orders == row["orders"] == 3
    with pytest.raises(AttributeError):
        _ = row.nothing_of_the_kind
