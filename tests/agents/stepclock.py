"""A clock for the watchdog that stands still, but for as long as a test lets it run.

With the real one a busy machine would make a good agent late.
"""

from __future__ import annotations

import pytest

from retailsim.agents import watchdog

TICK_S = 1 / 256


class StepClock:
    """Passes a tick each time it is read, up to a limit."""

    def __init__(self) -> None:
        self._now = 0.0
        self._limit = 0.0

    @property
    def limit(self) -> float:
        """Where it stands still."""
        return self._limit

    def __call__(self) -> float:
        """Return the time in seconds."""
        self._now = min(self._now + TICK_S, self._limit)
        return self._now

    def let_pass(self, seconds: float) -> None:
        """Let so much time pass from now on, as the clock is read."""
        self._limit = self._now + seconds


def install(monkeypatch: pytest.MonkeyPatch) -> StepClock:
    """Put a new clock in the place of the watchdog's."""
    clock = StepClock()
    monkeypatch.setattr(watchdog, "monotonic", clock)
    return clock
