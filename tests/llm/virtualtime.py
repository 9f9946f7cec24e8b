"""An event loop whose clock jumps to the next timer when nothing else is left to do.

Everything that waits on the loop's clock (sleeps, deadlines, timeouts of sockets) takes no real
time and happens in its order. Sockets on this machine keep working: before the clock jumps, they
get a moment of real time to become ready.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

GRACE_S = 0.003
HANGS_S = 5.0


class _Selector(selectors.DefaultSelector):
    loop: VirtualLoop
    grace_s = GRACE_S

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            ready = super().select(HANGS_S)
            if not ready:
                raise RuntimeError("nothing is left that could ever happen: a lost wake-up")
            return ready
        ready = super().select(self.grace_s)
        if not ready:
            self.loop.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """`now` is the loop's clock, in seconds from 0."""

    def __init__(self, grace_s: float = GRACE_S) -> None:
        self.now = 0.0
        selector = _Selector()
        selector.grace_s = grace_s
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def run(main: Coroutine[Any, Any, T], *, sockets: bool = True) -> T:
    """Run `main` to its end in virtual time; without `sockets` the clock jumps at once."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(GRACE_S * sockets)) as runner:
        return runner.run(main)


def now() -> float:
    """The running loop's time in seconds."""
    return asyncio.get_running_loop().time()
