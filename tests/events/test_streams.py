"""Random streams: keyed by what a draw is for, the same on every machine, and uniform."""

import math
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.events.streams import Seed, Stream

ROOT = Path(__file__).parents[2]
DRAWS = 20_000

labels = st.text(st.characters(codec="utf-8", exclude_characters="\x1f"), max_size=20)
seeds = st.integers(-(2**70), 2**70)


def stream(unit: str = "unit", purpose: str = "purpose") -> Stream:
    return Seed(1).stream(purpose, unit)


# -- determinism ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "purpose", "unit", "words", "twentieth", "digest"),
    [
        (
            0,
            "a",
            "b",
            [288349281, 2303107827, 2717218082],
            931636244,
            "d50ea6fa2dc7c8e97ce82c82ffd67e14",
        ),
        (
            1,
            "buyer/decision",
            "LAMP/sam/ann/1",
            [817325146, 2756428884, 4098127192],
            3913039735,
            "7f6f6a55419857404faed3a5813ba754",
        ),
        (
            -7,
            "market/issue",
            "é",
            [618573504, 2714718155, 299745857],
            1540939011,
            "9c959f06a963f6c3277bddd05bd4f4c6",
        ),
    ],
)
def test_streams_give_the_pinned_words(
    seed: int, purpose: str, unit: str, words: list[Any], twentieth: int, digest: str
) -> None:
    """A change here changes every run ever made: raise the version of what is recorded."""
    drawn = Seed(seed).stream(purpose, unit)
    first = [drawn.word() for _ in range(20)]
    assert first[:3] == words
    assert first[19] == twentieth
    assert Seed(seed).digest(purpose, unit).hex() == digest


def test_streams_do_not_depend_on_pythons_hash_seed() -> None:
    code = (
        "from retailsim.events.streams import Seed; s = Seed(5).stream('p', 'u'); "
        "print(s.sample(sorted({'a', 'b', 'c', 'd'}), 4), s.normal(), s.weighted([1, 2, 3]))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": number},
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
        for number in ("0", "1")
    }
    assert len(outputs) == 1


@given(seeds, labels, labels)
def test_a_stream_always_starts_at_its_beginning(seed: int, purpose: str, unit: str) -> None:
    first, again = (Seed(seed).stream(purpose, unit) for _ in range(2))
    assert [first.word() for _ in range(40)] == [again.word() for _ in range(40)]


names = st.tuples(seeds, labels, labels)


@given(names, names)
def test_another_seed_purpose_or_unit_is_another_stream(
    one: tuple[Any, ...], two: tuple[Any, ...]
) -> None:
    streams = [Seed(seed).stream(purpose, unit) for seed, purpose, unit in (one, two)]
    words = [(drawn.word(), drawn.word()) for drawn in streams]
    assert (words[0] == words[1]) == (one == two)


def test_drawing_from_one_stream_moves_no_other() -> None:
    alone = stream("a").word()
    seed = Seed(1)
    other, mine = seed.stream("purpose", "b"), seed.stream("purpose", "a")
    for _ in range(100):
        other.word()
    assert mine.word() == alone


def test_no_block_of_a_stream_repeats() -> None:
    drawn = stream()
    words = [drawn.word() for _ in range(16 * 64)]
    assert len(set(words)) == len(words)


# -- distribution --------------------------------------------------------------------------


def within(mean: float, expected: float, deviation: float, count: int = DRAWS) -> bool:
    """Whether a mean lies within four standard errors: 1 failure in 16,000 if it were random."""
    return abs(mean - expected) < 4 * deviation / math.sqrt(count)


def test_uniform_has_the_moments_of_the_unit_interval() -> None:
    drawn = stream()
    values = [drawn.uniform() for _ in range(DRAWS)]
    assert all(0.0 < value < 1.0 for value in values)
    assert within(sum(values) / DRAWS, 1 / 2, math.sqrt(1 / 12))
    assert within(sum(v * v for v in values) / DRAWS, 1 / 3, math.sqrt(1 / 5 - 1 / 9))
    products = [a * b for a, b in pairwise(values)]
    assert within(sum(products) / len(products), 1 / 4, math.sqrt(1 / 9 - 1 / 16) * math.sqrt(3))


def test_first_draws_of_neighbouring_units_are_uniform_together() -> None:
    counts = Counter(int(stream(f"LAMP/{n}").uniform() * 16) for n in range(DRAWS))
    expected = DRAWS / 16
    square = sum((counts[cell] - expected) ** 2 / expected for cell in range(16))
    assert square < 15 + 4 * math.sqrt(2 * 15)


