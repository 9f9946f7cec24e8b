"""Clustered estimates: known cases, invariants, and the coverage that intervals promise."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.analysis.statistics import bootstrap
from retailsim.analysis.statistics.clusters import intraclass, mean, rate, sums
from retailsim.analysis.statistics.proportions import wilson
from retailsim.analysis.statistics.two_way import SHARE, two_way

OBSERVED = st.lists(st.tuples(st.booleans(), st.sampled_from("abcdefgh")), min_size=1, max_size=60)


def series(values: Sequence[object]) -> pl.Series:
    return pl.Series("values", values)


def ones(n: int) -> pl.Series:
    return series([1] * n)


def test_each_observation_a_cluster_is_the_independent_case() -> None:
    outcome = [1] * 30 + [0] * 70
    found = rate(series(outcome), ones(100), series(list(range(100))))
    assert found.value == 0.3
    assert found.design_effect == pytest.approx(1.0, abs=0.02)
    assert found.interval is not None
    assert found.interval.low == pytest.approx(wilson(30, 100).low, abs=0.002)


def test_clusters_that_agree_within_count_once_each() -> None:
    outcome = [1] * 120 + [0] * 280
    cluster = [number // 10 for number in range(400)]
    found = rate(series(outcome), ones(400), series(cluster))
    assert found.clusters == 40
    assert found.effective_n == pytest.approx(39, abs=1)
    assert found.design_effect == pytest.approx(10.25, abs=0.1)


def test_a_rate_of_units_is_a_ratio_of_sums() -> None:
    found = rate(series([0, 2, 1]), series([1, 2, 3]), series(["a", "b", "c"]))
    assert found.value == 0.5
    assert found.n == 6
    assert "Student" in found.note


@pytest.mark.parametrize(
    ("above", "below", "cluster", "note"),
    [
        ([], [], [], "nothing was counted"),
        ([0], [0], ["a"], "nothing was counted"),
        ([1, 0], [1, 1], ["a", "a"], "a single cluster: no interval"),
    ],
)
def test_where_nothing_can_be_said_there_is_a_reason(
    above: list[int], below: list[int], cluster: list[str], note: str
) -> None:
    kinds: Any = {"dtype": pl.Int64}
    found = rate(
        pl.Series("a", above, **kinds),
        pl.Series("b", below, **kinds),
        pl.Series("c", cluster, dtype=pl.String),
    )
    assert (found.interval, found.note, found.n) == (None, note, sum(below))
    nothing = mean(pl.Series("a", [], **kinds), pl.Series("c", [], dtype=pl.String))
    assert (nothing.value, nothing.n, nothing.note) == (None, 0, "nothing was counted")


def test_a_mean_of_equal_values_counts_each_cluster_once() -> None:
    found = mean(series([7] * 12), series(list("aaaabbbbcccc")))
    assert (found.value, found.interval, found.note) == (7.0, None, "no spread: no interval")
    assert (found.n, found.effective_n, found.design_effect) == (12, 3.0, 4.0)


@pytest.mark.slow
@given(OBSERVED, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(
    observed: list[tuple[bool, str]], random: object
) -> None:
    shuffled = sorted(observed, key=lambda _: random.random())  # type: ignore[attr-defined]
    found = [
        rate(series([int(y) for y, _ in rows]), ones(len(rows)), series([c for _, c in rows]))
        for rows in (observed, shuffled)
    ]
    assert found[0] == found[1]


@given(OBSERVED)
def test_a_rate_stays_within_its_interval_and_that_within_0_and_1(
    observed: list[tuple[bool, str]],
) -> None:
    outcome, cluster = series([int(y) for y, _ in observed]), series([c for _, c in observed])
    found = rate(outcome, ones(len(observed)), cluster)
    assert found.value is not None
    if found.interval is not None:
        assert 0.0 <= found.interval.low <= found.value <= found.interval.high <= 1.0
        assert found.effective_n is not None
        assert found.effective_n <= found.n


def test_intraclass_correlation_of_known_cases() -> None:
    # Within clusters all the same, between them not: 1. No difference between clusters: below 0.
    assert intraclass(series([1, 1, 0, 0]), series(["a", "a", "b", "b"])) == pytest.approx(1.0)
    assert intraclass(series([1, 0, 1, 0]), series(["a", "a", "b", "b"])) == pytest.approx(-1.0)
    assert intraclass(series([1, 0]), series(["a", "b"])) is None
    assert intraclass(series([1, 1, 1, 1]), series(["a", "a", "b", "b"])) is None


def test_one_cluster_has_no_bootstrap() -> None:
    one = np.array([1.0])
    assert bootstrap.ratio(one, one, seed=1) is None
    assert bootstrap.two_way_ratio(np.ones((1, 3)), np.ones((1, 3)), seed=1) is None


def test_the_bootstrap_is_the_same_for_the_same_seed() -> None:
    above, below = np.arange(30.0), np.full(30, 40.0)
    first, second = (bootstrap.ratio(above, below, seed=3) for _ in range(2))
    assert first == second
    assert first != bootstrap.ratio(above, below, seed=4)


def test_two_ways_of_sharing_are_wider_than_one() -> None:
    generator = np.random.default_rng(1)
    rows, columns = generator.normal(size=(40, 1)), generator.normal(size=(1, 10))
    cells = (rows + columns > 0.0).astype(float)
    one = bootstrap.ratio(cells.sum(1), np.full(40, 10.0), seed=1)
    two = bootstrap.two_way_ratio(cells, np.ones((40, 10)), seed=1)
    assert one is not None
    assert two is not None
    assert two.high - two.low > one.high - one.low


def clustered(generator: np.random.Generator, clusters: int, size: int, icc: float) -> pl.DataFrame:
    """Yes or no with a known intra-class correlation around a true rate of 0.6."""
    spread = (1.0 - icc) / icc
    shares = generator.beta(0.6 * spread, 0.4 * spread, size=clusters)
    outcome = generator.random((clusters, size)) < shares[:, None]
    return pl.DataFrame(
        {"y": outcome.ravel().astype(int), "c": np.repeat(np.arange(clusters), size)}
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("clusters", "size", "icc", "least"),
    [(40, 25, 0.15, 0.93), (60, 10, 0.05, 0.93), (120, 5, 0.2, 0.93), (12, 20, 0.1, 0.92)],
)
def test_an_interval_covers_the_truth_as_often_as_it_says(
    clusters: int, size: int, icc: float, least: float
) -> None:
    generator, hits = np.random.default_rng(7), 0
    for _ in range(2_000):
        data = clustered(generator, clusters, size, icc)
        found = rate(data["y"], ones(data.height), data["c"]).interval
        assert found is not None
        hits += found.low <= 0.6 <= found.high
    assert least <= hits / 2_000 <= 0.97


@pytest.mark.slow
def test_bootstrap_and_mean_cover_the_truth_too() -> None:
    generator = np.random.default_rng(8)
    hits = {"bootstrap": 0, "mean": 0}
    for seed in range(2_000):
        data = clustered(generator, 50, 20, 0.1)
        tops, bottoms = sums(data["y"], ones(data.height), data["c"])
        drawn = bootstrap.ratio(tops, bottoms, seed=seed, draws=600)
        meant = mean(data["y"], data["c"]).interval
        assert drawn is not None
        assert meant is not None
        hits["bootstrap"] += drawn.low <= 0.6 <= drawn.high
        hits["mean"] += meant.low <= 0.6 <= meant.high
    assert all(0.93 <= count / 2_000 <= 0.97 for count in hits.values()), hits


def test_no_warning_is_hidden_on_the_way() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rate(series([0, 0, 1]), ones(3), series(["a", "b", "c"]))
        mean(series([5.0, 5.0]), series(["a", "b"]))


@pytest.mark.slow
@pytest.mark.parametrize(("products", "buyers"), [(40, 6), (40, 30)])
def test_a_two_way_interval_covers_other_products_and_other_buyers(
    products: int, buyers: int
) -> None:
    """Where both shift the rate, an interval by product alone covers far too seldom."""
    generator = np.random.default_rng(3)
    truth = 0.5
    hit = alone = 0
    for seed in range(400):
        shift = generator.normal(0, 0.7, products)[:, None] + generator.normal(0, 0.7, buyers)
        bought = (generator.random((products, buyers)) < 1 / (1 + np.exp(-shift))).astype(int)
        cells = pl.DataFrame(
            [(f"p{p}", f"b{b}") for p in range(products) for b in range(buyers)],
            schema=["product", "buyer"],
            orient="row",
        )
        above, below = pl.Series(bought.ravel()), ones(products * buyers)
        found = two_way(above, below, cells, within=SHARE, seed=seed).interval
        single = rate(above, below, cells["product"]).interval
        assert found is not None
        assert single is not None
        hit += found.low <= truth <= found.high
        alone += single.low <= truth <= single.high
    assert hit / 400 >= 0.92
    assert alone / 400 < 0.85


def test_a_two_way_rate_by_hand() -> None:
    """Products 4/4 and 2/4, buyers 4/4 and 2/4, cells 2, 2, 2, 0 of 2: each variance is 1/16."""
    cells = pl.DataFrame({"p": list("aaaabbbb"), "b": list("xxyyxxyy")})
    found = two_way(pl.Series([1, 1, 1, 1, 1, 1, 0, 0]), ones(8), cells, within=SHARE, seed=1)
    assert found.value == 0.75
    assert found.design_effect == pytest.approx((1 / 16) / (0.75 * 0.25 / 8))
    assert "Student's t" in found.note


@pytest.mark.parametrize("bought", [0, 1])
def test_a_two_way_rate_without_spread_says_so(bought: int) -> None:
    cells = pl.DataFrame({"p": list("aabb"), "b": list("xyxy")})
    found = two_way(pl.Series([bought] * 4), ones(4), cells, within=SHARE, seed=1)
    assert (found.value, found.interval) == (bought, None)
    assert "no interval" in found.note


@pytest.mark.parametrize(("side", "note"), [(19, "19 clusters: Student's t"), (20, "")])
def test_from_20_clusters_of_each_on_a_two_way_rate_is_a_bootstrap(side: int, note: str) -> None:
    """The rarer of both decides; here there are more buyers than products."""
    bought = np.random.default_rng(3).integers(0, 2, (side, 25))
    cells = pl.DataFrame({"p": np.repeat(np.arange(side), 25), "b": np.tile(np.arange(25), side)})
    found = two_way(series(bought.ravel().tolist()), ones(bought.size), cells, within=SHARE, seed=1)
    assert (found.clusters, found.note) == (side, note)
    assert found.interval is not None
    assert (found.interval.method == "two-way bootstrap") == (not note)


@pytest.mark.parametrize("value", [0, 1])
def test_a_mean_of_0_or_1_that_is_no_share_has_an_interval(value: int) -> None:
    """Only a share of 0 or 1 has no spread."""
    cells = pl.DataFrame({"p": list("aabbcc"), "b": list("xyxyxy")})
    gains = series([value + off for off in (3, 1, 0, -2, -1, -1)])
    found = two_way(gains, ones(6), cells, within=None, seed=1)
    assert found.value == value
    assert found.interval is not None
    assert found.interval.low < value < found.interval.high
