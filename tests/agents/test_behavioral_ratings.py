"""Stars of behavioral buyers: in whole stars, moved by what happened and by who rates."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.retail.behavioral.parameters import (
    Disposition,
    PitchScale,
    disposition,
    load_parameters,
)
from retailsim.agents.retail.behavioral.ratings import (
    inquiry_rating,
    pitch_rating,
    product_rating,
    stars,
    support_rating,
)
from retailsim.events.messages import Outcome

OURS = load_parameters(None).buyer
SCALE = OURS.ratings
WHO = disposition("b", None, (), "{}")
SEEN = OURS.typical


def kinder(by: float) -> Disposition:
    return msgspec.structs.replace(WHO, rating=WHO.rating + by)


def seen(**changes: float) -> PitchScale:
    return msgspec.structs.replace(SEEN, **changes)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(-7.0, 1), (0.4, 1), (1.49, 1), (1.5, 2), (3.49, 3), (4.5, 5), (5.49, 5), (9.0, 5)],
)
def test_ratings_are_rounded_half_up_and_stay_on_the_scale(value: float, expected: int) -> None:
    assert stars(value) == expected


@given(st.floats(-10, 10), st.floats(0, 10))
def test_more_is_never_fewer_stars(value: float, more: float) -> None:
    assert 1 <= stars(value) <= stars(value + more) <= 5


def test_an_average_pitch_that_persuades_nobody_more_gets_the_mean() -> None:
    assert pitch_rating(OURS, WHO, 0.0, SEEN, True) == pytest.approx(SCALE.pitch + WHO.rating)
    low = pitch_rating(OURS, WHO, 0.0, SEEN, False)
    assert low == pytest.approx(SCALE.pitch_nonbuyer + WHO.rating)


def test_hype_is_held_against_a_pitch_by_those_it_did_not_win() -> None:
    hyped, plain = seen(hype=0.8), seen(hype=0.0)
    assert pitch_rating(OURS, WHO, 0.0, hyped, True) == pitch_rating(OURS, WHO, 0.0, plain, True)
    lost = pitch_rating(OURS, WHO, 0.0, hyped, False) - pitch_rating(OURS, WHO, 0.0, plain, False)
    assert lost == pytest.approx(0.8 * SCALE.pitch_hype)
    assert lost < 0.0


@pytest.mark.parametrize("bought", [True, False])
def test_warmth_and_persuasion_are_liked_by_all(bought: bool) -> None:
    mean = pitch_rating(OURS, WHO, 0.0, SEEN, bought)
    warm = pitch_rating(OURS, WHO, 0.0, seen(warmth=SEEN.warmth + 0.4), bought)
    moved = pitch_rating(OURS, WHO, 2.0, SEEN, bought)
    assert warm - mean == pytest.approx(0.4 * SCALE.pitch_warmth)
    assert moved - mean == pytest.approx(2.0 * SCALE.pitch_slope)


def test_answers_are_rated_by_their_score_from_typical_on() -> None:
    typical = OURS.answers.typical
    assert inquiry_rating(OURS, WHO, typical, True) == pytest.approx(SCALE.pre_inquiry)
    assert inquiry_rating(OURS, WHO, typical, False) == pytest.approx(SCALE.pre_inquiry_nonbuyer)
    better = inquiry_rating(OURS, WHO, typical + 0.2, True)
    assert better == pytest.approx(SCALE.pre_inquiry + 0.2 * SCALE.answers_slope)


def test_how_an_issue_was_settled_orders_what_support_and_product_are_worth() -> None:
    support = {end: support_rating(OURS, WHO, end) for end in _ENDS}
    product = {end: product_rating(OURS, WHO, 0.0, end) for end in _ENDS}
    assert support == pytest.approx(
        {
            "exchanged": SCALE.settled_exchanged,
            "refunded": SCALE.settled_refunded,
            "delivered": SCALE.settled_delivered,
            None: SCALE.settled_none,
        }
    )
    assert product == pytest.approx(
        {
            "exchanged": SCALE.product_exchanged,
            "refunded": SCALE.product_refunded,
            "delivered": SCALE.product_delivered,
            None: SCALE.product_none,
        }
    )
    assert support["exchanged"] > support["refunded"] > support["delivered"]
    assert product[None] > product["exchanged"] > product["delivered"] > product["refunded"]


_ENDS: tuple[Outcome | None, ...] = ("exchanged", "refunded", "delivered", None)
_RATED: tuple[tuple[Callable[[Disposition], float], float], ...] = (
    (lambda who: pitch_rating(OURS, who, 0.0, SEEN, True), 1.0),
    (lambda who: inquiry_rating(OURS, who, 0.5, True), 1.0),
    (lambda who: support_rating(OURS, who, "refunded"), SCALE.post_persona),
    (lambda who: product_rating(OURS, who, 0.3, "refunded"), SCALE.post_persona),
)


@pytest.mark.parametrize(("rated", "share"), _RATED)
def test_a_persona_reaches_every_rating_and_the_later_ones_in_part(
    rated: Callable[[Disposition], float], share: float
) -> None:
    assert rated(kinder(0.6)) - rated(WHO) == pytest.approx(0.6 * share)
