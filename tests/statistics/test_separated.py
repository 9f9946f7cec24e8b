"""Prices that are a wall get an answer: thresholds are found, and where there are none, none is."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from retailsim.analysis.experiments.outcomes import Expectation, JudgedClaim
from retailsim.analysis.experiments.verdicts import (
    NOT_REPRODUCED,
    REPRODUCED,
    STEEPER_SLOPE,
    UNDECIDED,
    by_elasticity,
    verdict,
)
from retailsim.analysis.statistics.elasticity import grouped, slope, slope_gap
from retailsim.analysis.statistics.separated import METHOD, is_separated
from retailsim.analysis.statistics.values import Test
from tests.statistics.test_price_answers import GROUPS, PRICES, counted

EPISODES = 42
TRIALS = 200


def buying(shares: NDArray[Any], group: str = "sensitive") -> pl.DataFrame:
    return counted(group, np.rint(EPISODES * shares), EPISODES, 1)


def up_to(thresholds: NDArray[Any]) -> NDArray[np.float64]:
    """All buy at prices below the product's threshold, none above it."""
    return (PRICES[None, :] < thresholds[:, None]).astype(float)


def judged(test: Test, expected: Expectation) -> str:
    return verdict(JudgedClaim(claim="x", test=test, expected=expected))


def falls(cells: pl.DataFrame) -> tuple[Test, str]:
    found = grouped(cells.drop("group"))
    return found, judged(found, by_elasticity(-1))


def test_thresholds_by_product_are_an_answer_to_the_price() -> None:
    generator = np.random.default_rng(1)
    for _ in range(50):
        found, said = falls(buying(up_to(generator.uniform(0.92, 1.08, 8))))
        assert (said, found.method.startswith(METHOD)) == (REPRODUCED, True)


@pytest.mark.parametrize("shares", [[1, 1, 1, 0, 0], [1, 1, 0.5, 0, 0], [1, 0.2, 0, 0, 0]])
def test_one_threshold_for_all_products_is_one_too(shares: list[float]) -> None:
    """Products do not differ, so that the error is that of episodes, and flips bound p."""
    found, said = falls(buying(np.repeat([shares], 8, axis=0)))
    assert said == REPRODUCED
    assert found.p == pytest.approx(2 / 2**8, rel=0.01)
    assert found.interval is not None
    assert found.interval.low < (found.estimate or 0.0) < found.interval.high < 0.0


def test_what_rises_to_a_threshold_is_no_fall() -> None:
    found, said = falls(buying(1.0 - up_to(np.linspace(0.92, 1.08, 8))))
    assert said == NOT_REPRODUCED
    assert (found.estimate or 0.0) > 1.0


def test_few_products_can_exclude_nothing() -> None:
    found, said = falls(buying(up_to(np.array([0.97, 1.02, 1.04]))))
    assert found.p is not None
    assert found.p >= 0.25
    assert said != REPRODUCED


def test_of_a_single_product_nothing_tells_how_sure_it_is() -> None:
    found, said = falls(buying(up_to(np.array([0.97]))))
    assert (found.p, found.interval) == (None, None)
    assert found.note == "a single product: no interval"
    assert said == UNDECIDED


def test_a_line_through_a_wall_is_what_it_was_by_hand() -> None:
    """Two prices: the share falls from 1 to 0 over ln(1.1 / 0.9); half is bought."""
    cells = _two_prices()
    found = grouped(cells)
    assert found.estimate == pytest.approx(-1.0 / np.log(1.1 / 0.9) / 0.5)
    assert slope(cells).estimate == pytest.approx(-1.0 / np.log(1.1 / 0.9) / 0.25)


def _two_prices() -> pl.DataFrame:
    both = [(f"p{n}", price, 10 * (price < 1.0), 10) for n in range(6) for price in (0.9, 1.1)]
    return pl.DataFrame(both, schema=["product", "price", "purchases", "episodes"], orient="row")


@pytest.mark.slow
@pytest.mark.parametrize("each", [1, EPISODES])
def test_decisions_that_hang_on_nothing_are_no_answer(each: int) -> None:
    """Few of ten products look separated by chance, and few of those are called an answer."""
    generator = np.random.default_rng(2)
    found, separated = 0, 0
    for _ in range(TRIALS * 5):
        cells = counted("sensitive", each * generator.binomial(1, 0.04, (10, 5)), each, 1)
        test = grouped(cells.drop("group"))
        separated += test.method.startswith(METHOD)
        found += test.method.startswith(METHOD) and test.p is not None and test.p < 0.05
    assert separated > 50
    assert found <= 0.05 * separated + 5


