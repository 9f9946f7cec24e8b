"""Runs that are going on, as all pages see them: one reader of each log, however many look.

Counts are taken once a second, of what is new in the log; chapters are made anew after ten times
what making them took, so a page costs a tenth of a core at most, and nothing while nobody looks.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakValueDictionary

import anyio
from aiohttp import web

from retailsim.analysis.projection.growing import GrowingLog
from retailsim.analysis.projection.registered import planned_episodes
from retailsim.analysis.protocol import analysis_of
from retailsim.events.errors import RetailSimError
from retailsim.sim.error_line import line_and_status
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.folder.run_progress import RunProgress, read_progress
from retailsim.sim.studio.overview.chapters import Chapters
from retailsim.sim.studio.overview.reading import measured
from retailsim.sim.studio.overview.standing import Standing
from retailsim.sim.studio.site.studio import Studio
from retailsim.sim.studio.state import State, state_of
from retailsim.sim.terminal.progress_bar import Rate

EVERY_S = 1.0
"""Between two looks at a log; a look that takes long is followed by a longer rest."""
REST_COUNTS, REST_CHAPTERS = 20, 10
"""Times what a look, and making chapters, took of a processor, until the next begins."""
STALE_S = 10.0
"""What a runner said longer ago is left out: it says something once a second."""
MOST = 8
"""Runs that are held in memory; those that nobody looks at go first."""


class Watch:
    """A run that is going on.

    Parameters
    ----------
    run : Path

    Attributes
    ----------
    standing : Standing
        As of the last look.
    problem : str
        Why the log cannot be read, if it cannot.
    lookers : int
        How many follow it.

    Raises
    ------
    NotARunFolder, BadTables
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self.problem = ""
        self.lookers = 0
        self._log = GrowingLog(run)
        self._protocol = analysis_of(run)
        self._planned = planned_episodes(run) or 0
        self._budget = RunFolder(run).read().budget
        self._rate = Rate()
        self._looking, self._making = threading.Lock(), threading.Lock()
        self._made: tuple[int, Chapters] | None = None
        self._rest_until, self._pause = 0.0, EVERY_S
        self._changed = anyio.Event()
        self._task: asyncio.Task[None] | None = None
        self.standing = Standing(state=State.RUNNING, done=0, planned=self._planned, failed=0)

    @property
    def n_bytes(self) -> int:
        """How far the log was read."""
        return self._log.n_bytes

    @property
    def ended(self) -> bool:
        """Whether nobody plays the run any more, or its log cannot be read."""
        return self.standing.state is not State.RUNNING

    @property
    def chapters(self) -> tuple[int, Chapters] | None:
        """The last chapters that are whole, and how far the log was read for them."""
        made = self._made
        return made if made is not None and made[1].complete else None

    async def change(self) -> None:
        """Wait until there is something new."""
        await self._changed.wait()

    def look(self) -> None:
        """Read what is new of the log, and count."""
        with self._looking:
            began = time.thread_time()
            state = state_of(self.run)  # before the log: what it holds then is all
            try:
                self._log.advance()
            except RetailSimError as error:
                state, self.problem = State.DAMAGED, line_and_status(error)[0]
            self.standing = self._stands(state)
            self._pause = max(EVERY_S, REST_COUNTS * (time.thread_time() - began))

    def _stands(self, state: State) -> Standing:
        """Put together what the log says, and what its runner said just now."""
        tally, told = self._log.tally, read_progress(self.run)
        if told is None or state is not State.RUNNING or not _is_new(told):
            told = None
        done = tally.closed + tally.failed
        rate = self._rate.of(done, time.monotonic())
        asked = None if told is None else told.models
        known = not tally.unpriced and (asked is None or asked.nanousd is not None)
        spent = max(tally.nanousd, 0 if asked is None else asked.nanousd or 0)
        return Standing(
            state=state,
            done=done if told is None else max(done, told.done),
            planned=max(self._planned, done) if told is None else told.total,
            failed=tally.failed,
            rate=None if state is not State.RUNNING else rate if told is None else told.per_s,
            nanousd=spent if known and (tally.calls or asked) else None,
            budget=self._budget,
            models=bool(tally.calls or asked),
            asked=asked,
        )

    def begin_chapters(self) -> tuple[int, Chapters]:
        """Return chapters of what was read, made as they are asked for; the last ones in a rest.

        Before them stands how far the log was read for them.
        """
        with self._making, in_currency_of(self.run):
            at, began = self.n_bytes, time.process_time()
            rested = time.monotonic() >= self._rest_until
            if self._made is None or (at != self._made[0] and rested):
                rows = self._log.projection()
                sealed = self.standing.state is State.COMPLETE  # as `look` asked before it read
                found = measured(self.run, self._protocol, rows, going_on=True, sealed=sealed)
                self._made = at, Chapters(found)
                self._rest(began)
            return self._made

    def make_chapters(self) -> None:
        """Make all chapters, anew if the log grew and the rest is over."""
        began = time.process_time()
        _, chapters = self.begin_chapters()
        if not chapters.complete:
            chapters.make_all()
            self._rest(began)

    def _rest(self, began: float) -> None:
        """Rest from now on; `began` is when the work did, in seconds of the processors."""
        took = time.process_time() - began
        self._rest_until = time.monotonic() + REST_CHAPTERS * took

    def follow(self, studio: Studio) -> None:
        """Begin to look once a second, until nobody does or the run has ended."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._follow(studio))

    async def _follow(self, studio: Studio) -> None:
        making: asyncio.Task[None] | None = None
        async with studio.until_closing():
            while self.lookers and not self.ended:
                await studio.work(self.look)
                self._tell()
                if making is None or making.done():
                    making = asyncio.create_task(studio.work(self.make_chapters))
                await asyncio.sleep(self._pause)
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()


def _is_new(told: RunProgress) -> bool:
    age_s = abs((datetime.now(UTC) - told.written).total_seconds())
    return told.state == "running" and age_s < STALE_S


@dataclass(kw_only=True)
class Watches:
    """The runs that pages look at while they are going on, by their folders."""

    most: int = MOST
    _kept: dict[Path, Watch] = field(default_factory=dict)
    _turns: WeakValueDictionary[Path, anyio.Lock] = field(default_factory=WeakValueDictionary)

    async def of(self, run: Path, studio: Studio) -> Watch:
        """Return the watch of a run, having looked at least once.

        Raises
        ------
        NotARunFolder, BadTables
        """
        turn = self._turns.setdefault(run, anyio.Lock())  # there as long as somebody holds it
        async with turn:  # who comes while it is made gets the same
            watch = self._kept.get(run)
            if watch is None or watch.ended:
                watch = self._kept[run] = await studio.work(Watch, run)
                idle = [one for one, kept in self._kept.items() if not kept.lookers]
                for one in idle[: -self.most]:
                    del self._kept[one]
        if not watch.lookers:
            await studio.work(watch.look)
        return watch

    @asynccontextmanager
    async def looking(self, run: Path, studio: Studio) -> AsyncIterator[Watch]:
        """Follow a run while the block runs."""
        watch = await self.of(run, studio)
        watch.lookers += 1
        try:
            watch.follow(studio)
            yield watch
        finally:
            watch.lookers -= 1
            if watch.ended and not watch.lookers and self._kept.get(run) is watch:
                del self._kept[run]


WATCHES = web.AppKey("watches", Watches)
"""Where the application has them."""
