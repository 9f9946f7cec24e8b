"""Limits on what one seat and one address may ask for: buckets that fill up again."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MOST_KEPT = 20_000
"""Buckets at once; the one that was used longest ago is forgotten for a new one."""


class Buckets:
    """For each key, how much may come at once, and how fast that comes back.

    Parameters
    ----------
    burst : float
        Requests at once.
    per_s : float
        Requests a second in the long run.
    clock : callable
        Seconds.
    """

    def __init__(
        self, burst: float, per_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = burst
        self._per_s = per_s
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> bool:
        """Take one out of a key's bucket; False where it is empty."""
        at = self._clock()
        left, since = self._left.pop(key, (self._burst, at))
        left = min(self._burst, left + self._per_s * (at - since))
        enough = left >= 1
        self._left[key] = left - enough, at
        if len(self._left) > MOST_KEPT:
            self._left.popitem(last=False)
        return enough
