"""Tests of differences: textbook values, exact zero under common random numbers, honest A/A."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student
from scipy.stats import ttest_ind
from statsmodels.stats.multitest import multipletests

from retailsim.analysis.statistics.differences import mcnemar, rank_sum, sign_flip, two_rates
from retailsim.analysis.statistics.multiplicity import benjamini_hochberg, holm


def pairs(gained: int, lost: int, same: int) -> tuple[pl.Series, pl.Series]:
    one = [True] * gained + [False] * lost + [True] * same
    two = [False] * gained + [True] * lost + [True] * same
    return pl.Series("one", one), pl.Series("two", two)


def test_mcnemar_is_exact_where_few_pairs_differ() -> None:
    found = mcnemar(*pairs(2, 8, 90))
    assert found.p == pytest.approx(2 * (1 + 10 + 45) / 1024)
    assert found.estimate == pytest.approx(-0.06)
    assert "exact" in found.method


def test_mcnemar_with_many_pairs_is_the_textbook_statistic() -> None:
    # 59 and 16 discordant pairs: (|59-16|-1)^2/75 = 23.52, p about 1.2e-6
    assert mcnemar(*pairs(59, 16, 100)).p == pytest.approx(1.24e-6, rel=0.02)


def test_nothing_compared_says_so() -> None:
    empty = pl.Series("x", [], dtype=pl.Boolean)
    assert mcnemar(empty, empty).note == "no pairs"
    numbers = pl.Series("x", [], dtype=pl.Float64)
    assert sign_flip(numbers, numbers, seed=1).note == "no pairs"
    assert rank_sum(numbers, numbers).p is None


@given(st.lists(st.booleans(), min_size=1, max_size=50))
def test_a_comparison_with_itself_is_exactly_zero(values: list[bool]) -> None:
    same = pl.Series("x", values)
    found = mcnemar(same, same)
    assert (found.estimate, found.p) == (0.0, 1.0)
    flipped = sign_flip(same.cast(pl.Int64) - same.cast(pl.Int64), same, seed=1)
    assert (flipped.estimate, flipped.p) == (0.0, 1.0)
    assert flipped.interval is not None
    assert (flipped.interval.low, flipped.interval.high) == (0.0, 0.0)


def test_flips_are_counted_exactly_where_they_can_be() -> None:
    # Five clusters that all gain: 2 of the 32 flips are as far from 0.
    found = sign_flip(pl.Series([1.0, 2.0, 3.0, 4.0, 5.0]), pl.Series(list("abcde")), seed=1)
    assert found.p == pytest.approx(2 / 32)


def test_the_interval_of_flips_holds_the_changes_that_they_do_not_reject() -> None:
    draws = np.random.default_rng(2)
    for clusters in (7, 12, 30):
        gains = pl.Series(draws.normal(0.5, 1.0, clusters))
        names = pl.Series([f"p{n}" for n in range(clusters)])
        found = sign_flip(gains, names, seed=1).interval
        assert found is not None
        for end, inwards in ((found.low, 1e-6), (found.high, -1e-6)):
            inside = sign_flip(gains - (end + inwards), names, seed=1).p
            outside = sign_flip(gains - (end - inwards), names, seed=1).p
            assert inside is not None
            assert outside is not None
            assert inside > 0.05 >= outside


def test_an_interval_of_any_level_agrees_with_its_p() -> None:
    draws = np.random.default_rng(3)
    names = pl.Series([f"p{n}" for n in range(25)])
    apart = 0
    for shift in np.linspace(0.0, 1.2, 30):
        gains = pl.Series(draws.exponential(1.0, 25) - 1.0 + shift)
        for level in (0.95, 0.99):
            found = sign_flip(gains, names, seed=1, level=level)
            assert found.interval is not None
            assert found.p is not None
            without = not found.interval.low <= 0.0 <= found.interval.high
            assert without == (found.p <= 1.0 - level)
            apart += without
    assert 10 < apart < 50


def test_with_too_few_clusters_no_change_can_be_excluded() -> None:
    gains, names = pl.Series([1.0, 2.0, 3.0, 4.0, 5.0]), pl.Series(list("abcde"))
    found = sign_flip(gains, names, seed=1)
    assert found.interval is None
    assert found.note == "5 clusters: no interval"
    bounded = sign_flip(gains / 10.0, names, seed=1, most=1.0).interval
    assert bounded is not None
    assert (bounded.low, bounded.high) == (-1.0, 1.0)


def test_a_level_that_p_meets_to_the_point_leaves_out_no_change() -> None:
    """Two of 32 flips are as far off; at 1 - 2 / 32 they are what may be left out."""
    gains, names = pl.Series([1.0, 2.0, 3.0, 4.0, 5.0]), pl.Series(list("abcde"))
    found = sign_flip(gains, names, seed=1, level=1.0 - 2 / 32)
    assert found.p == 2 / 32
    assert found.interval is not None
    assert found.interval.low > 0.0


def test_flips_are_of_whole_clusters() -> None:
    gains = pl.Series([1.0] * 50)
    assert sign_flip(gains, pl.Series(["a"] * 25 + ["b"] * 25), seed=1).p == pytest.approx(0.5)
    assert sign_flip(gains, pl.Series(list(range(50))), seed=1).p < 0.001  # type: ignore[operator]


def test_cliffs_delta_of_known_cases() -> None:
    above = rank_sum(pl.Series([4, 5, 6]), pl.Series([1, 2, 3]))
    assert above.estimate == 1.0
    level = rank_sum(pl.Series([1, 2, 3]), pl.Series([1, 2, 3]))
    assert level.estimate == 0.0
    assert rank_sum(pl.Series([3, 3]), pl.Series([3, 3])).p == 1.0
    mixed = rank_sum(pl.Series([1, 2, 3, 4]), pl.Series([2, 3, 4, 5]))
    assert mixed.estimate == pytest.approx(-7 / 16)
    assert mixed.interval is not None
    assert mixed.interval.low < -7 / 16 < mixed.interval.high


def test_the_interval_of_cliffs_delta_is_plain_numbers() -> None:
    found = rank_sum(pl.Series([1.0, 2.0, 4.0]), pl.Series([2.0, 3.0, 1.5, 4.5]))
    assert found.interval is not None
    assert {type(found.interval.low), type(found.interval.high), type(found.estimate)} == {float}
    assert -1.0 <= found.interval.low < 0.0 < found.interval.high <= 1.0


def cliff_by_hand(one: list[int], two: list[int]) -> tuple[float, float]:
    """Cliff 1996, from the sign of each pair: -1, 0 or 1."""
    signs = [[float((a > b) - (a < b)) for b in two] for a in one]
    n, m = len(one), len(two)
    delta = sum(map(sum, signs)) / (n * m)
    rows = [sum(row) / m for row in signs]
    columns = [sum(column) / n for column in zip(*signs, strict=True)]
    between = [sum((x - delta) ** 2 for x in part) / (len(part) - 1) for part in (rows, columns)]
    variance = max(between[0] / n + between[1] / m, (1.0 - delta**2) / (n * m - 1))
    z2 = 1.959963985**2 * variance
    root = math.sqrt(z2 * ((1.0 - delta**2) ** 2 + z2))
    ends = [(delta - delta**3 + sign * root) / (1.0 - delta**2 + z2) for sign in (-1.0, 1.0)]
    return max(-1.0, ends[0]), min(1.0, ends[1])


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ([5, 7, 4, 9, 6], [3, 5, 6, 2]),
        ([1, 2, 2, 3, 8, 9], [2, 4, 9, 9, 9]),
        ([1, 2], [1, 3]),
        ([4, 4, 4], [4, 4]),
        ([1, 1, 1, 1, 5], [1, 1, 1, 1, 1, 1, 1]),
        ([1, 1, 1, 1, 1, 5], [1, 1]),
    ],
)
def test_the_interval_of_cliffs_delta_is_what_is_reckoned_by_hand(
    one: list[int], two: list[int]
) -> None:
    found = rank_sum(pl.Series(one), pl.Series(two)).interval
    mirrored = rank_sum(pl.Series(two), pl.Series(one)).interval
    assert found is not None
    assert mirrored is not None
    assert (found.low, found.high) == pytest.approx(cliff_by_hand(one, two))
    assert (-mirrored.high, -mirrored.low) == pytest.approx((found.low, found.high))


def test_a_single_value_or_no_overlap_has_no_interval_of_delta() -> None:
    for one, two in (([3], [1, 5]), ([1, 5], [3]), ([4, 5], [1, 2]), ([1, 2], [4, 5])):
        assert rank_sum(pl.Series(one), pl.Series(two)).interval is None


def test_a_difference_of_rates_knows_its_clusters() -> None:
    above, below = pl.Series([8, 7, 9, 8] * 5), pl.Series([10] * 20)
    first = (above, below, pl.Series([f"a{n}" for n in range(20)]))
    second = (above - 4, below, pl.Series([f"b{n}" for n in range(20)]))
    found = two_rates(first, second)
    assert found.estimate == pytest.approx(0.4)
    assert found.p is not None
    assert found.p < 0.001
    nothing = (above.clear(), below.clear(), pl.Series([], dtype=pl.String))
    for one, two in ((first, nothing), (nothing, first)):
        alone = two_rates(one, two)
        assert (alone.p, alone.n) == (None, 200)
        assert alone.note == "nothing was counted on one side"


def test_with_the_same_clusters_on_both_sides_the_error_is_that_of_paired_clusters() -> None:
    """By hand: shares 1, 0.5, 0 and 0.5, 0.5, 0.5 in clusters of two."""
    names, below = pl.Series(["a", "b", "c"]), pl.Series([2, 2, 2])
    found = two_rates((pl.Series([2, 1, 0]), below, names), (pl.Series([1, 1, 1]), below, names))
    assert found.estimate == 0.0
    assert found.interval is not None
    assert found.interval.high == pytest.approx(4.302653 * math.sqrt(1.5 * 2 * (1 / 6) ** 2), 1e-5)
    assert found.method == "clustered difference, t with 2 df"


def test_two_clusters_are_enough_for_a_difference_and_one_is_not() -> None:
    names, below = pl.Series(["a", "b"]), pl.Series([4, 4])
    first, second = (pl.Series([3, 2]), below, names), (pl.Series([2, 0]), below, names)
    found = two_rates(first, second)
    # By hand: scores of (0.5, -0.5) and (1, -1) out of 8, times the root of 2.
    error = math.sqrt(2.0 * 2.0 * (0.5 / 8.0) ** 2)
    assert found.p == pytest.approx(2.0 * student.sf(0.375 / error, 1))
    one, one_below, one_name = (part.head(1) for part in (first[0], below, names))
    alone = two_rates((one, one_below, one_name), (second[0].head(1), one_below, one_name))
    assert (alone.estimate, alone.p, alone.n) == (0.25, None, 8)
    assert alone.note == "a single cluster"


@pytest.mark.parametrize(
    ("few", "pooled"),
    [([5, 5, 6], True), ([0, 5, 10], False), ([1, 9, 4, 4, 4, 5, 5, 5, 5, 6], False)],
)
def test_the_error_is_welchs_and_with_few_clusters_on_a_side_at_least_the_pooled_one(
    few: list[int], pooled: bool
) -> None:
    """Two or three clusters that happen to agree are no certainty."""
    many = [0, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 10]

    def side(above: list[int], name: str) -> tuple[pl.Series, pl.Series, pl.Series]:
        names = pl.Series([f"{name}{n}" for n in range(len(above))])
        return pl.Series(above), pl.Series([10] * len(above)), names

    shares = [np.array(above) / 10 for above in (few, many)]
    welch = ttest_ind(*shares, equal_var=False)
    error = abs((shares[0].mean() - shares[1].mean()) / ttest_ind(*shares).statistic)
    if not pooled:
        error = math.sqrt(sum(part.var(ddof=1) / len(part) for part in shares))
    for one, two in (((few, "f"), (many, "m")), ((many, "m"), (few, "f"))):
        found = two_rates(side(*one), side(*two))
        assert found.interval is not None
        half = (found.interval.high - found.interval.low) / 2.0
        assert half == pytest.approx(student.ppf(0.975, welch.df) * error)


def test_where_clusters_agree_on_each_side_nothing_says_how_sure_a_difference_is() -> None:
    names, below = pl.Series(["a", "b", "c"]), pl.Series([4, 8, 4])
    halves, quarters = pl.Series([2, 4, 2]), pl.Series([1, 2, 1])
    found = two_rates((halves, below, names), (quarters, below, names))
    assert (found.estimate, found.p, found.interval, found.n) == (0.25, None, None, 32)
    assert found.note == "no spread between clusters: how certain this is cannot be estimated"
    same = two_rates((halves, below, names), (halves, below, names))
    assert (same.estimate, same.p, same.note) == (0.0, 1.0, "")


def test_a_side_of_a_single_cluster_has_no_interval_however_many_the_other_has() -> None:
    many = (pl.Series([1, 0, 1, 1]), pl.Series([1] * 4), pl.Series(["a", "b", "c", "d"]))
    one = (pl.Series([1, 0]), pl.Series([1, 1]), pl.Series(["z", "z"]))
    found = two_rates(many, one)
    assert found.estimate == 0.25
    assert (found.p, found.interval) == (None, None)
    assert "single cluster on one side" in found.note


@pytest.mark.slow
@pytest.mark.parametrize(
    ("many", "few", "most"),
    [(60, 10, 0.08), (120, 15, 0.07), (60, 4, 0.05), (60, 3, 0.05), (60, 2, 0.05), (8, 2, 0.05)],
)
def test_few_clusters_on_one_side_are_no_licence(many: int, few: int, most: float) -> None:
    """The level holds where one side has many clusters and the other, unsure one, few."""
    generator = np.random.default_rng(5)

    def arm(clusters: int, name: str) -> tuple[pl.Series, pl.Series, pl.Series]:
        above = generator.binomial(10, generator.beta(3.0, 2.0, size=clusters))
        names = pl.Series([f"{name}{n}" for n in range(clusters)])
        return pl.Series(above), pl.Series([10] * clusters), names

    tests = [two_rates(arm(many, "a"), arm(few, "b")) for _ in range(1_000)]
    assert sum(test.p is not None and test.p < 0.05 for test in tests) / 1_000 <= most


def test_holm_and_benjamini_hochberg_adjust_as_published() -> None:
    values = [0.01, 0.04, 0.03, 0.005, None]
    assert holm(values) == [pytest.approx(v) if v else v for v in (0.03, 0.06, 0.06, 0.02, None)]
    found = benjamini_hochberg(values)
    assert found == [pytest.approx(v) if v else v for v in (0.02, 0.04, 0.04, 0.02, None)]
    assert holm([None]) == [None]


@pytest.mark.slow
def test_adjusted_p_values_are_those_of_statsmodels() -> None:
    generator = np.random.default_rng(3)
    for size in (1, 2, 7, 40):
        values = [*(generator.random(size) ** 3).tolist(), 0.5, 0.5]
        for ours, theirs in ((holm, "holm"), (benjamini_hochberg, "fdr_bh")):
            assert ours(values) == pytest.approx(multipletests(values, method=theirs)[1])


@pytest.mark.slow
def test_arms_that_are_the_same_are_told_apart_at_the_level_and_no_more() -> None:
    generator = np.random.default_rng(11)
    rejected = {"rates": 0, "flips": 0}
    for seed in range(1_000):
        shares = generator.beta(3.0, 2.0, size=60)
        arms = generator.binomial(10, shares, size=(2, 60))
        below, names = pl.Series([10] * 60), pl.Series([f"p{n}" for n in range(60)])
        one, two = (pl.Series(arm) for arm in arms)
        apart = two_rates((one, below, names), (two, below, names))
        flipped = sign_flip((one - two).cast(pl.Float64), names, seed=seed)
        assert apart.p is not None
        assert flipped.p is not None
        rejected["rates"] += apart.p < 0.05
        rejected["flips"] += flipped.p < 0.05
    assert all(30 <= count <= 70 for count in rejected.values()), rejected


def test_a_difference_does_not_depend_on_the_order_of_the_rows() -> None:
    """To the last bit: a comparison is the same object on every call."""
    draws = np.random.default_rng(1)
    rows = pl.DataFrame(
        {
            "above": draws.integers(0, 9, 400),
            "below": draws.integers(9, 17, 400),
            "cluster": [f"p{n % 40}" for n in range(400)],
        }
    )

    def side(part: pl.DataFrame) -> tuple[pl.Series, pl.Series, pl.Series]:
        return part["above"], part["below"], part["cluster"]

    found = [
        two_rates(side(rows.sample(fraction=1.0, shuffle=True, seed=n)), side(rows.tail(300)))
        for n in range(20)
    ]
    assert len({(one.p, one.interval) for one in found}) == 1
