"""Stars of behavioral buyers: in whole stars, moved by what happened and by who rates."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean

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
    drawn_stars,
    inquiry_rating,
    pitch_rating,
    product_rating,
    stars,
    support_rating,
)
from retailsim.events.messages import Outcome
from retailsim.market.core.issues import IssueRules
from tests.agents.behavioral.test_published_decisions import stand_ins
from tests.agents.behavioral_drive import drive, make_buyer, make_product, make_seller

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


@pytest.mark.parametrize(
    ("aspect", "published", "near"),
    [("pitch", 3.76, 0.1), ("pre_inquiry", 4.36, 0.1), ("product", 2.53, 0.15)],
)
def test_the_stand_ins_rate_as_published(
    rated: dict[str, list[int]], aspect: str, published: float, near: float
) -> None:
    """Mean stars of buyers in the trajectories, by the ten stand-ins for their models."""
    assert fmean(rated[aspect]) == pytest.approx(published, abs=near)


@pytest.fixture(scope="module")
def rated() -> dict[str, list[int]]:
    products = [make_product(number) for number in range(60)]
    found: dict[str, list[int]] = {}
    for one in drive(*stand_ins(1), products, multiplier=0.9):
        if one.decision.will_purchase:
            for aspect, review in one.reviews.items():
                found.setdefault(aspect, []).append(review.rating)
    return found


@pytest.mark.slow
def test_people_give_stars_in_the_shape_of_a_j_where_there_was_no_issue() -> None:
    """Hu, Pavlou and Zhang (2009): more than half five stars, and more ones than twos."""
    counts = [stars_without_issue("field").count(stars) for stars in (1, 2, 3, 4, 5)]
    total = sum(counts)
    assert counts[4] > total / 2
    assert counts[4] > counts[3] > counts[0] > counts[1]
    assert (counts[1] + counts[2]) / total < 0.2
    mean = sum((place + 1) * count for place, count in enumerate(counts)) / total
    assert 3.9 < mean < 4.3


def test_models_give_no_j() -> None:
    """The control: the paper's stars without an issue lie around their mean."""
    found = stars_without_issue("paper")
    assert min(found) > 2
    assert found.count(5) < len(found) / 2


def stars_without_issue(parameters: str) -> list[int]:
    products = [make_product(number, price_cents=2_000) for number in range(200)]
    buyers = [make_buyer(id=f"b{n}", options={"parameters": parameters}) for n in range(5)]
    played = drive([make_seller()], buyers, products, rules=IssueRules(rate=0.0))
    found = [one.reviews["product"].rating for one in played if "product" in one.reviews]
    assert len(found) > 300
    return found


@pytest.mark.parametrize(
    ("draw", "shift", "stars"),
    [(0.05, 0.0, 1), (0.15, 0.0, 2), (0.5, 0.0, 5), (0.05, 9.0, 5), (0.99, -9.0, 1)],
)
def test_stars_are_drawn_by_their_shares_and_moved_by_taste(
    draw: float, shift: float, stars: int
) -> None:
    assert drawn_stars((0.1, 0.1, 0.1, 0.2, 0.5), draw, shift) == stars
    assert drawn_stars((0.0, 0.0, 0.0, 0.0, 1.0), draw, shift) == 5
    assert drawn_stars((1.0, 0.0, 0.0, 0.0, 0.0), draw, shift) == 1
