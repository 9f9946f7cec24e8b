"""How long a server asks to wait and what it says is left, in each of the vendors' forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

import msgspec

Headers = Mapping[str, str]

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
# Digits are bounded: a number of hundreds of them is infinite, and searching among thousands takes
# the square of their number.
_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(h|ms|us|µs|ns|m|s)")
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_AGAIN = re.compile(r"(?:try again|retry) in ((?:[0-9]{1,12}(?:\.[0-9]{1,12})?(?:h|ms|m|s))+)")
_LONGEST_RESET_S = 60.0


def duration_s(text: str) -> float | None:
    """Return the seconds of a duration such as ``6m0s``, ``12ms`` or ``46.5s``; None if none."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def delay_s(headers: Headers, now: float) -> float | None:
    """Return the wait that a response's headers ask for, in seconds, or None.

    ``retry-after-ms`` before ``retry-after`` (seconds or an HTTP date) before the same from
    behind a proxy (``llm_provider-retry-after``).

    Parameters
    ----------
    now : float
        Seconds since the epoch, for dates.
    """
    milliseconds = headers.get("retry-after-ms", "").strip()
    if _NUMBER.fullmatch(milliseconds):
        return float(milliseconds) / 1000.0
    for name in ("retry-after", "llm_provider-retry-after"):
        found = _retry_after_s(headers.get(name, "").strip(), now)
        if found is not None:
            return found
    return None


def _retry_after_s(text: str, now: float) -> float | None:
    if _NUMBER.fullmatch(text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return duration_s(text)


def spoken_delay_s(message: str) -> float | None:
    """Return the wait that a message names in words: ``Please try again in 6m0s.``"""
    found = _AGAIN.search(message.lower())
    return duration_s(found[1]) if found else None


def reset_s(headers: Headers, now: float) -> float | None:
    """Return when the exhausted limit is full again: an upper bound of the wait, at most 60 s.

    Only for a 429 that names no delay. A longer reset says little (one request may be free much
    sooner), so it is left to the backoff.
    """
    found = [
        reset
        for left, reset in _limits(headers, now)
        if left == 0 and reset is not None and reset <= _LONGEST_RESET_S
    ]
    return max(found, default=None)


def _limits(headers: Headers, now: float) -> list[tuple[int | None, float | None]]:
    pairs = []
    for kind in ("requests", "tokens", "input-tokens", "output-tokens"):
        for remaining, reset in (
            (f"x-ratelimit-remaining-{kind}", f"x-ratelimit-reset-{kind}"),
            (f"anthropic-ratelimit-{kind}-remaining", f"anthropic-ratelimit-{kind}-reset"),
        ):
            pairs.append((_count(headers, remaining), _moment_s(headers.get(reset, ""), now)))
    return pairs


def _moment_s(text: str, now: float) -> float | None:
    found = duration_s(text)
    if found is not None or not text:
        return found
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - now) if moment.tzinfo else None


class Remaining(msgspec.Struct, frozen=True):
    """What a provider says is left of its limits; None: not said, or not believable."""

    requests: int | None
    tokens: int | None


def remaining(headers: Headers) -> Remaining:
    """Read the remaining-* headers; a limit that is not above 0 says that nothing is known."""
    return Remaining(_left(headers, "requests"), _left(headers, "tokens"))


def _left(headers: Headers, kind: str) -> int | None:
    for left, limit in (
        (f"x-ratelimit-remaining-{kind}", f"x-ratelimit-limit-{kind}"),
        (f"anthropic-ratelimit-{kind}-remaining", f"anthropic-ratelimit-{kind}-limit"),
    ):
        if _count(headers, limit):
            return _count(headers, left)
    return None


def _count(headers: Headers, name: str) -> int | None:
    text = headers.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None
