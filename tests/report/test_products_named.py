"""A product with several titles has one name in a report, however its rows are ordered."""

from __future__ import annotations

import polars as pl
import pytest

from retailsim.analysis.measures.measure import ONE_TITLE
from retailsim.analysis.report.findings import product_counts
from retailsim.analysis.report.products import summed

MARKETS = [(seller, replication) for seller in "ab" for replication in range(4)]


def episodes() -> pl.DataFrame:
    """Two products; "lamp" has a title in each market, and none in the first."""
    rows = [
        {"product": product, "title": title, "seller": seller, "replication": replication}
        for number, (seller, replication) in enumerate(MARKETS)
        for product, title in (("lamp", f"Lamp {9 - number}" if number else None), ("mat", "Mat"))
    ]
    return pl.DataFrame(rows).with_columns(
        price_multiplier=1.0,
        discount=0.0,
        orders=1,
        settled=True,
        units=1,
        units_refunded=0,
        rating_product=4.0,
        net_revenue_cents=500,
        profit_cents=pl.lit(None, pl.Int64),
    )


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical])
@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_does_not_change_the_name(seed: int, kind: type[pl.DataType]) -> None:
    some = episodes().sample(fraction=1.0, shuffle=True, seed=seed)
    some = some.with_columns(pl.col("title").cast(kind))
    counts = product_counts(some, pl.col("orders") > 0, pl.lit(value=True))
    assert [one.name for one in counts] == ["Lamp 2", "Mat"]
    assert summed(some, "product")["title"].to_list() == ["Lamp 2", "Mat"]


def test_the_control_takes_what_comes_first() -> None:
    """Of the same rows in other orders, the first title is not the same."""
    of_one = episodes().filter(product="lamp")
    shuffled = [of_one.sample(fraction=1.0, shuffle=True, seed=seed) for seed in range(5)]
    first = pl.col("title").drop_nulls().first()
    assert len({some.select(first).item() for some in shuffled}) > 1
    assert {some.select(ONE_TITLE).item() for some in shuffled} == {"Lamp 2"}
