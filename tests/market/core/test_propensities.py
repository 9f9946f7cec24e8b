"""Propensities: integers that sum to 2**32, drawn against, and read beside the floats of 0.1."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.events.streams import Seed, Stream
from retailsim.market.core.propensities import (
    WHOLE,
    draw,
    propensities,
    shares,
    stated,
    whole,
)
from retailsim.market.protocols.csales.events import ActionChosen

WEIGHTS = st.lists(st.floats(0.0, 1e300), min_size=1, max_size=12).filter(any)


@given(WEIGHTS)
def test_they_sum_to_the_whole_and_none_is_off_by_one(weights: list[float]) -> None:
    found = propensities(weights)
    total = sum(map(Fraction, weights))
    assert sum(found) == WHOLE
    for count, weight in zip(found, weights, strict=True):
        assert abs(count - Fraction(weight) * WHOLE / total) < 1


@given(WEIGHTS)
def test_what_cannot_be_chosen_stays_so(weights: list[float]) -> None:
    found = propensities([*weights, 0.0])
    assert found[-1] == 0
    assert found[:-1] == propensities(weights)


def test_the_largest_remainders_get_what_rounding_down_left() -> None:
    """WHOLE = 3 * 1431655765 + 1, and the first of equals is the earlier one."""
    assert propensities([1.0, 1.0, 1.0]) == (1431655766, 1431655765, 1431655765)
    assert propensities([1.0, 2.0]) == (1431655765, 2863311531)
    assert propensities([0.0, 5e-324]) == (0, WHOLE)
    assert propensities([1, 3]) == (WHOLE // 4, WHOLE // 4 * 3)


@pytest.mark.parametrize("weights", [[], [0.0, 0.0], [1.0, -1e-9], [math.nan], [1.0, math.inf]])
def test_what_weighs_nothing_is_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="none may be below 0 or infinite, one above 0"):
        propensities(weights)


class Words(Stream):
    """A stream of chosen words."""

    def __init__(self, *words: int) -> None:
        super().__init__(b"k", b"l")
        self._words = list(words[::-1])


def test_each_word_falls_to_the_option_that_it_is_counted_for() -> None:
    counts = (3, 0, 5, WHOLE - 8)
    words = (0, 2, 3, 7, 8, WHOLE - 1)
    stream = Words(*words)
    assert [draw(counts, stream) for _ in words] == [0, 0, 2, 2, 3, 3]


def test_counts_that_are_not_whole_are_not_drawn_from() -> None:
    with pytest.raises(ValueError, match="propensities that sum to 3, not to 4294967296"):
        draw((1, 2), Words(3))


def test_a_draw_takes_one_word_and_nearly_always_chooses_as_a_draw_by_floats() -> None:
    """Two draws can only differ where a word meets the rounded border of an option."""
    weights = [math.exp(-n / 0.35) for n in range(8)]
    counts, chosen = propensities(weights), Counter[int]()
    for unit in range(2_000):
        stream, other = (Seed(1).stream("t", str(unit)) for _ in range(2))
        index = draw(counts, stream)
        assert index == other.weighted(weights)
        assert stream.word() == other.word()
        chosen[index] += 1
    share = chosen[0] / 2_000
    assert abs(share - shares(counts)[0]) < 0.04


@given(WEIGHTS)
def test_shares_come_from_either_kind_of_log(weights: list[float]) -> None:
    counts = propensities(weights)
    assert math.isclose(math.fsum(shares(counts)), 1.0)
    floats = shares(counts)
    assert shares(floats) == floats


def test_a_log_of_0_1_is_read_with_its_floats() -> None:
    line = (
        b'{"type":"ActionChosen","turn":1,"action":"Suggestion","options":["Suggestion","X"],'
        b'"probabilities":[0.25,0.75]}'
    )
    event = msgspec.json.decode(line, type=ActionChosen)
    assert event.probabilities == (0.25, 0.75)
    assert shares(event.probabilities) == (0.25, 0.75)
    certain = msgspec.json.decode(line.replace(b"0.25,0.75", b"1.0,0.0"), type=ActionChosen)
    assert certain.probabilities is not None
    assert shares(certain.probabilities) == (1.0, 0.0)


def test_integers_are_logged_as_integers() -> None:
    event = ActionChosen(turn=1, action="Suggestion", options=("a",), probabilities=(WHOLE,))
    assert b'"probabilities":[4294967296]' in msgspec.json.encode(event)
    assert msgspec.json.decode(msgspec.json.encode(event), type=ActionChosen) == event


@pytest.mark.parametrize(
    ("given_", "logged"),
    [
        (None, None),
        ((WHOLE - 1, 1), (WHOLE - 1, 1)),
        ((0.25, 0.75), (WHOLE // 4, WHOLE // 4 * 3)),
        ((1, 0), (WHOLE, 0)),
        ((0.5, 0.5 + 1e-9), propensities([0.5, 0.5 + 1e-9])),
        ((0.5, 0.6), (0.5, 0.6)),
        ((1.5, -0.5), (1.5, -0.5)),
        ((3, 4), (3, 4)),
        ((), ()),
    ],
)
def test_what_a_seller_states_is_made_whole_or_left_for_the_market_to_refuse(
    given_: tuple[float, ...] | None, logged: tuple[float, ...] | None
) -> None:
    assert stated(given_) == logged


@pytest.mark.parametrize("bad", [(0.5, 0.5), (WHOLE,) * 2, (WHOLE + 1, -1), (math.nan,), ()])
def test_only_propensities_are_whole(bad: tuple[float, ...]) -> None:
    assert not whole(bad)