@pytest.mark.slow
def test_thresholds_beside_a_group_that_never_moves_are_a_gap() -> None:
    generator = np.random.default_rng(3)
    for _ in range(50):
        steep = buying(up_to(generator.uniform(0.85, 1.15, 15)))
        level = generator.binomial(EPISODES, 0.68, (15, 5))
        test = slope_gap(pl.concat([steep, counted(GROUPS[1], level, EPISODES, 1)]), *GROUPS)
        assert judged(test, STEEPER_SLOPE) == REPRODUCED


ALWAYS_OR_NEVER = np.repeat((np.arange(15) % 3 > 0).astype(float)[:, None], 5, axis=1)


def test_thresholds_beside_a_group_that_buys_the_same_products_at_every_price_are_a_gap() -> None:
    steep = buying(up_to(np.linspace(0.92, 1.08, 15)))
    still = buying(ALWAYS_OR_NEVER, GROUPS[1])
    test = slope_gap(pl.concat([steep, still]), *GROUPS)
    assert judged(test, STEEPER_SLOPE) == REPRODUCED
    other_way = slope_gap(pl.concat([steep, still]), *reversed(GROUPS))
    assert judged(other_way, STEEPER_SLOPE) == NOT_REPRODUCED


def test_who_buys_the_same_products_at_every_price_does_not_answer_to_it() -> None:
    for shares in (ALWAYS_OR_NEVER, np.ones((15, 5))):
        found, said = falls(buying(shares))
        assert (found.estimate, found.p, said) == (0.0, 1.0, NOT_REPRODUCED)
    both = pl.concat([buying(ALWAYS_OR_NEVER, group) for group in GROUPS])
    assert judged(slope_gap(both, *GROUPS), STEEPER_SLOPE) == NOT_REPRODUCED


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_of_0_or_1_has_no_log_odds(share: float) -> None:
    still = buying(np.full((15, 5), share), GROUPS[1])
    test = slope_gap(pl.concat([buying(up_to(np.linspace(0.92, 1.08, 15))), still]), *GROUPS)
    assert test.note == "nothing varies in one of the groups"


def test_where_nothing_is_bought_nothing_varies() -> None:
    assert grouped(buying(np.zeros((8, 5))).drop("group")).note == "nothing varies"


def test_equal_thresholds_in_both_groups_are_no_gap() -> None:
    shares = up_to(np.linspace(0.92, 1.08, 15))
    test = slope_gap(pl.concat([buying(shares, group) for group in GROUPS]), *GROUPS)
    assert (test.estimate, test.p) == (0.0, 1.0)
    assert judged(test, STEEPER_SLOPE) == NOT_REPRODUCED


@pytest.mark.slow
def test_thresholds_from_one_law_in_both_groups_are_a_gap_no_oftener_than_5_percent() -> None:
    generator = np.random.default_rng(4)
    found = 0
    for _ in range(TRIALS):
        cells = [buying(up_to(generator.uniform(0.9, 1.1, 15)), group) for group in GROUPS]
        test = slope_gap(pl.concat(cells), *GROUPS)
        assert test.method.startswith(METHOD)
        found += judged(test, STEEPER_SLOPE) == REPRODUCED
    assert found <= 0.05 * TRIALS


@pytest.mark.parametrize(
    ("shares", "separated"),
    [
        ([[1, 1, 0, 0, 0], [1, 1, 1, 1, 0]], True),
        ([[1, 0.5, 0, 0, 0], [1, 1, 1, 0.1, 0]], True),
        ([[0, 0, 1, 1, 1], [0, 0.5, 1, 1, 1]], True),
        ([[1, 1, 0, 0, 0], [0, 1, 1, 1, 1]], False),
        ([[1, 0.5, 0.5, 0, 0], [1, 1, 0, 0, 0]], False),
    ],
)
def test_separated_is_where_no_slope_is_steep_enough(
    shares: list[list[float]], separated: bool
) -> None:
    cells = buying(np.array(shares)).drop("group")
    assert is_separated(cells) is separated
    assert grouped(cells).method.startswith(METHOD) is separated
