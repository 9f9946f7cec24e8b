"""Break-even of a change of price: against plain algebra, its interval against a known truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from retailsim.analysis.measures.break_even import BreakEven, break_even
from retailsim.analysis.statistics.fieller import fieller

Rows = list[tuple[str, int, int | None]]
"""Product, orders, profit in cents."""


def side(rows: Rows, *, price: int = 1_000, discount: float = 0.0) -> pl.DataFrame:
    columns: dict[str, Any] = {"product": pl.String, "orders": pl.Int64, "profit_cents": pl.Int64}
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(
        cluster=pl.col("product"),
        price_cents=pl.lit(price),
        discount=pl.lit(discount),
        price_multiplier=pl.lit(1.0),
    )


def told(before: Rows, after: Rows) -> BreakEven:
    found = break_even(side(before), side(after, price=900, discount=0.1))
    assert found is not None
    return found


def test_ten_percent_off_a_margin_of_forty_takes_a_third_more_orders() -> None:
    """The textbook's: margin 40 % of the price, 10 % off: 40 / 30 - 1 = 33 % more orders."""
    before: Rows = [(f"p{n}", int(n % 2), 400 * (n % 2)) for n in range(40)]
    after: Rows = [(f"p{n}", int(n % 5 < 3), 300 * (n % 5 < 3)) for n in range(40)]
    found = told(before, after)
    assert found.needed == pytest.approx(0.5 / 3)
    assert found.seen == pytest.approx(0.1)
    assert found.told[0].startswith("A discount of 10% pays from +16.7 points of conversion (")
    assert found.told[0].endswith("; seen +10.0.")
    assert found.told[1] == "An order earns $4.00 before, $3.00 after."


def test_it_is_over_the_episodes_whose_costs_are_known_and_says_of_how_many() -> None:
    before: Rows = [(f"p{n}", int(n % 2), 400 * (n % 2)) for n in range(40)]
    after: Rows = [(f"p{n}", int(n % 5 < 3), 300 * (n % 5 < 3)) for n in range(40)]
    unknown: Rows = [("q", 1, None)] * 10
    found, whole = told(before + unknown, after + unknown[:5]), told(before, after)
    assert (found.known, found.whole) == (80, 95)
    assert (found.needed, found.seen) == (whole.needed, whole.seen)
    assert found.told[:2] == whole.told
    assert found.told[2:] == (
        "This and profit are of the 80 of 95 episodes whose costs are known; conversion elsewhere "
        "is of all.",
    )


ROWS = st.lists(
    st.tuples(st.sampled_from("pqr"), st.integers(0, 1), st.integers(-900, 900)), min_size=1
).map(lambda rows: [(product, n, n * cents) for product, n, cents in rows])


@settings(max_examples=30, deadline=None)
@given(ROWS, ROWS)
def test_it_pays_exactly_where_an_episode_earns_more(before: Rows, after: Rows) -> None:
    orders = [sum(row[1] for row in rows) for rows in (before, after)]
    assume(all(orders) and {row[0] for row in before} & {row[0] for row in after})
    earned = [sum(row[2] or 0 for row in rows) / len(rows) for rows in (before, after)]
    found = told(before, after)
    order = sum(row[2] or 0 for row in after) / orders[1]
    if order <= 0 <= earned[0]:
        assert found.needed is None
        assert "no conversion makes up" in found.told[0]
        return
    assert "no conversion makes up" not in found.told[0]
    assume(abs(earned[1] - earned[0]) > 1e-9)
    if order == 0:
        assert "pays at any conversion" in found.told[0]
        return
    assert found.needed is not None
    # More orders add to what they earn, or to what they lose.
    assert ((found.seen - found.needed) * order > 0) == (earned[1] > earned[0])
    if "pays at any conversion" in found.told[0]:
        assert earned[1] > earned[0]
    if "cannot pay" in found.told[0]:
        assert earned[1] < earned[0]
    if found.interval is not None:
        low, high = found.interval.low, found.interval.high
        assert low - 1e-9 <= found.needed <= high + 1e-9


def test_there_is_none_without_a_change_of_price_a_profit_or_an_order() -> None:
    rows: Rows = [("p", 1, 400), ("q", 0, 0)]
    unknown: Rows = [(product, n, None) for product, n, _ in rows]
    idle: Rows = [("p", 0, 0)]
    assert break_even(side(rows), side(rows)) is None
    assert break_even(side(unknown), side(unknown, price=900)) is None
    assert break_even(side(rows), side(idle, price=900)) is None
    assert break_even(side(rows), side(rows, price=900)) is not None


def test_the_words_follow_the_case() -> None:
    base: dict[str, Any] = {
        "what": "A price 5.0% higher",
        "price_change": 0.05,
        "conversion": 0.6,
        "seen": -0.02,
    }
    cases: dict[float | None, str] = {
        -0.05: "A price 5.0% higher pays down to -5.0 points of conversion; seen -2.0.",
        0.7: "cannot pay: it takes +70.0 points of conversion, and there is room for +40.0; seen",
        -0.7: "pays at any conversion, for an episode earned nothing before; seen -2.0.",
        None: "earns nothing on an order, so no conversion makes up for it; seen -2.0.",
    }
    for needed, words in cases.items():
        earns = (100.0, 200.0 if needed else -200.0)
        found = BreakEven(**base, order_profit_cents=earns, needed=needed)
        assert words in found.told[0]
    losing: dict[float | None, str] = {
        -0.2: "pays only below -20.0 points of conversion, for every order loses money; seen -2.0.",
        0.5: "pays at any conversion: an order loses less than an episode before; seen -2.0.",
    }
    for needed, words in losing.items():
        found = BreakEven(**base, order_profit_cents=(-100.0, -50.0), needed=needed)
        assert words in found.told[0]


def drawn(random: np.random.Generator, chance: float, margin: float, count: int) -> Rows:
    """Orders of `count` products whose chances and margins differ."""
    chances = random.beta(8 * chance, 8 * (1 - chance), count)
    margins = margin * random.lognormal(-0.125, 0.5, count)
    orders = random.random((25, count)) < chances
    return [
        (f"p{at}", int(bought), int(bought * margins[at]))
        for row in orders
        for at, bought in enumerate(row)
    ]


@pytest.mark.slow
def test_its_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Of 150 shops with 24 products each; binomial(150, 0.95) is from 133 to 149 to 99.8 %."""
    random = np.random.default_rng(20_261_129)
    # An order earns the margin weighted by how often it is bought; they are independent here.
    truth = 0.5 * 600 / 420 - 0.5
    held = 0
    for _ in range(150):
        before, after = drawn(random, 0.5, 600, 24), drawn(random, 0.6, 420, 24)
        between = told(before, after).interval
        held += between is not None and between.low <= truth <= between.high
    assert 133 <= held <= 149


def test_a_denominator_that_may_be_nothing_has_no_interval() -> None:
    """Exactly at the limit where it cannot be told apart from 0."""
    spread, count = np.array([1.0, -1.0, 2.0, -2.0]), 4
    error = float(np.sqrt((spread**2).sum() * count / (count - 1)))
    for times, bounded in ((3.1, False), (3.3, True)):  # Student's t with 3 degrees: 3.18
        found = fieller(5.0, times * error, np.zeros(4), spread)
        assert (found is not None) == bounded
