"""Draws of behavioral agents: by their name alone, uniform, and one purpose moves no other."""

from __future__ import annotations

from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.retail.behavioral.draws import (
    BLOCK,
    bits,
    coarse,
    kept_bits,
    normal,
    uniforms,
    word,
)
from retailsim.agents.retail.behavioral.parameters import disposition, load_parameters
from retailsim.agents.retail.behavioral.questions import (
    LONGEST,
    THANKS,
    AskedQuestions,
    Course,
    Habits,
    answer_score,
    cumulative,
)
from retailsim.agents.retail.behavioral.sheet import sheet_of
from retailsim.events.streams import Seed
from retailsim.market.protocols.retail.values import TOPICS, Turn
from tests.agents.behavioral_drive import make_product

SEED = Seed(1)
OURS = load_parameters(None).buyer
UNITS = [f"u{number}" for number in range(2_000)]


def habits(options: str = "{}") -> Habits:
    return Habits(disposition("b", None, (), options), OURS)


def test_a_block_is_uniform_in_every_place_and_never_at_an_end() -> None:
    """The mean of each place lies within four standard errors of a half."""
    blocks = [uniforms(SEED, "p", unit) for unit in UNITS]
    assert {len(block) for block in blocks} == {BLOCK}
    error = (1 / 12) ** 0.5 / len(UNITS) ** 0.5
    for place in zip(*blocks, strict=True):
        assert 0.0 < min(place) < max(place) < 1.0
        assert abs(fmean(place) - 0.5) < 4 * error
    assert len({tuple(block) for block in blocks}) == len(UNITS)


def test_a_draw_depends_on_seed_purpose_and_unit() -> None:
    base = uniforms(SEED, "p", "u")
    assert uniforms(Seed(1), "p", "u") == base
    for other in ((Seed(2), "p", "u"), (SEED, "q", "u"), (SEED, "p", "v")):
        assert uniforms(*other) != base
        assert bits(*other) != bits(SEED, "p", "u")
    assert kept_bits(SEED, "p", "u") == bits(SEED, "p", "u")


@given(st.integers(0, 2**128 - 1), st.integers(0, 7))
def test_coarse_draws_take_bits_of_their_own(block: int, place: int) -> None:
    assert 0.0 < coarse(block, place) < 1.0
    assert coarse(block ^ (1 << 16 * place), place) != coarse(block, place)
    elsewhere = block ^ (1 << (16 * place + 16) % 128)
    assert coarse(elsewhere, place) == coarse(block, place)


@given(st.integers(0, 2**128 - 1), st.integers(0, 15))
def test_a_word_is_of_32_bits_at_most(block: int, place: int) -> None:
    assert 0 <= word(block, place) < 2**32


def test_normal_draws_are_standard() -> None:
    found = [normal(SEED, "p", unit) for unit in UNITS]
    assert abs(fmean(found)) < 4 / len(UNITS) ** 0.5
    assert abs(stdev(found) - 1.0) < 4 / (2 * len(UNITS)) ** 0.5


def test_weights_become_the_bounds_between_their_shares() -> None:
    assert cumulative([1.0, 2.0, 1.0]) == (0.25, 0.75)
    assert cumulative([0.0, 3.0]) == (0.0,)
    assert cumulative([5.0]) == ()


def draws(**places: float) -> list[float]:
    """A block of halves but for these places, as ``p3=0.1``."""
    block = [0.5] * BLOCK
    for place, value in places.items():
        block[int(place[1:])] = value
    return block


@pytest.mark.parametrize("second", [0.0, 0.2, 0.5, 0.8, 0.999])
@pytest.mark.parametrize("first", [0.0, 0.449, 0.46, 0.52, 0.7, 0.999])
def test_two_topics_are_never_one_twice(first: float, second: float) -> None:
    topics = habits().choose_topics(draws(p0=0.0, p1=first, p2=second))
    assert len(set(topics)) == 2
    assert set(topics) <= set(TOPICS)


def test_the_share_of_two_topics_is_a_parameter() -> None:
    share = OURS.inquiry.two_topics
    assert len(habits().choose_topics(draws(p0=share - 1e-6))) == 2
    assert len(habits().choose_topics(draws(p0=share))) == 1


@pytest.mark.parametrize(
    ("exchanges", "drawn", "rest", "wanted"),
    [
        (0.0, 0.0, 0.5, 2),
        (0.0, 0.999, 0.5, 5),
        (1.0, 0.0, 0.5, 3),
        (0.7, 0.0, 0.69, 3),
        (0.7, 0.0, 0.7, 2),
        (-0.5, 0.0, 0.49, 2),
        (-0.5, 0.0, 0.5, 1),
        (9.0, 0.0, 0.5, LONGEST),
        (-9.0, 0.999, 0.5, 1),
    ],
)
def test_how_many_exchanges_a_buyer_wants(
    exchanges: float, drawn: float, rest: float, wanted: int
) -> None:
    """None of ours wants a single one; more by its persona, and a fraction more by a draw."""
    picky = habits(f'{{"exchanges": {exchanges}}}')
    assert picky.wanted(draws(p3=drawn, p6=rest)) == wanted


def course(number: int) -> Course:
    return Course(SEED, UNITS[number], habits())


def test_questions_take_the_topics_in_turn_and_thank_at_the_end_or_not() -> None:
    sheet = sheet_of(make_product(1))
    thanked = 0
    for number in range(200):
        one = course(number)
        asked = one.questions(one.topics, sheet)
        assert len(asked) == one.wanted
        thanks = [question.topic for question in asked].count(THANKS)
        thanked += thanks
        real = asked[: len(asked) - thanks]
        topics = [one.topics[turn % len(one.topics)] for turn in range(len(real))]
        assert [question.topic for question in real] == topics
        assert [question.again for question in real] == [
            turn >= len(one.topics) for turn in range(len(real))
        ]
        assert all(
            (question.aspect is not None) == (question.topic == "product specifications")
            for question in real
        )
        assert not thanks or one.wanted > 2
    assert 0 < thanked < 200


def test_a_course_is_the_same_whenever_it_is_derived() -> None:
    one, other = course(3), course(3)
    assert (one.draws, one.bits, one.topics) == (other.draws, other.bits, other.topics)
    assert (one.wanted, one.patience) == (other.wanted, other.patience)


def said(*answers: str) -> tuple[Turn, ...]:
    return tuple(turn for text in answers for turn in (Turn("buyer", "?"), Turn("seller", text)))


def test_answers_are_scored_by_question_and_thanks_count_for_nothing() -> None:
    sheet = sheet_of(make_product(1))
    price = AskedQuestions("price/discount", None)
    good, bad = "The price is $10.00, as stated.", "Perhaps."
    thanks = AskedQuestions(THANKS, None)

    def score(*answers: str, asked: tuple[AskedQuestions, ...]) -> float:
        return answer_score(said(*answers), asked, sheet, OURS)

    best, worst = score(good, asked=(price,)), score(bad, asked=(price,))
    assert best > worst
    assert score(good, bad, asked=(price, price)) == pytest.approx((best + worst) / 2)
    assert score(good, bad, asked=(price, thanks)) == best
    assert score(asked=(price,)) == OURS.answers.unasked
    assert score(bad, asked=(thanks,)) == OURS.answers.unasked
