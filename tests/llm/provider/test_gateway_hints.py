"""How long servers ask to wait, in every form they use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.llm.provider.hints import (
    Remaining,
    delay_s,
    duration_s,
    remaining,
    reset_s,
    spoken_delay_s,
)
from tests.llm.faultserver import WALL


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("12ms", 0.012),
        ("1s", 1.0),
        ("46.5s", 46.5),
        ("10h17m3s", 37_023.0),
        ("250µs", 0.00025),
        ("", None),
        ("12", None),
        ("soon", None),
        ("-1s", None),
        ("1s later", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert duration_s(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "7s"}, 7.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Fri, 15 Jan 2027 08:01:00 GMT"}, 60.0),
        ({"retry-after": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0.0),
        ({"llm_provider-retry-after": "3"}, 3.0),
        ({"retry-after": "4", "llm_provider-retry-after": "3"}, 4.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "Fri, 99 Xxx"}, None),
        ({}, None),
    ],
)
def test_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert delay_s(headers, WALL) == seconds


@given(st.text(max_size=40))
def test_no_header_breaks_the_reading_or_asks_for_a_negative_wait(text: str) -> None:
    headers = dict.fromkeys(
        (
            "retry-after",
            "retry-after-ms",
            "x-ratelimit-remaining-tokens",
            "x-ratelimit-reset-tokens",
        ),
        text,
    )
    found = delay_s(headers, WALL)
    assert found is None or 0.0 <= found < float("inf")
    reset_s(headers, WALL)
    remaining(headers)


def test_words() -> None:
    assert spoken_delay_s("Limit 3. Please try again in 1m20.5s. Visit") == 80.5
    assert spoken_delay_s("Please retry in 12s.") == 12.0
    assert spoken_delay_s("try again in a while") is None


def exhausted(reset: str, left: str = "0") -> dict[str, str]:
    return {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": left,
        "x-ratelimit-reset-requests": reset,
    }


def test_a_reset_counts_only_for_the_exhausted_limit_and_up_to_a_minute() -> None:
    assert reset_s(exhausted("7s"), WALL) == 7.0
    assert reset_s(exhausted("7s", left="3"), WALL) is None
    assert reset_s(exhausted("6m0s"), WALL) is None
    dated = {
        "anthropic-ratelimit-tokens-remaining": "0",
        "anthropic-ratelimit-tokens-reset": "2027-01-15T08:00:30Z",
    }
    assert reset_s(dated, WALL) == 30.0
    assert reset_s({**exhausted("7s"), **dated}, WALL) == 30.0, "both have to be full again"
    assert reset_s(exhausted("60s"), WALL) == 60.0
    assert reset_s(exhausted("60.1s"), WALL) is None


def test_what_is_left() -> None:
    assert remaining(exhausted("1s", left="3")) == Remaining(3, None)
    both = {
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-tokens-limit": "9000",
        "anthropic-ratelimit-tokens-remaining": "8000",
    }
    assert remaining(both) == Remaining(49, 8_000)


@pytest.mark.parametrize("limit", ["-1", "0", "", "many"])
def test_limits_that_cannot_be_are_unknown(limit: str) -> None:
    headers = exhausted("1s") | {"x-ratelimit-limit-requests": limit}
    assert remaining(headers) == Remaining(None, None)


@pytest.mark.slow
def test_digits_without_end_are_no_wait_and_take_no_time() -> None:
    """Found by the campaign: `inf` seconds; among a megabyte of digits, the square of them."""
    for digits in ("1" * 400, "1" * 2**20):
        assert duration_s(f"{digits}s") is None
        assert spoken_delay_s(f"Please try again in {digits}s") is None
        assert duration_s(digits) is None
    assert duration_s("999999999999.5s") == 999_999_999_999.5
