"""Lists of episodes that are kept in memory while pages look at them, bounded by their bytes."""

from __future__ import annotations

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import anyio
from aiohttp import web

from retailsim.analysis.listing.episode_filter import EpisodeFilter
from retailsim.analysis.listing.listing import EpisodeList, Neighbours, episode_list
from retailsim.events.log.seal import SEAL, fingerprint
from retailsim.sim.folder.currency import currency_of
from retailsim.sim.folder.run_progress import read_progress
from retailsim.sim.studio.site.studio import STUDIO
from retailsim.sim.studio.state import State, state_of

MOST_BYTES = 256 << 20
"""Of all lists together; the one that was looked at last is kept, however large it is."""
REST = 10
"""A log that grows is read again after so many times what reading it took."""

Result = TypeVar("Result")


class GoneAway(web.HTTPServiceUnavailable):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadList:
    """A run's episodes as they were when its log was read.

    Parameters
    ----------
    episodes : EpisodeList
    mark : str
        Fingerprint of the log.
    at : datetime
    sealed : bool
        Whether nothing can come any more.
    currency : str
        Of its amounts, as ISO 4217 has it.
    rest_until : float
        On the monotonic clock, in seconds: it is not read again before.
    """

    episodes: EpisodeList
    mark: str
    at: datetime
    sealed: bool
    currency: str
    rest_until: float


@dataclass(kw_only=True)
class Lists:
    """The lists of one server, by the folders of their runs."""

    most_bytes: int = MOST_BYTES
    _kept: OrderedDict[Path, ReadList] = field(default_factory=OrderedDict)
    _turns: defaultdict[Path, anyio.Lock] = field(default_factory=lambda: defaultdict(anyio.Lock))

    @property
    def n_bytes(self) -> int:
        """How much memory they take."""
        return sum(one.episodes.n_bytes for one in self._kept.values())

    async def ask(
        self,
        request: web.Request,
        question: Callable[[ReadList], Result],
        *,
        as_read: bool = False,
    ) -> Result:
        """Ask a run's list in a thread: one question at a time, and none for who has gone.

        A page that asks anew ends the request it waits for, so newer filters overtake older ones.

        Parameters
        ----------
        request : aiohttp.web.Request
            Its address names the run.
        question : callable
            From the list to the answer.
        as_read : bool
            Whether to ask what was read last, though the log may have grown since.

        Raises
        ------
        NoSuchRun, GoneAway
        RetailSimError
            What is wrong with the log, or with the question.
        """
        studio = request.app[STUDIO]
        run = studio.run(request.match_info["run"])
        async with self._turns[run]:
            if request.transport is None or request.transport.is_closing():
                raise GoneAway
            found = await studio.work(_found, self._kept.get(run), run, as_read)
            self._keep(run, found)
            return await studio.work(question, found)

    def _keep(self, run: Path, found: ReadList) -> None:
        self._kept[run] = found
        self._kept.move_to_end(run)
        while len(self._kept) > 1 and self.n_bytes > self.most_bytes:
            self._kept.popitem(last=False)


def _found(kept: ReadList | None, run: Path, as_read: bool) -> ReadList:
    """What is kept, if it will do; else what the log says now."""
    if kept is not None and (as_read or _is_good(kept, run)):
        return kept
    return _read(run)


def _is_good(kept: ReadList, run: Path) -> bool:
    resting = time.monotonic() < kept.rest_until and state_of(run) is State.RUNNING
    return resting or _mark(run) == kept.mark


def _mark(run: Path) -> str:
    """The fingerprint of a run's log; empty where a segment was closed just then."""
    try:
        return fingerprint(run / "events")
    except FileNotFoundError:
        return ""


def newer(kept: ReadList, run: Path) -> str:
    """Say how many episodes have ended since a list was read; empty: the log is as it was."""
    if _mark(run) in (kept.mark, ""):
        return ""
    said = read_progress(run)
    listed = (EpisodeFilter(status=status, limit=1) for status in ("closed", "failed"))
    more = said.done - sum(kept.episodes.rows(one).total for one in listed) if said else 0
    match more:
        case 1:
            return "1 new episode"
        case _ if more > 1:
            return f"{more:,} new episodes"
        case _:
            return "New episodes"


def _read(run: Path) -> ReadList:
    began, sealed = time.monotonic(), (run / "events" / SEAL).is_file()
    mark = _mark(run) if (run / "events").is_dir() else ""
    episodes = episode_list(run)
    now = time.monotonic()
    return ReadList(
        episodes=episodes,
        mark=mark,
        at=datetime.now(UTC),
        sealed=sealed,
        currency=currency_of(run),
        rest_until=now + REST * (now - began),
    )


LISTS = web.AppKey("lists", Lists)
"""Where the application has them."""


async def neighbours(request: web.Request, wanted: EpisodeFilter, episode: str) -> Neighbours:
    """Return which episodes stand beside one in a filtered list of the request's run."""
    lists = request.app[LISTS]
    return await lists.ask(
        request, lambda found: found.episodes.neighbours(wanted, episode), as_read=True
    )
