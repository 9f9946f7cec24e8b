"""Names an agent that blocks the event loop, and interrupts it so that the run goes on.

One thread runs all agents of a process, so an agent that sleeps or loops would stop every
market. The main thread notes which step it is in; a second thread looks at the note now and
then, names the agent after `warn_s`, and after `deadline_s` sends the main thread a signal whose
handler raises `AgentBlocked` inside the agent's code. Rejected: a timer armed for each step
(a system call a message), and a thread for each agent (results would depend on scheduling).

What it can interrupt: ``time.sleep``, loops in Python, and system calls that return when a
signal comes. What it cannot: C code that does not return to the interpreter, and an agent that
catches every exception and goes on. Then it says so after twice the deadline, once a deadline.
C code that also keeps the interpreter's lock stops this thread too; ``py-spy`` or
``python -X faulthandler`` from outside shows such a place.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Coroutine, Generator
from itertools import count
from time import monotonic
from types import FrameType
from typing import Any, TypeVar

from retailsim.agents.errors import AgentBlocked

T = TypeVar("T")

SIGNAL: signal.Signals | None = getattr(signal, "SIGUSR2", None)
"""What wakes the main thread; None where the platform has no such signal."""

Step = tuple[str, str, float]
"""Agent, stage, and when the step began on the monotonic clock."""


class Watchdog:
    """Watches the steps of untrusted agents; one a process, made and used by the main thread.

    Use it around each step, with the handling of `AgentBlocked` outside of both calls::

        try:
            watchdog.enter(source, stage)
            try:
                answer = step()
            finally:
                watchdog.leave()
        except Exception as error:      # AgentBlocked is one of them
            fail_the_episode(error)

    Between `enter` and `leave` the exception may be raised at any place, outside of them never:
    the handler compares the running step with the one that is overdue, and `leave` itself is
    not interrupted.

    Parameters
    ----------
    warn_s, deadline_s : float
        Seconds after which a step is named, and interrupted.
    say : callable
        Takes one line for the person at the terminal; called from the watching thread.
    """

    def __init__(
        self, *, warn_s: float = 5.0, deadline_s: float = 30.0, say: Callable[[str], None]
    ) -> None:
        self.warn_s = warn_s
        self.deadline_s = deadline_s
        self._say = say
        self._step: Step | None = None
        self._overdue: Step | None = None
        self._previous: Any = None
        self._interrupts = False
        self._main = threading.get_ident()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    @property
    def interrupts(self) -> bool:
        """Whether it can interrupt: signals exist here, and `start` ran in the main thread."""
        return self._interrupts

    def start(self) -> None:
        """Begin to watch the calling thread."""
        self._main = threading.get_ident()
        if SIGNAL is not None and threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(SIGNAL, self._interrupt)
            self._interrupts = True
        self._thread.start()

    def stop(self) -> None:
        """End the thread and give the signal back to who had it before."""
        self._stopped.set()
        self._thread.join()
        if self._interrupts and SIGNAL is not None:
            self._interrupts = False
            _restore(SIGNAL, self._previous)

    def __enter__(self) -> Watchdog:
        """Start."""
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Stop."""
        self.stop()

    def enter(self, source: str, stage: str) -> None:
        """Note that a step begins."""
        self._step = (source, stage, monotonic())

    def leave(self) -> None:
        """Note that the step ended."""
        self._step = None

    async def guard(self, coroutine: Coroutine[Any, Any, T], source: str, stage: str) -> T:
        """Await `coroutine`, watching each of its steps between two waits but not the waits."""
        answer: T = await Guarded(self, coroutine, source, stage)
        return answer

    def _interrupt(self, signum: int, frame: FrameType | None) -> None:
        step = self._step
        if step is None or step is not self._overdue:
            return
        if frame is not None and frame.f_code is _LEAVE:
            return
        raise AgentBlocked(step[0], step[1], self.deadline_s)

    def _watch(self) -> None:
        pause_s = min(1.0, self.warn_s / 4, self.deadline_s / 4)
        while not self._stopped.wait(pause_s):
            step = self._step
            if step is not None and monotonic() - step[2] >= self.warn_s:
                self._follow(step)

    def _follow(self, step: Step) -> None:
        """Stay with one slow step until it ends."""
        source, stage, begun = step
        self._say(f"{source} has not returned from {stage} for {monotonic() - begun:.3g} s")
        for deadline in count(1):
            if self._ends_before(step, begun + self.deadline_s * deadline):
                return
            if deadline > 1:
                self._say(self._stuck(step))
            self._strike(step)

    def _ends_before(self, step: Step, until: float) -> bool:
        """Wait until the deadline; return whether the step, or the watch, ended before."""
        pause_s = self.deadline_s / 8
        while monotonic() < until:
            if self._stopped.wait(pause_s) or self._step is not step:
                return True
        return self._step is not step

    def _strike(self, step: Step) -> None:
        self._overdue = step
        if self._interrupts and SIGNAL is not None:
            signal.pthread_kill(self._main, SIGNAL)

    def _stuck(self, step: Step) -> str:
        source, stage, begun = step
        return (
            f"{source} still blocks at {stage} after {monotonic() - begun:.3g} s and cannot be"
            " interrupted; stop this process (kill -9 loses nothing that was written), mend or"
            " leave out the agent, and resume the run"
        )


_LEAVE = Watchdog.leave.__code__


def _restore(signum: signal.Signals, previous: Any) -> None:
    """Put the former handler back; a signal that is still on its way must not meet it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signum})
    if signum in signal.sigpending():
        signal.sigwait({signum})
    signal.signal(signum, previous if previous is not None else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signum})


class Guarded:
    """Drives a coroutine in the task that awaits it, entering and leaving at each step."""

    __slots__ = ("_coroutine", "_source", "_stage", "_watchdog")

    def __init__(
        self, watchdog: Watchdog, coroutine: Coroutine[Any, Any, Any], source: str, stage: str
    ) -> None:
        self._watchdog = watchdog
        self._coroutine = coroutine
        self._source = source
        self._stage = stage

    def __await__(self) -> Generator[Any, Any, Any]:
        """Drive the coroutine to its end, handing on its waits and what comes back."""
        resume: Callable[[], Any] = lambda: self._coroutine.send(None)  # noqa: E731
        while True:
            try:
                awaited = self._step(resume)
            except StopIteration as done:
                return done.value
            resume = yield from _passed_on(self._coroutine, awaited)

    def _step(self, resume: Callable[[], Any]) -> Any:
        try:
            self._watchdog.enter(self._source, self._stage)
            return resume()
        finally:
            self._watchdog.leave()


def _passed_on(
    coroutine: Coroutine[Any, Any, Any], awaited: Any
) -> Generator[Any, Any, Callable[[], Any]]:
    """Yield what the coroutine waits for; return how to go on with what comes back."""
    try:
        value = yield awaited
    except GeneratorExit:
        coroutine.close()
        raise
    except BaseException as error:  # noqa: BLE001 - cancellation too belongs to the coroutine
        thrown = error
        return lambda: coroutine.throw(thrown)
    return lambda: coroutine.send(value)
