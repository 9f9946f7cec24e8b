"""The runner's side of ``telemetry/progress.json``: replaced once a second, whatever is played."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import msgspec

from retailsim.events.whole_file import leads_out, written_whole
from retailsim.sim.folder.run_progress import AskedModels, Doing, RunProgress, progress_place
from retailsim.sim.play.progress import ModelUsage, Progress
from retailsim.sim.terminal.progress_bar import Rate

EVERY_S = 1.0


class ProgressFile:
    """Says in a run's folder how far it is, from its beginning to its end; a block.

    A full disk or a missing folder costs what would be said and nothing else.

    Parameters
    ----------
    run : Path
        The run's folder.
    total, done : int
        Episodes of the whole run, and those that an earlier execution finished.
    budget_usd : float or None
        What models may cost.
    clock : callable
        Seconds.

    Attributes
    ----------
    latest : Progress
        How far it is; to be set by who plays.
    finished : bool
        Whether nothing is left for a resume; to be set before the block ends.
    """

    def __init__(
        self,
        run: Path,
        total: int,
        done: int,
        budget_usd: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.latest = Progress()
        self.finished = False
        self._run = run
        self._place = progress_place(run)
        self._total = total
        self._done = done
        self._budget_usd = budget_usd
        self._clock = clock
        self._started = datetime.now(UTC)
        self._episode_rate, self._call_rate = Rate(), Rate()

    def __enter__(self) -> ProgressFile:
        """Say that it begins."""
        self._write("running")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Say how it ended."""
        self._write("finished" if self.finished else "stopped")

    @asynccontextmanager
    async def renewed(self) -> AsyncIterator[None]:
        """Say how far it is once a second while the block runs in an event loop."""
        renewing = asyncio.create_task(self._renew())
        try:
            yield
        finally:
            renewing.cancel()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            self._write("running")

    def _write(self, state: Doing) -> None:
        said = msgspec.json.encode(self._said(state))
        with suppress(OSError):
            if not leads_out(self._place.parent, self._run):
                self._place.parent.mkdir(exist_ok=True)
                with written_whole(self._place) as new:
                    new.write_bytes(said)

    def _said(self, state: Doing) -> RunProgress:
        latest, now = self.latest, self._clock()
        usage = latest.usage
        calls_per_s = self._call_rate.of(usage.calls if usage else 0, now)
        return RunProgress(
            state=state,
            total=self._total,
            done=self._done + latest.episodes,
            failed=latest.failed,
            per_s=self._episode_rate.of(latest.episodes, now),
            models=None if usage is None else _asked(usage, calls_per_s),
            budget_usd=None if usage is None else self._budget_usd,
            started=self._started,
            written=max(self._started, datetime.now(UTC)),  # a clock may be set back meanwhile
        )


def _asked(usage: ModelUsage, per_s: float) -> AskedModels:
    return AskedModels(per_s=per_s, **msgspec.structs.asdict(usage))
