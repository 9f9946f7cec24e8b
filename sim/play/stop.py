"""Stopping a run: no new market and no new call, but nothing undone."""

from __future__ import annotations

import anyio


class Stop:
    """Whether the run shall stop: no new market and no new outside call, but nothing undone."""

    def __init__(self) -> None:
        self.requested = False

    def request(self) -> None:
        """Ask for it; safe from a signal handler and from another thread."""
        self.requested = True

    async def wait(self) -> None:
        """Return soon after it is requested."""
        while not self.requested:  # noqa: ASYNC110 - an event could not be set from a thread
            await anyio.sleep(0.1)


class Turnstile:
    """One market's way to the outside, closed when the run stops.

    Calls that are under way end and are recorded. One that would begin is held, and once none
    is under way any more, the market is cancelled, to be played again by a resume.
    """

    def __init__(self, stop: Stop) -> None:
        self.scope = anyio.CancelScope()
        self.closed = False
        self._stop = stop
        self._inside = 0

    async def enter(self) -> None:
        """Return when a call may begin; never, if the run is stopping."""
        if self._stop.requested:
            self.closed = True
            self._end_if_idle()
            await anyio.sleep_forever()
        self._inside += 1

    def leave(self) -> None:
        """Note that a call is over, and its answer recorded."""
        self._inside -= 1
        self._end_if_idle()

    def _end_if_idle(self) -> None:
        if self.closed and not self._inside:
            self.scope.cancel()