def test_a_chance_comes_true_as_often_as_it_says() -> None:
    drawn = stream()
    for probability in (0.05, 0.5, 0.9):
        hits = sum(drawn.chance(probability) for _ in range(DRAWS))
        assert within(hits / DRAWS, probability, math.sqrt(probability * (1 - probability)))
    assert not any(drawn.chance(0.0) for _ in range(100))
    assert all(drawn.chance(1.0) for _ in range(100))


@settings(deadline=None)
@given(st.integers(-1000, 1000), st.integers(0, 1000), labels)
def test_integers_stay_within_both_ends(low: int, width: int, unit: str) -> None:
    drawn = stream(unit)
    assert all(low <= drawn.integer(low, low + width) <= low + width for _ in range(50))


def test_integers_and_picks_reach_all_values_alike() -> None:
    drawn = stream()
    for values in (
        Counter(drawn.integer(-1, 3) for _ in range(DRAWS)),
        Counter(drawn.pick("abcde") for _ in range(DRAWS)),
    ):
        assert len(values) == 5
        assert all(within(count / DRAWS, 0.2, 0.4) for count in values.values())


def test_normal_and_logistic_have_their_moments() -> None:
    drawn = stream()
    normal = [drawn.normal() for _ in range(DRAWS)]
    assert within(sum(normal) / DRAWS, 0.0, 1.0)
    assert within(sum(v * v for v in normal) / DRAWS, 1.0, math.sqrt(2))
    logistic = [drawn.logistic() for _ in range(DRAWS)]
    assert within(sum(logistic) / DRAWS, 0.0, math.pi / math.sqrt(3))
    below = sum(value < 1.0 for value in logistic) / DRAWS
    share = 1 / (1 + math.exp(-1.0))
    assert within(below, share, math.sqrt(share * (1 - share)))


class Extreme(Stream):
    """A stream whose words are the smallest or the largest there are."""

    def __init__(self, word: int) -> None:
        super().__init__(b"", b"")
        self.fixed = word

    def word(self) -> int:
        return self.fixed


@pytest.mark.parametrize("word", [0, 2**32 - 1])
def test_the_extreme_words_stay_in_range(word: int) -> None:
    drawn = Extreme(word)
    assert 0.0 < drawn.uniform() < 1.0
    assert drawn.integer(3, 5) == (3 if word == 0 else 5)
    assert drawn.pick("abc") == ("a" if word == 0 else "c")
    assert drawn.weighted([0.0, 1.0, 0.0]) == 1
    assert math.isfinite(drawn.normal())
    assert math.isfinite(drawn.logistic())
    assert not drawn.chance(0.0)
    assert drawn.chance(1.0)


# -- weights and samples -------------------------------------------------------------------


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=8).filter(any), labels)
def test_an_index_without_weight_is_never_drawn(weights: list[Any], unit: str) -> None:
    drawn = stream(unit)
    assert all(weights[drawn.weighted(weights)] > 0.0 for _ in range(20))


def test_weights_are_shares() -> None:
    drawn = stream()
    counts = Counter(drawn.weighted([1, 0, 3]) for _ in range(DRAWS))
    assert set(counts) == {0, 2}
    assert within(counts[2] / DRAWS, 0.75, math.sqrt(0.75 * 0.25))


@given(st.lists(st.integers(), unique=True, max_size=12), st.integers(0, 14), labels)
def test_a_sample_is_distinct_and_the_beginning_of_every_larger_one(
    options: list[Any], count: int, unit: str
) -> None:
    few, all_ = (stream(unit).sample(options, n) for n in (count, len(options)))
    assert few == all_[:count]
    assert sorted(all_) == sorted(options)


def test_every_order_is_sampled_alike() -> None:
    orders = Counter(tuple(stream(f"{n}").sample("abc", 3)) for n in range(DRAWS))
    assert len(orders) == 6
    share = 1 / 6
    deviation = math.sqrt(share * (1 - share))
    assert all(within(count / DRAWS, share, deviation) for count in orders.values())


def test_digests_order_units_apart_from_their_stream() -> None:
    seed = Seed(1)
    digests = [seed.digest("product", f"P{n}") for n in range(1_000)]
    assert len(set(digests)) == 1_000
    assert {len(digest) for digest in digests} == {16}
    first = sorted(range(1_000), key=lambda n: digests[n])[:500]
    assert within(sum(first) / 500, 499.5, 288.7, 500)
