"""Limits per minute and concurrency that adapts, on a clock of the test's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.llm.gateway.rate_limits import Bucket, Concurrency


def waited(bucket: Bucket, now: float, amount: float = 1.0) -> float:
    """Take an amount as soon as the bucket allows it; return when that was."""
    now += bucket.delay_s(amount, now)
    assert bucket.delay_s(amount, now) == 0.0
    bucket.take(amount)
    return now


def test_a_twelfth_is_there_at_once_and_the_rest_within_the_minute() -> None:
    bucket, now = Bucket(120.0, 0.0), 0.0
    times = []
    for _ in range(120):
        now = waited(bucket, now)
        times.append(now)
    assert times[9] == 0.0 < times[10]
    assert times[-1] == pytest.approx(60.0)


@given(st.lists(st.floats(0.0, 10.0), max_size=80), st.floats(0.5, 300.0))
def test_no_minute_holds_more_than_the_limit(pauses: list[float], limit: float) -> None:
    """Wherever it begins, and however callers pause; an amount is at most the burst."""
    bucket, now = Bucket(limit, 0.0), 0.0
    taken: list[float] = []
    for pause in pauses:
        now = waited(bucket, now + pause)
        taken.append(now)
    for start in taken:
        assert sum(start <= one < start + 60.0 for one in taken) <= limit + 1.0 + 1e-6


def test_an_amount_above_the_burst_leaves_a_debt_that_others_wait_for() -> None:
    bucket = Bucket(120.0, 0.0)  # a burst of 10, and 110 a minute
    assert bucket.delay_s(40.0, 0.0) == 0.0
    bucket.take(40.0)
    assert bucket.level == -30.0
    assert bucket.delay_s(1.0, 0.0) == pytest.approx(31.0 / (110.0 / 60.0))


def test_what_was_not_used_is_given_back_and_never_more_than_the_limit() -> None:
    bucket = Bucket(120.0, 0.0)
    bucket.take(40.0)
    bucket.give_back(35.0)
    assert bucket.level == 5.0
    bucket.give_back(10_000.0)
    assert bucket.level == 120.0


def test_a_provider_is_believed_where_it_counts_less_than_we_do() -> None:
    bucket = Bucket(120.0, 0.0)
    bucket.correct(50.0, 0.0)
    assert bucket.level == 10.0, "where it counts more, ours holds"
    bucket.correct(2.0, 0.0)
    assert bucket.level == 2.0


def test_what_refilled_until_a_correction_does_not_refill_a_second_time() -> None:
    bucket = Bucket(120.0, 0.0)
    bucket.take(10.0)
    bucket.correct(1.0, 5.0)
    assert bucket.level == 1.0
    assert bucket.delay_s(2.0, 5.0) == pytest.approx(1.0 / (110.0 / 60.0))


def clean(concurrency: Concurrency, answers: int, *, wanted: bool = True) -> int:
    for _ in range(answers):
        concurrency.succeeded(wanted=wanted)
    return concurrency.limit


def test_concurrency_begins_at_twenty_or_at_its_ceiling() -> None:
    assert (Concurrency(64).limit, Concurrency(7).limit, Concurrency(1).limit) == (20, 7, 1)


def test_a_round_of_clean_answers_doubles_it_up_to_the_ceiling() -> None:
    concurrency = Concurrency(70)
    assert clean(concurrency, 19) == 20
    assert clean(concurrency, 1) == 40
    assert clean(concurrency, 40) == 70
    assert clean(concurrency, 1_000) == 70


def test_who_wants_no_more_proves_nothing() -> None:
    assert clean(Concurrency(64), 1_000, wanted=False) == 20


def test_a_limit_takes_a_fifth_once_in_fifteen_seconds() -> None:
    concurrency = Concurrency(64)
    concurrency.limited(100.0)
    assert concurrency.limit == 16
    concurrency.limited(114.9)
    assert concurrency.limit == 16, "those in flight meet the same limit"
    concurrency.limited(115.0)
    assert concurrency.limit == 12


def test_after_a_limit_it_grows_by_a_twentieth_a_round() -> None:
    concurrency = Concurrency(400)
    for _ in range(3):
        clean(concurrency, concurrency.limit)
    concurrency.limited(0.0)
    assert concurrency.limit == 128
    assert clean(concurrency, 127) == 128
    assert clean(concurrency, 1) == 134


def test_a_limit_begins_the_round_anew() -> None:
    concurrency = Concurrency(64)
    clean(concurrency, 19)
    concurrency.limited(0.0)
    assert clean(concurrency, 15) == 16
    assert clean(concurrency, 1) == 17, "at least one more"


def test_it_never_falls_below_one() -> None:
    concurrency = Concurrency(2)
    for number in range(20):
        concurrency.limited(100.0 * number)
    assert concurrency.limit == 1
