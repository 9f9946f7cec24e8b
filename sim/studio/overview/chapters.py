"""The chapters of an overview: sections as HTML, each kept when it is made.

A hundred thousand episodes take some three seconds for all of them. So a page is sent each chapter
as soon as there is one, and whoever asks later for the same state of the log gets what is there.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import anyio
import polars as pl
import structlog
from aiohttp import web

from retailsim.analysis.exhibits.parts import Section
from retailsim.analysis.replay.replay import Replay
from retailsim.analysis.report.content import Maker, lead
from retailsim.events.log.seal import fingerprint
from retailsim.sim.error_line import line_and_status
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.studio.episodes.links import Link, to_decided, to_episodes
from retailsim.sim.studio.overview.reading import Reading, read
from retailsim.sim.studio.site.pages import fragment
from retailsim.sim.studio.site.studio import Studio

MOST_BYTES = 64 << 20
"""Of all that is kept; what was looked at last is, however large it is."""

log = structlog.get_logger(__name__)


class Chapter(NamedTuple):
    """One section as HTML."""

    name: str
    html: str


class Chapters:
    """The chapters of one state of a run's log.

    Parameters
    ----------
    found : Reading
        Let go when the last chapter is made.

    Attributes
    ----------
    run : Path
    replay : Replay
    warnings : tuple of str
        What has to be read before the numbers.
    contents : dict of str to str
        Chapters that there are for certain: name and title.
    lead : str
        In a sentence, how much the run is.
    link : callable
        From what a number is about to the address of its episodes, as many as it says.
    """

    def __init__(self, found: Reading) -> None:
        self.run = found.run
        self.replay: Replay = found.replay
        self.own = found.protocol.measures
        self.budget = found.budget
        self.warnings = found.warnings
        self.contents = found.contents
        made = found.made
        how_many = f"{lead(found.replay)}{_others(found)}"
        self.lead = f"{how_many} Scenario {made['run']}, seed {made['seed']}."
        all_decided = found.replay.overall.decided == found.projection.episodes.height
        self.link: Link = to_episodes if all_decided else to_decided
        self._size = int(found.projection.episodes.estimated_size())
        self._made: list[Chapter] = []
        self._todo: Iterator[Maker] | None = found.sections()
        self._one_viewer = anyio.Lock()
        self._one_thread = threading.Lock()

    @property
    def n_bytes(self) -> int:
        """How much memory they take, about."""
        rows = 0 if self._todo is None else self._size
        return rows + sum(len(one.html) for one in self._made)

    @property
    def complete(self) -> bool:
        """Whether all of them are made."""
        return self._todo is None

    async def each(self, studio: Studio) -> AsyncIterator[Chapter]:
        """Yield the chapters in their order; those that are not made yet, as they are."""
        at = 0
        while True:
            while at < len(self._made):
                yield self._made[at]
                at += 1
            if self.complete:
                return
            async with self._one_viewer:
                await studio.work(self._go_on, at)

    def make_all(self) -> None:
        """Make those that are not made yet; of a thread, it takes seconds."""
        while not self.complete:
            self._go_on(len(self._made))

    @property
    def made(self) -> tuple[Chapter, ...]:
        """Those that are made."""
        return tuple(self._made)

    def _go_on(self, have: int) -> None:
        """Make one more, unless another thread did so meanwhile."""
        with self._one_thread, in_currency_of(self.run):
            if self._todo is None or len(self._made) > have:
                return
            maker = next(self._todo, None)
            if maker is None:
                self._todo = None
            elif (made := _made(maker, self.link)) is not None:
                self._made.append(made)


def _others(found: Reading) -> str:
    """Say how many episodes the numbers are not of: they failed before a decision, or go on."""
    counted = found.projection.episodes.filter(~pl.col("superseded")).height
    others = counted - found.replay.overall.decided
    return f" {others:,} more came to no decision." if others else ""


def _made(maker: Maker, link: Link) -> Chapter | None:
    try:
        section = maker()
        if section is None:
            return None
        return Chapter(section.name, fragment("chapter.html", section=section, link=link))
    except Exception as error:  # noqa: BLE001 - the other chapters have something to say
        log.error("a chapter failed", problem=repr(error))
        said = line_and_status(error)[0]
        missing = Section(name="missing", title="A chapter is missing", lead=said)
        return Chapter("missing", fragment("chapter.html", section=missing, link=link))


@dataclass(kw_only=True)
class Overviews:
    """What one server keeps of the runs that were looked at, by their folders."""

    most_bytes: int = MOST_BYTES
    _kept: OrderedDict[Path, tuple[str, Chapters]] = field(default_factory=OrderedDict)
    _turns: defaultdict[Path, anyio.Lock] = field(default_factory=lambda: defaultdict(anyio.Lock))

    async def of(self, run: Path, studio: Studio) -> Chapters:
        """Return the chapters of a run that nobody plays, as its log stands now.

        Raises
        ------
        NotARunFolder, NotARun, LogDamaged, LogUnreadable, BadTables
        """
        async with self._turns[run]:  # who comes second finds what the first has read
            mark = await studio.work(_mark, run)
            known, chapters = self._kept.get(run, ("", None))
            if chapters is None or known != mark:
                chapters = await studio.work(_read, run)
                self._kept[run] = mark, chapters
        self._kept.move_to_end(run)
        while len(self._kept) > 1 and self.n_bytes > self.most_bytes:
            self._kept.popitem(last=False)
        return chapters

    @property
    def n_bytes(self) -> int:
        """How much memory they take."""
        return sum(chapters.n_bytes for _, chapters in self._kept.values())


def _mark(run: Path) -> str:
    """What changes with the log, and with what a resume may change beside it."""
    events, file = run / "events", run / "run.toml"
    changed = file.stat().st_mtime_ns if file.is_file() else 0
    return f"{fingerprint(events) if events.is_dir() else ''} {changed}"


def _read(run: Path) -> Chapters:
    with in_currency_of(run):
        return Chapters(read(run))


OVERVIEWS = web.AppKey("overviews", Overviews)
"""Where the application has them."""
