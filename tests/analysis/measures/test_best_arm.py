"""The best of several arms: what is said of it is true, though it was picked for its luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
import pytest
from scipy.stats import t as student

from retailsim.analysis.measures.arms import Best, best_arm
from retailsim.analysis.measures.table import measure
from retailsim.analysis.statistics.best import joint_level

NET, REFUNDS = measure("net_revenue_cents"), measure("refunded_cents")


def episodes(cents: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> pl.DataFrame:
    """One episode a buyer and product, of shape (products, buyers), that spends so much."""
    products, buyers = cents.shape
    names = [f"p{number:03}" for number in range(products)]
    flat = np.round(cents.ravel()).astype(np.int64)
    return pl.DataFrame(
        {
            "product": np.repeat(names, buyers),
            "cluster": np.repeat(names, buyers),
            "buyer": [f"b{number}" for _ in names for number in range(buyers)],
            "net_revenue_cents": flat,
            "refunded_cents": flat,
            "orders": (flat > 0).astype(np.int64),
        }
    ).with_columns(
        seller=pl.lit("s"),
        replication=pl.lit(0),
        price_multiplier=pl.lit(1.0),
        discount=pl.lit(0.0),
        decided=pl.lit(value=True),
    )


def drawn(seed: int, means: Sequence[float], products: int = 24) -> Mapping[str, pl.DataFrame]:
    """Arms with these true means in cents: skewed products that answer to each arm in their way."""
    generator = np.random.default_rng(seed)
    price = generator.lognormal(-0.32, 0.8, size=(products, 1))
    found = {}
    for number, mean in enumerate(means):
        answer = generator.lognormal(-0.045, 0.3, size=(products, 1))
        bought = generator.random((products, 8)) < 0.5
        found[f"arm {number}"] = episodes(2.0 * mean * price * answer * bought)
    return found


def best(arms: Mapping[str, pl.DataFrame]) -> Best:
    found = best_arm(arms, NET)
    assert found is not None
    return found


@pytest.mark.slow
def test_arms_that_are_equal_are_told_apart_in_at_most_one_sweep_of_twenty() -> None:
    """Without allowing for the pick it would be several times as often: the test can fail."""
    sweeps, wrong, alone, covered = 120, 0, 0, 0
    for seed in range(sweeps):
        found = best(drawn(seed, [1000.0] * 5))
        wrong += any(rival.told_apart for rival in found.rivals)
        alone += any((rival.behind.p or 0.0) < 0.05 for rival in found.rivals)
        assert found.interval is not None
        covered += found.interval.low <= 1000.0 <= found.interval.high
    assert wrong / sweeps <= 0.05 + 2.0 * (0.05 * 0.95 / sweeps) ** 0.5
    assert covered / sweeps >= 0.95 - 2.0 * (0.05 * 0.95 / sweeps) ** 0.5
    assert alone / sweeps > 0.12


@pytest.mark.slow
def test_the_truly_best_arm_is_the_one_named_or_among_those_alike() -> None:
    sweeps, kept, narrowed = 40, 0, 0
    for seed in range(9_000, 9_000 + sweeps):
        found = best(drawn(seed, [700.0, 1000.0, 1020.0, 1350.0, 1400.0], products=60))
        kept += "arm 4" in (found.label, *found.alike)
        narrowed += "arm 0" not in (found.label, *found.alike)
    assert kept / sweeps >= 0.95
    assert narrowed / sweeps > 0.9


def test_arms_that_are_the_same_are_behind_by_exactly_nothing() -> None:
    arms = drawn(3, [1000.0])
    found = best({"one": arms["arm 0"], "two": arms["arm 0"]})
    [rival] = found.rivals
    assert (rival.behind.estimate, rival.behind.p, rival.told_apart) == (0.0, 1.0, False)
    assert found.alike == ("two",)


def test_the_difference_is_that_of_the_episodes_that_every_arm_has() -> None:
    one = np.arange(40.0).reshape(8, 5) * 100.0
    both = {"low": episodes(one), "high": episodes(one + 300.0)}
    both["high"] = (
        both["high"].filter(pl.col("product") != "p000").sample(fraction=1.0, shuffle=True, seed=1)
    )
    found = best(both)
    assert found.label == "high"
    assert found.rivals[0].behind.estimate == pytest.approx(300.0)
    assert found.rivals[0].behind.n == found.over == 35
    assert found.rivals[0].told_apart


def test_an_arm_is_not_ahead_because_its_hard_episodes_failed() -> None:
    """All that is left of the dearer arm is less each than the whole of the other on average."""
    one = np.arange(40.0).reshape(8, 5) * 100.0
    every = pl.col("net_revenue_cents")
    dearer = episodes(one + 50.0).filter(every < 2_000)
    assert dearer.select(every.mean()).item() < episodes(one).select(every.mean()).item()
    found = best({"cheaper": episodes(one), "dearer": dearer})
    assert (found.label, found.over) == ("dearer", 20)
    assert found.value - 50.0 == pytest.approx(950.0)
    assert found.rivals[0].behind.estimate == pytest.approx(50.0)
    assert best({"cheaper": episodes(one), "dearer": episodes(one + 50.0)}).over is None


def test_the_interval_of_the_best_arm_is_by_t_at_the_level_at_which_those_of_all_hold() -> None:
    arms = drawn(7, [1000.0, 700.0, 900.0], products=9)
    found = best(arms)
    means = np.column_stack(
        [
            part.group_by("product").agg(pl.col("net_revenue_cents").mean()).sort("product")[:, 1]
            for part in arms.values()
        ]
    )
    own = means[:, list(arms).index(found.label)]
    level = joint_level(means - means.mean(axis=0), np.eye(3))
    low, high = student.interval(level, 8, own.mean(), own.std(ddof=1) / 3.0)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high))
    assert 0.95 < level < 0.9834


def test_of_refunds_the_fewest_are_best() -> None:
    one = np.arange(1.0, 41.0).reshape(8, 5) * 100.0
    found = best_arm({"many": episodes(one + 300.0), "few": episodes(one)}, REFUNDS)
    assert found is not None
    assert (found.label, found.rivals[0].told_apart) == ("few", True)
    assert found.rivals[0].behind.estimate == pytest.approx(300.0)


def test_arms_of_other_products_are_compared_as_different_ones() -> None:
    generator = np.random.default_rng(5)
    one, two = (generator.lognormal(7.0, 0.5, size=(30, 4)) for _ in range(2))
    other = episodes(two * 2.0).with_columns(
        pl.col("product", "cluster").str.replace("p", "q"),
    )
    found = best({"one": episodes(one), "two": other})
    assert found.label == "two"
    assert "clustered difference" in found.rivals[0].behind.method


def test_a_single_product_tells_nothing_apart() -> None:
    found = best({"one": episodes(np.full((1, 5), 100.0)), "two": episodes(np.full((1, 5), 900.0))})
    assert found.label == "two"
    assert found.interval is None
    assert found.alike == ("one",)
    assert (
        best_arm({"one": episodes(np.zeros((0, 5))), "two": episodes(np.ones((2, 5)))}, NET) is None
    )
