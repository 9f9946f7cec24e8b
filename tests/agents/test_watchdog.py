"""An agent that blocks the event loop is named and interrupted; nobody else is."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator

import anyio
import anyio.lowlevel
import pytest

from retailsim.agents.errors import AgentBlocked
from retailsim.agents.watchdog import SIGNAL, Watchdog
from tests.agents.stepclock import StepClock, install

pytestmark = pytest.mark.skipif(SIGNAL is None, reason="needs a signal that wakes a thread")

WARN_S = 1 / 64
DEADLINE_S = 1 / 16


class Said(list[str]):
    """Collects what was said, and lets a test wait for a line instead of for a time."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()

    def __call__(self, line: str) -> None:
        with self._changed:
            self.append(line)
            self._changed.notify_all()

    def wait_for(self, lines: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self) >= lines)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StepClock:
    return install(monkeypatch)


@pytest.fixture
def watchdog(said: Said, clock: StepClock) -> Iterator[Watchdog]:
    with Watchdog(warn_s=WARN_S, deadline_s=DEADLINE_S, say=said) as watchdog:
        yield watchdog


def run(watchdog: Watchdog, step: Callable[[], object]) -> object:
    """Drive one step as the kernel does."""
    try:
        watchdog.enter("buyer:slow", "Decide")
        return step()
    finally:
        watchdog.leave()


def loop_for_ever() -> None:
    while True:
        pass


def blocking(clock: StepClock, block: Callable[[], object] = loop_for_ever) -> Callable[[], object]:
    """A step that blocks beyond the deadline."""

    def step() -> object:
        clock.let_pass(DEADLINE_S)
        return block()

    return step


@pytest.mark.parametrize("block", [loop_for_ever, lambda: time.sleep(1000)])
def test_a_step_that_blocks_is_named_and_interrupted(
    watchdog: Watchdog, clock: StepClock, said: Said, block: Callable[[], object]
) -> None:
    with pytest.raises(AgentBlocked) as caught:
        run(watchdog, blocking(clock, block))
    assert str(caught.value).startswith("buyer:slow blocked for 0.0625 s at Decide: it must not")
    assert (caught.value.source, caught.value.stage) == ("buyer:slow", "Decide")
    assert said == ["buyer:slow has not returned from Decide for 0.0195 s"]


def test_after_an_interruption_other_steps_run_undisturbed(
    watchdog: Watchdog, clock: StepClock
) -> None:
    with pytest.raises(AgentBlocked):
        run(watchdog, blocking(clock))
    assert [run(watchdog, lambda: "done") for _ in range(1000)] == ["done"] * 1000


def test_a_slow_step_that_ends_in_time_is_named_only(
    watchdog: Watchdog, clock: StepClock, said: Said
) -> None:
    def slow() -> None:
        clock.let_pass(WARN_S)
        said.wait_for(1)

    run(watchdog, slow)
    watchdog.stop()
    assert said == ["buyer:slow has not returned from Decide for 0.0156 s"]


class Looks:
    """Lets the watching thread look so many times."""

    def __init__(self, times: int) -> None:
        self._left = times

    def wait(self, pause_s: float) -> bool:
        self._left -= 1
        return self._left < 0


def test_what_is_no_step_of_an_agent_is_never_interrupted(clock: StepClock, said: Said) -> None:
    """The main thread may take its time outside of steps, and a late signal finds no step."""
    watchdog = Watchdog(warn_s=WARN_S, deadline_s=DEADLINE_S, say=said)
    run(watchdog, lambda: None)
    clock.let_pass(1000.0)
    watchdog._stopped = Looks(1000)  # type: ignore[assignment]
    watchdog._watch()
    assert said == []
    watchdog._interrupt(0, None)


def test_a_signal_meant_for_an_earlier_step_spares_the_next(
    watchdog: Watchdog, clock: StepClock
) -> None:
    with pytest.raises(AgentBlocked):
        run(watchdog, blocking(clock))
    assert SIGNAL is not None
    watchdog.enter("buyer:quick", "Decide")
    signal.raise_signal(SIGNAL)
    watchdog.leave()


