"""How far a run is: a bar for who watches, a line now and then for a file."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from retailsim.market.core.money import NANOUSD_PER_CENT, us_dollars
from retailsim.sim.play.progress import ModelUsage, Progress

EVERY_S = 30.0
"""Seconds between two lines, at least."""


class Rate:
    """Calls per second, over the last few seconds."""

    SPAN_S = 10.0

    def __init__(self) -> None:
        self._seen: list[tuple[float, int]] = []

    def of(self, calls: int, now: float) -> float:
        """Return the rate, having seen `calls` in all at `now`."""
        self._seen.append((now, calls))
        while len(self._seen) > 2 and now - self._seen[1][0] > self.SPAN_S:
            self._seen.pop(0)
        first, before = self._seen[0]
        return (calls - before) / (now - first) if now > first else 0.0


def asked(usage: ModelUsage, rate: float) -> str:
    """Say what models were asked: in less than 80 cells."""
    cost = (
        "price unknown" if usage.nanousd is None else us_dollars(usage.nanousd / NANOUSD_PER_CENT)
    )
    parts = [
        f"{usage.calls:,} calls, {rate:,.1f}/s",
        f"{_short(usage.input_tokens)} in, {_short(usage.output_tokens)} out",
        cost,
        f"{usage.in_flight:,} in flight",
    ]
    if usage.retries:
        parts.append(f"{usage.retries:,} retries")
    return "; ".join(parts)


def _short(count: int) -> str:
    """Write a number of tokens in a few cells."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.1f}{unit}"
    return str(count)


class Lines:
    """Says now and then how far a run with models is; one without them is over too soon.

    Parameters
    ----------
    total, done : int
        Episodes in all, and those an earlier execution finished.
    say : callable
    clock : callable
        Seconds.
    """

    def __init__(
        self,
        total: int,
        done: int,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total = total
        self._done = done
        self._say = say
        self._clock = clock
        self._began = clock()
        self._next = self._began + EVERY_S
        self._rate = Rate()

    def update(self, progress: Progress) -> None:
        """Take the progress."""
        now = self._clock()
        if progress.usage is None or now < self._next:
            return
        self._next = now + EVERY_S
        episodes = f"{self._done + progress.episodes:,} of {self._total:,} episodes"
        asking = asked(progress.usage, self._rate.of(progress.usage.calls, now))
        self._say(f"{episodes}; {asking}{self._left(progress.episodes, now)}")

    def _left(self, episodes: int, now: float) -> str:
        """Say how much longer it takes if it goes on as it went so far."""
        todo = self._total - self._done - episodes
        if not episodes:
            return ""
        left = dt.timedelta(seconds=round((now - self._began) / episodes * todo))
        return f"; {left} left"


@contextmanager
def bar(total: int, done: int = 0) -> Iterator[Callable[[Progress], None]]:
    """Show a bar, and below it what models were asked."""
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    console = Console(stderr=True)
    shown = Bar(
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} episodes"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[failed]}", style="red"),
        TextColumn("{task.fields[left]}"),
        console=console,
        expand=True,
    )
    below = Text("", overflow="ellipsis", no_wrap=True)
    rate = Rate()
    task = shown.add_task("", total=total, completed=done, rate="", failed="", left="")

    def update(progress: Progress) -> None:
        state = shown.tasks[0]
        left = state.time_remaining
        shown.update(
            task,
            completed=done + progress.episodes,
            rate=f"{state.speed:,.0f}/s" if state.speed else "",
            failed=f"{progress.failed:,} failed" if progress.failed else "",
            left=f"{dt.timedelta(seconds=round(left))} left" if left is not None else "",
        )
        if progress.usage is not None:
            calls = progress.usage.calls
            below.plain = asked(progress.usage, rate.of(calls, time.monotonic()))

    def picture() -> Group:
        return Group(shown, below) if below.plain else Group(shown)

    with Live(console=console, get_renderable=picture, refresh_per_second=8):
        yield update
        elapsed = dt.timedelta(seconds=round(shown.tasks[0].elapsed or 0))
        shown.update(task, left=f"after {elapsed}")
