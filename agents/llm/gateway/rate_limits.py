"""How fast and how many: limits per minute as buckets, and concurrency that adapts."""

from __future__ import annotations

_MINUTE_S = 60.0
_BURST = 1 / 12
_SLACK = 1e-6


class Bucket:
    """A limit per minute: a small burst, the rest as it refills.

    The burst and what refills in a minute together are the limit, so that no minute, wherever
    it begins, holds more than the limit and the part of one amount above the burst. A full
    minute's burst was rejected: it lets twice the limit through in the first minute.

    An amount above the burst is taken when the bucket is full and leaves a debt. What was
    reserved and not used is given back.

    Parameters
    ----------
    per_minute : float
        The limit, above 0.
    now : float
        Seconds on the caller's clock.
    """

    __slots__ = ("_at", "_burst", "_limit", "_rate", "level")

    def __init__(self, per_minute: float, now: float) -> None:
        self._limit = per_minute
        self._burst = min(per_minute, max(1.0, per_minute * _BURST))
        self._rate = max(per_minute - self._burst, per_minute / 2) / _MINUTE_S
        self._at = now
        self.level = self._burst

    def delay_s(self, amount: float, now: float) -> float:
        """Return how long until `amount` may be taken; 0.0 now."""
        self._refill(now)
        missing = min(amount, self._burst) - self.level
        return missing / self._rate if missing > _SLACK else 0.0

    def take(self, amount: float) -> None:
        """Take an amount whose `delay_s` is 0."""
        self.level -= amount

    def give_back(self, amount: float) -> None:
        """Return what was taken and not used."""
        self.level = min(self._limit, self.level + amount)

    def correct(self, remaining: float, now: float) -> None:
        """Believe the provider where it says that less is left than we count."""
        self._refill(now)
        self.level = min(self.level, remaining)

    def _refill(self, now: float) -> None:
        if self.level < self._burst:
            self.level = min(self._burst, self.level + (now - self._at) * self._rate)
        self._at = now


class Concurrency:
    """How many calls at once: grows while all goes well, shrinks when the provider limits.

    Doubles every round of clean answers until the first limit, then grows by a twentieth; a
    limit takes a fifth away, once in 15 s, since the calls already in flight meet the same
    limit. It grows only while callers want more: an idle provider proves nothing.

    Parameters
    ----------
    ceiling : int
        Never more than this, at least 1.
    """

    __slots__ = ("_ceiling", "_clean", "_cut_at", "_doubling", "_limit")

    START = 20
    CUT = 0.8
    WINDOW_S = 15.0

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._limit = float(min(self.START, ceiling))
        self._doubling = True
        self._clean = 0
        self._cut_at = float("-inf")

    @property
    def limit(self) -> int:
        """Calls allowed at once, from 1 to the ceiling."""
        return int(self._limit)

    def succeeded(self, *, wanted: bool) -> None:
        """Count a clean answer; `wanted`: the limit is what holds the callers back."""
        if not wanted or self._limit >= self._ceiling:
            return
        self._clean += 1
        if self._clean >= self.limit:
            self._clean = 0
            more = self._limit if self._doubling else max(1.0, self._limit / 20)
            self._limit = min(float(self._ceiling), self._limit + more)

    def limited(self, now: float) -> None:
        """Shrink after a rate limit or an overload."""
        self._clean = 0
        self._doubling = False
        if now - self._cut_at >= self.WINDOW_S:
            self._cut_at = now
            self._limit = max(1.0, self._limit * self.CUT)
