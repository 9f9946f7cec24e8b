"""Tails of the hypergeometric distribution: those of the library, and some by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from retailsim.analysis.statistics.hypergeometric import tails


@given(st.integers(1, 5_000), st.data())
def test_they_are_those_of_the_library(total: int, data: st.DataObject) -> None:
    marked = data.draw(st.integers(0, total))
    drawn = data.draw(st.integers(0, total))
    some = data.draw(st.integers(max(0, drawn + marked - total), min(drawn, marked)))
    of = hypergeom(total, marked, drawn)
    below, above = tails(some, drawn, marked, total)
    assert below == pytest.approx(float(of.cdf(some)), rel=1e-8, abs=1e-14)
    assert above == pytest.approx(float(of.sf(some - 1)), rel=1e-8, abs=1e-14)


def test_who_draws_all_has_all_marked() -> None:
    assert tails(3, 10, 3, 10) == pytest.approx((1.0, 1.0))
    assert tails(0, 0, 3, 10) == pytest.approx((1.0, 1.0))


def test_of_two_ways_to_draw_one_each_is_a_half() -> None:
    assert tails(0, 1, 1, 2) == pytest.approx((0.5, 1.0))
    assert tails(1, 1, 1, 2) == pytest.approx((1.0, 0.5))
