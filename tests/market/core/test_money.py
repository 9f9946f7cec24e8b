"""Money as people read it, against plain integer arithmetic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.market.core.money import (
    change,
    dollars,
    nanodollars,
    rounded_up,
    small_dollars,
    whole_dollars,
)


@pytest.mark.parametrize(
    ("cents", "said"),
    [
        (0, "$0.00"),
        (1, "$0.01"),
        (123_456, "$1,234.56"),
        (-250, "-$2.50"),
        (-0.4, "$0.00"),
        (-0.6, "-$0.01"),
        (99.6, "$1.00"),
    ],
)
def test_an_amount_has_its_sign_before_the_dollar(cents: float, said: str) -> None:
    assert dollars(cents) == said


@given(st.integers(0, 10**15))
def test_whole_cents_are_written_to_the_cent(cents: int) -> None:
    """Agents' texts hold these, so no amount may be off by rounding."""
    assert dollars(cents) == f"${cents // 100:,}.{cents % 100:02d}"


@pytest.mark.parametrize(
    ("cents", "said"), [(1230, "+$12.30"), (-1230, "-$12.30"), (0, "$0.00"), (0.4, "$0.00")]
)
def test_a_difference_has_its_sign_either_way(cents: float, said: str) -> None:
    assert change(cents) == said


@pytest.mark.parametrize(
    ("cents", "said"), [(123_456, "$1,235"), (-123_456, "-$1,235"), (-49, "$0")]
)
def test_where_there_is_no_room_dollars_are_whole(cents: float, said: str) -> None:
    assert whole_dollars(cents) == said


@pytest.mark.parametrize(
    ("nanousd", "said"),
    [
        (0, "$0.00"),
        (400_000, "$0.0004"),
        (-10_000_000, "-$0.0100"),
        (1_234_500_000_000, "$1,234.50"),
        (None, "unknown"),
    ],
)
def test_what_a_call_costs_keeps_the_digits_that_matter(nanousd: int | None, said: str) -> None:
    assert nanodollars(nanousd) == said
    assert small_dollars(None if nanousd is None else nanousd / 1e9) == said


@given(st.integers(0, 10**15))
def test_what_is_rounded_up_is_enough_and_by_less_than_a_cent(nanousd: int) -> None:
    cents = int(rounded_up(nanousd).replace(",", "").replace("$", "").replace(".", ""))
    assert 0 <= cents * 10_000_000 - nanousd < 10_000_000
