"""Cents as people read them."""

from __future__ import annotations

import pytest

from retailsim.analysis.measures.money import dollars


@pytest.mark.parametrize(
    ("cents", "said"),
    [
        (0, "$0.00"),
        (1, "$0.01"),
        (123_456, "$1,234.56"),
        (-250, "-$2.50"),
        (-0.4, "$0.00"),
        (99.6, "$1.00"),
    ],
)
def test_an_amount_has_its_sign_before_the_dollar(cents: float, said: str) -> None:
    assert dollars(cents) == said