def test_leaving_is_not_interrupted(watchdog: Watchdog) -> None:
    """A signal that arrives inside leave() does not keep it from ending the step."""
    watchdog.enter("buyer:slow", "Decide")
    step = watchdog._step
    watchdog._overdue = step
    frame = type("Frame", (), {"f_code": Watchdog.leave.__code__})()
    watchdog._interrupt(0, frame)
    with pytest.raises(AgentBlocked):
        watchdog._interrupt(0, None)
    watchdog.leave()


def test_an_agent_that_swallows_the_interruption_is_said_to_be_stuck(
    watchdog: Watchdog, clock: StepClock, said: Said
) -> None:
    """It catches two interruptions; a line says after the second deadline what to do."""
    caught: list[AgentBlocked] = []

    def stubborn() -> str:
        while len(caught) < 2:
            try:
                blocking(clock)()
            except AgentBlocked as error:
                caught.append(error)
        return "done"

    assert run(watchdog, stubborn) == "done"
    assert "cannot be interrupted; stop this process" in said[1]


def test_without_the_main_thread_it_only_names(clock: StepClock, said: Said) -> None:
    """A thread cannot be interrupted by a signal handler: the agent is named, twice."""

    def elsewhere() -> None:
        with Watchdog(warn_s=WARN_S, deadline_s=DEADLINE_S, say=said) as watchdog:
            interrupts.append(watchdog.interrupts)
            run(watchdog, slow)

    def slow() -> None:
        clock.let_pass(2 * DEADLINE_S)
        said.wait_for(2)

    interrupts: list[bool] = []
    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert interrupts == [False]
    assert "has not returned" in said[0]
    assert "cannot be interrupted" in said[1]


def test_the_signal_is_given_back() -> None:
    assert SIGNAL is not None
    before = signal.getsignal(SIGNAL)
    with Watchdog(say=print) as watchdog:
        assert watchdog.interrupts
        assert signal.getsignal(SIGNAL) == watchdog._interrupt
    assert signal.getsignal(SIGNAL) == before


def test_a_signal_on_its_way_when_the_watch_ends_does_no_harm() -> None:
    """Its default action would end the process."""
    assert SIGNAL is not None
    watchdog = Watchdog(say=print)
    watchdog.start()
    signal.pthread_sigmask(signal.SIG_BLOCK, {SIGNAL})
    signal.pthread_kill(threading.get_ident(), SIGNAL)
    watchdog.stop()
    assert SIGNAL not in signal.sigpending()


def test_waiting_is_not_blocking_but_the_steps_between_are_watched(
    watchdog: Watchdog, clock: StepClock
) -> None:
    async def receive() -> None:
        asyncio.get_running_loop().call_soon(lambda: watched.append(watchdog._step))
        await anyio.lowlevel.checkpoint()
        blocking(clock)()

    watched: list[object] = []

    async def main() -> None:
        with pytest.raises(AgentBlocked):
            await watchdog.guard(receive(), "buyer:slow", "Decide")

    anyio.run(main)
    assert watched == [None]


def test_a_guarded_coroutine_returns_raises_and_is_cancelled_as_without_guard(
    watchdog: Watchdog,
) -> None:
    ended: list[str] = []

    async def answer() -> str:
        await anyio.lowlevel.checkpoint()
        return "answer"

    async def fail() -> str:
        await anyio.lowlevel.checkpoint()
        raise KeyError("lost")

    async def wait() -> str:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("cancelled")
        return "never"

    async def main() -> None:
        assert await watchdog.guard(answer(), "a", "s") == "answer"
        with pytest.raises(KeyError, match="lost"):
            await watchdog.guard(fail(), "a", "s")
        with anyio.move_on_after(0.001) as scope:
            await watchdog.guard(wait(), "a", "s")
        assert scope.cancelled_caught

    anyio.run(main)
    assert ended == ["cancelled"]
