"""Work that a signal ends at once, with nothing to resume: as Ctrl-C does, whichever it is."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from retailsim.sim.errors import SimError
from retailsim.sim.execution.runner import forget_dead_terminal


class Interrupted(SimError):
    """Ctrl-C, SIGTERM or SIGHUP ended the work; says what is left of it."""

    exit_status = 3

    def __init__(self, left: str) -> None:
        super().__init__(f"interrupted: {left}")


@contextmanager
def as_ctrl_c(left: Callable[[], str]) -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a block of the main thread as Ctrl-C does.

    A signal that is ignored stays so: `nohup` means that the work outlives its terminal.

    Parameters
    ----------
    left : callable
        Says what is left of the work; asked when it was ended.

    Raises
    ------
    Interrupted
        When one of them came.
    """
    signals = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) != signal.SIG_IGN
    ]
    previous = [signal.signal(number, _received) for number in signals]
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(left()) from None
    finally:
        for number, handler in zip(signals, previous, strict=True):
            signal.signal(number, handler or signal.SIG_DFL)


def _received(number: int, frame: FrameType | None) -> None:
    if number == signal.SIGHUP:
        forget_dead_terminal()
    raise KeyboardInterrupt
