"""Sums by cell say of observations what the observations say themselves."""

from __future__ import annotations

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.analysis.statistics.cells import Cells, Moments, cells
from retailsim.analysis.statistics.clusters import mean, rate, ratio_variance
from retailsim.analysis.statistics.two_way import two_way

LARGE = 3_100_000_000
"""Cents whose square does not fit into 64 bits."""

Row = tuple[str | None, str | None, int | None, int | None]

observed = st.lists(
    st.tuples(
        st.sampled_from(["p", "q", "r", None]),
        st.sampled_from(["b", "c", None]),
        st.none() | st.integers(-LARGE, LARGE),
        st.none() | st.integers(0, 5),
    ),
    max_size=40,
)


def frame_of(rows: list[Row]) -> pl.DataFrame:
    schema = {"of": pl.String, "by": pl.String, "above": pl.Int64, "below": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def summed(rows: list[Row], *, streaming: bool = False) -> Cells:
    return cells(frame_of(rows).lazy(), ("of", "by"), streaming=streaming)


@pytest.mark.slow
@settings(deadline=None)
@given(rows=observed, streaming=st.booleans())
def test_moments_are_those_of_plain_python(rows: list[Row], streaming: bool) -> None:
    """In whatever order, and however many at a time."""
    some = [(a, b) for of, _, a, b in rows if of is not None and a is not None and b]
    n, top, bottom = len(some), sum(a for a, _ in some), sum(b for _, b in some)
    moments = summed(rows, streaming=streaming).moments
    squares = (sum(x * y for x, y in pairs) for pairs in ([(a, a) for a, _ in some], some))
    assert moments == (n, top, bottom, *squares, sum(b * b for _, b in some))
    rest = sum((a - Fraction(top, bottom) * b) ** 2 for a, b in some) if n > 1 else Fraction(0)
    exact = Fraction(n, n - 1) * rest / bottom**2 if n > 1 else Fraction(0)
    assert moments.independent() == float(exact)


@pytest.mark.slow
@settings(deadline=None)
@given(rows=observed.map(lambda rows: [(o, b, x and x % 7, y) for o, b, x, y in rows]))
def test_estimates_of_sums_are_those_of_the_observations(rows: list[Row]) -> None:
    """Means, and both intervals, whatever is null or has nothing below the line."""
    seen, found = frame_of(rows).drop_nulls(["of", "above", "below"]), summed(rows)
    sums = found.sums
    one = mean(seen["above"], seen["of"], weights=seen["below"], within=(0.0, None))
    two = mean(
        sums["above"], sums["of"], weights=sums["below"], within=(0.0, None), moments=found.moments
    )
    assert (two.value, two.n, two.interval, two.note) == (one.value, one.n, one.interval, one.note)
    assert two.effective_n == pytest.approx(one.effective_n)
    both = [
        two_way(some["above"], some["below"], some.select("of", "by"), within=None, seed=1)
        for some in (seen, sums)
    ]
    assert both[0] == both[1]


def test_a_rate_of_sums_is_that_of_the_observations() -> None:
    rows: list[Row] = [(f"p{n % 30}", "b", int(n % 7 == 0), 1) for n in range(400)]
    seen, sums = frame_of(rows), summed(rows).sums
    assert rate(sums["above"], sums["below"], sums["of"]) == rate(
        seen["above"], seen["below"], seen["of"]
    )


def test_sums_without_moments_are_taken_for_observations() -> None:
    """The control: what clustering costs is then told wrong."""
    rows: list[Row] = [(f"p{n % 5}", "b", n % 3 + n % 5, 1) for n in range(100)]
    seen, found = frame_of(rows), summed(rows)
    sums = found.sums
    right = mean(seen["above"], seen["of"]).effective_n
    assert right == pytest.approx(
        mean(sums["above"], sums["of"], weights=sums["below"], moments=found.moments).effective_n
    )
    assert right != pytest.approx(mean(sums["above"], sums["of"]).effective_n)


def test_squares_of_dear_episodes_do_not_overflow() -> None:
    rows: list[Row] = [("p", "b", LARGE, 1), ("q", "b", -LARGE, 1)]
    plain = frame_of(rows).select((pl.col("above") * pl.col("above")).sum()).item()
    assert plain != 2 * LARGE**2, "the control: 64 bits are too few"
    assert summed(rows).moments.above_above == 2 * LARGE**2


def test_what_has_nothing_below_the_line_is_told_apart() -> None:
    """It is no observation of a ratio, though it shares its cell with some."""
    found = summed([("p", "b", 5, 0), ("p", "b", 2, 1), ("q", "b", 1, 1), (None, "b", 9, 1)])
    assert sorted(found.sums.rows()) == [("p", "b", 2, 1), ("p", "b", 5, 0), ("q", "b", 1, 1)]
    assert found.moments == Moments(2, 3, 2, 5, 3, 2)
    assert found.moments.independent() == ratio_variance(*pl.DataFrame([[2.0, 1.0], [1.0, 1.0]]))


def test_of_no_observations_there_is_nothing() -> None:
    found = summed([])
    assert found.sums.is_empty()
    assert found.moments == Moments(0, 0, 0, 0, 0, 0)
    assert found.moments.independent() == 0.0
