"""Limits per minute and adaptive concurrency, as plain arithmetic."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.llm.gateway.rate_limits import Bucket, Concurrency

LIMITS = st.integers(1, 5_000)


def take_when_due(bucket: Bucket, amount: float, now: float) -> float:
    """Wait as long as the bucket says; return when the amount was taken."""
    now += bucket.delay_s(amount, now)
    assert bucket.delay_s(amount, now) == 0.0
    bucket.take(amount)
    return now


@given(LIMITS, st.lists(st.floats(0, 20), max_size=300))
def test_no_minute_holds_more_requests_than_the_limit(limit: int, pauses: list[float]) -> None:
    bucket, now, window = Bucket(limit, 0.0), 0.0, deque[float]()
    for pause in [*pauses, *[0.0] * min(2 * limit, 300)]:
        now = take_when_due(bucket, 1.0, now + pause)
        window.append(now)
        while window[0] <= now - 60.0 + 1e-3:
            window.popleft()
        assert len(window) <= limit


@given(LIMITS, st.lists(st.tuples(st.floats(0, 9_000), st.floats(0, 1)), max_size=60))
def test_tokens_are_conserved(limit: int, calls: list[tuple[float, float]]) -> None:
    """What was used since the start is at most the limit's flow, a burst, and one call."""
    bucket, now, used, largest = Bucket(limit, 0.0), 0.0, 0.0, 0.0
    for reserved, share in calls:
        now = take_when_due(bucket, reserved, now)
        bucket.give_back(reserved * (1 - share))
        used += reserved * share
        largest = max(largest, reserved)
        assert used <= limit * (now / 60.0) + limit + largest + 1e-3


def test_what_was_reserved_and_not_used_can_be_taken_at_once() -> None:
    bucket = Bucket(1_200, 0.0)
    bucket.take(1_000)
    assert bucket.delay_s(100, 0.0) > 0
    bucket.give_back(1_000)
    assert bucket.delay_s(100, 0.0) == 0.0


def test_what_is_given_back_never_makes_more_than_a_minute() -> None:
    bucket = Bucket(1_200, 0.0)
    bucket.give_back(9_000)
    assert bucket.level == 1_200


def test_a_call_above_the_burst_waits_for_a_full_bucket_and_leaves_a_debt() -> None:
    bucket = Bucket(1_200, 0.0)
    assert bucket.delay_s(5_000, 0.0) == 0.0
    bucket.take(5_000)
    assert bucket.delay_s(5_000, 0.0) == pytest.approx(5_000 / (1_100 / 60))


def test_a_limit_of_one_still_flows() -> None:
    bucket = Bucket(1, 0.0)
    assert take_when_due(bucket, 1.0, 0.0) == 0.0
    assert take_when_due(bucket, 1.0, 0.0) == pytest.approx(120.0)


def test_the_provider_is_believed_only_downwards() -> None:
    bucket = Bucket(600, 0.0)
    bucket.correct(1_000, 0.0)
    assert bucket.level == 50.0
    bucket.correct(3, 0.0)
    assert bucket.level == 3.0


def rounds(concurrency: Concurrency, count: int) -> list[int]:
    """The limit after each of `count` rounds of clean answers."""
    limits = []
    for _ in range(count):
        for _ in range(concurrency.limit):
            concurrency.succeeded(wanted=True)
        limits.append(concurrency.limit)
    return limits


def test_it_doubles_until_the_ceiling() -> None:
    assert rounds(Concurrency(100), 4) == [40, 80, 100, 100]


def test_it_starts_at_a_lower_ceiling() -> None:
    assert Concurrency(3).limit == 3


def test_after_a_limit_it_grows_by_a_twentieth() -> None:
    concurrency = Concurrency(200)
    rounds(concurrency, 3)
    concurrency.limited(0.0)
    assert concurrency.limit == 128
    after = rounds(concurrency, 2)
    assert after == [134, 141]


def test_one_cut_per_window() -> None:
    concurrency = Concurrency(20)
    for moment in (0.0, 1.0, 14.9):
        concurrency.limited(moment)
        assert concurrency.limit == 16
    concurrency.limited(15.0)
    assert concurrency.limit == 12


def test_an_idle_provider_proves_nothing() -> None:
    concurrency = Concurrency(100)
    for _ in range(1_000):
        concurrency.succeeded(wanted=False)
    assert concurrency.limit == 20


@given(st.integers(1, 300), st.lists(st.booleans(), max_size=400))
def test_it_stays_between_one_and_the_ceiling(ceiling: int, clean: list[bool]) -> None:
    concurrency = Concurrency(ceiling)
    for step, good in enumerate(clean):
        if good:
            concurrency.succeeded(wanted=True)
        else:
            concurrency.limited(step * 20.0)
        assert 1 <= concurrency.limit <= ceiling
