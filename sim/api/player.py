"""The player: does the work of a run where the caller can wait for it, and stops it on Ctrl-C.

A run has an event loop of its own. In a script it is played in the main thread, as on the command
line, so that agents that block can be interrupted and debuggers work. Where a loop is running
already, as in a notebook, or in another thread than the main one, it is played in a thread of its
own, and the caller's thread waits and shows the progress.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

import anyio

from retailsim.sim.api.displays import Display, ProgressWish, display_for
from retailsim.sim.api.listener import Listener
from retailsim.sim.execution.runner import Interrupts, RunControl

T = TypeVar("T")

Work = Callable[[Listener, RunControl], T]
"""Something that is played: told whom to tell, and what may stop it."""

_POLL_S = 0.05


def play(work: Work[T], progress: ProgressWish, interrupted: Callable[[T], KeyboardInterrupt]) -> T:
    """Do the work in this thread or beside it, and wait for its end.

    Parameters
    ----------
    interrupted : callable
        Builds what is raised if Ctrl-C came, from what the work then returned. The first Ctrl-C
        lets what is in flight end, the second leaves that to a resume.

    Raises
    ------
    KeyboardInterrupt
        At once with the third Ctrl-C, whatever still goes on.
    """
    display = display_for(progress)
    try:
        result, count = _played(work, display)
    finally:
        display.close()
    if count:
        raise interrupted(result)
    return result


def _played(work: Work[T], display: Display) -> tuple[T, int]:
    """Return what the work returned, and how often Ctrl-C came."""
    in_main = threading.current_thread() is threading.main_thread()
    listener = Listener(display, own_thread=in_main and not _loop_is_running())
    control = RunControl()
    if not in_main:
        return _waited_for(_Thread(work, listener, control)), 0
    with Interrupts(control, listener.say, signals=(signal.SIGINT,), last=_give_up) as interrupts:
        if listener.own_thread:
            result = work(listener, control)
        else:
            result = _waited_for(_Thread(work, listener, control))
    return result, interrupts.count


def _loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _give_up() -> None:
    raise KeyboardInterrupt


def _waited_for(thread: _Thread[T]) -> T:
    while not thread.over.wait(_POLL_S):
        thread.listener.show()
    thread.listener.show()
    return thread.result()


async def aplay(work: Work[T], progress: ProgressWish) -> T:
    """Do the work in a thread, and wait for its end without holding up the caller's loop.

    Cancelled, it leaves what is in flight to a resume and waits until everything is written.
    """
    display = display_for(progress)
    control = RunControl()
    thread = _Thread(work, Listener(display, own_thread=False), control)
    try:
        await _over(thread)
        return thread.result()
    finally:
        if not thread.over.is_set():
            control.cancel()
            with anyio.CancelScope(shield=True):
                await _over(thread)
        thread.listener.show()
        display.close()


async def _over(thread: _Thread[T]) -> None:
    while not thread.over.is_set():
        await anyio.sleep(_POLL_S)
        thread.listener.show()


class _Thread(Generic[T]):
    """Work in a thread of its own.

    Attributes
    ----------
    over : Event
        Set when it has ended, however it did.
    """

    def __init__(self, work: Work[T], listener: Listener, control: RunControl) -> None:
        self.over = threading.Event()
        self.listener = listener
        self._work = partial(work, listener, control)
        self._ended: list[T] = []
        self._error: BaseException | None = None
        # A daemon: whoever leaves after the third Ctrl-C must not be held up at exit.
        threading.Thread(target=self._run, name="retailsim run", daemon=True).start()

    def _run(self) -> None:
        try:
            self._ended.append(self._work())
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self._error = error
        finally:
            self.over.set()

    def result(self) -> T:
        """Return what the work returned, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._ended[0]
