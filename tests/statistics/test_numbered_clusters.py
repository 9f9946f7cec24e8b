"""Clusters that are numbered say what those that are named say, only sooner."""

from __future__ import annotations

import random

import polars as pl
import pytest

from retailsim.analysis.measures.estimates import by_number, estimate
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.statistics.cells import NUMBER, cells, numbered
from retailsim.analysis.statistics.clusters import mean, rate, sums
from retailsim.analysis.statistics.two_way import two_way

LARGE = 3_100_000_000
"""Cents whose square does not fit into 64 bits."""


def observed(seed: int, size: int, most: int = 500) -> pl.DataFrame:
    """Return observations of few clusters, some without a value, some with nothing below."""
    rng = random.Random(seed)
    rows = [
        (
            rng.choice(["q", "p", "zebra", "aardvark", "10", "9"]),
            rng.choice(["b", "c", "d"]),
            rng.choice([None, rng.randrange(-most, most)]),
            rng.choice([None, 0, 1, 3]),
        )
        for _ in range(size)
    ]
    schema = {"of": pl.String, "by": pl.String, "above": pl.Int64, "below": pl.Int64}
    return pl.DataFrame(rows, schema, orient="row")


def in_numbers(seen: pl.DataFrame) -> pl.DataFrame:
    return seen.with_columns(of=numbered(seen["of"]))


def test_numbers_are_places_in_the_order_of_names() -> None:
    """Whatever the order in which the names come; nobody's name is nobody's number."""
    names = pl.Series(["q", "a", None, "q", "10", "9"])
    assert numbered(names).to_list() == [3, 2, None, 3, 0, 1]
    assert numbered(names).dtype == NUMBER
    assert numbered(pl.Series([], dtype=pl.String)).dtype == NUMBER


def test_numbers_lie_in_memory_as_the_names_do() -> None:
    """A frame whose columns were cut up differently would be copied whole by each filter."""
    parts = [pl.Series([name]) for name in ("b", "a", "c")]
    names = pl.concat(parts, rechunk=False)
    assert numbered(names).n_chunks() == names.n_chunks() == 3


@pytest.mark.parametrize("most", [500, LARGE])
@pytest.mark.parametrize("seed", range(5))
def test_sums_by_number_are_sums_by_name(seed: int, most: int) -> None:
    """With rows that lack a value or have nothing below, and squares beyond 64 bits, too."""
    seen = observed(seed, 60, most)
    by_name = cells(seen.lazy(), ("of",), streaming=False)
    number = cells(in_numbers(seen).lazy(), ("of",), streaming=False)
    assert number.moments == by_name.moments
    places = dict(zip(numbered(seen["of"]), seen["of"], strict=True))
    rows = {(places[of], above, below) for of, above, below in number.sums.rows()}
    assert rows == set(by_name.sums.rows())
    assert number.sums.schema == {"of": NUMBER, "above": pl.Int64, "below": pl.Int64}


@pytest.mark.parametrize("size", [0, 1, 60])
def test_estimates_are_the_same_to_the_last_bit(size: int) -> None:
    """Means, rates and both ways of two; sums stand in the order of the names."""
    seen = observed(1, size).with_columns(pl.col("below").fill_null(0))
    numbers = in_numbers(seen)
    above, below = seen["above"], seen["below"]
    some = seen.select((pl.col("above").abs() % 2).fill_null(0) * (below > 0)).to_series()
    one, two = (sums(above, below, frame["of"]) for frame in (seen, numbers))
    assert [part.tolist() for part in one] == [part.tolist() for part in two]
    for frame in (seen, numbers):
        assert mean(above, frame["of"], weights=below) == mean(above, seen["of"], weights=below)
        assert rate(some, below, frame["of"]) == rate(some, below, seen["of"])
        both = two_way(above, below, frame.select("of", "by"), within=None, seed=1)
        assert both == two_way(above, below, seen.select("of", "by"), within=None, seed=1)


def test_another_order_of_clusters_would_be_seen() -> None:
    """A control: sums are compared in their order."""
    seen = observed(1, 60)
    turned = seen.with_columns(of=5 - numbered(seen["of"]).cast(pl.Int64)).cast({"of": NUMBER})
    one, two = (sums(frame["above"], frame["below"], frame["of"]) for frame in (seen, turned))
    assert one[0].tolist() != two[0].tolist()
    assert sorted(one[0].tolist()) == sorted(two[0].tolist())


def test_a_measure_of_a_run_is_as_before() -> None:
    """Also with the interval for other buyers."""
    seen = observed(2, 80).drop_nulls().rename({"of": "cluster", "by": "buyer"})
    seen = seen.with_columns(decided=pl.lit(value=True))
    one = Measure(name="worth", unit="cents", numerator=pl.col("above"), signed=True)
    for by in (None, "buyer"):
        assert estimate(one, by_number(seen), and_by=by) == estimate(one, seen, and_by=by)
