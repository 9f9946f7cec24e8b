"""An export that is being rated: its form and key, its raters' desks, and who may see what."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from aiohttp import web

from retailsim.analysis.annotation import form
from retailsim.analysis.annotation.answers import read_key
from retailsim.analysis.annotation.items import AnswerKey, RaterSheet
from retailsim.analysis.annotation.journal import Head
from retailsim.analysis.annotation.presentation import REPEATS
from retailsim.events.errors import RunInUse
from retailsim.events.log.lock import RunLock
from retailsim.events.whole_file import read_bounded
from retailsim.sim.errors import CannotWrite
from retailsim.sim.rate_page.desk import Desk
from retailsim.sim.rate_page.errors import ExportChanged, ExportInUse, NoExport
from retailsim.sim.rate_page.journal_file import JournalFile
from retailsim.sim.rate_page.links import Links, read_links, with_raters
from retailsim.sim.terminal.program_name import program_name

FORM, KEY, LOCK = "form.html", "key.json", "lock"
_OF_A_RATER = re.compile(r"/rate/([0-9]{1,6})(?:/.*)?", re.DOTALL)


@dataclass(frozen=True)
class Door:
    """What opens an address: a token, and the name of its cookie."""

    token: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Ratings:
    """An export that is being rated.

    Parameters
    ----------
    place : Path
        Its folder.
    desks : tuple of Desk
        In the order of `links.raters`.
    """

    place: Path
    sheet: RaterSheet
    key: AnswerKey
    links: Links
    desks: tuple[Desk, ...]

    def door(self, path: str) -> Door | None:
        """Return what opens an address; None where nothing does.

        A rater's pages are opened by this rater's token alone, all others by the organiser's.
        """
        found = _OF_A_RATER.fullmatch(path)
        if found is None:
            return Door(self.links.organiser, "raters")
        number = int(found[1])
        if not 1 <= number <= len(self.desks):
            return None
        return Door(self.links.raters[number - 1].token, f"rate-{number}")

    def changed(self) -> ExportChanged | None:
        """Return which file of the export is no longer what it was when raters began."""
        return _changed(self.place, self.links)


RATINGS = web.AppKey("ratings", Ratings)
"""Where the application has them."""


@contextmanager
def opened(
    place: Path,
    names: Sequence[str] = (),
    *,
    repeats: int = REPEATS,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Ratings]:
    """Open an export for rating while the block runs.

    Parameters
    ----------
    place : Path
        The folder of an export.
    names : sequence of str
        Raters beside those who have a link already.
    repeats : int
        How many of a hundred items raters see twice who have not begun.
    clock : callable
        As that of `Desk`.

    Raises
    ------
    NoExport, BadKey, BadRatings, ExportChanged, ExportInUse
        If the folder is not an export, or another server is on it.
    NoRaters, BadRaterName, BadScenario, BadJournal, CannotWrite
        If its raters cannot be seated.
    """
    sheet, key = _read(place)
    with ExitStack() as stack:
        try:
            stack.enter_context(RunLock(place / LOCK))
        except RunInUse:
            raise ExportInUse(place) from None
        except OSError as error:
            raise CannotWrite(place / LOCK, error, "ratings are kept beside the form") from None
        links = read_links(place, _digests(place))
        changed = _changed(place, links)
        if changed is not None:
            raise changed
        links = with_raters(place, links, names)
        desks = []
        for rater in links.raters:
            head = Head(export=sheet.export, rater=rater.name, repeats=repeats)
            journal = stack.enter_context(JournalFile(place / rater.file, head))
            desks.append(Desk(sheet, journal, seed=key.seed, clock=clock))
        yield Ratings(place=place, sheet=sheet, key=key, links=links, desks=tuple(desks))


def _read(place: Path) -> tuple[RaterSheet, AnswerKey]:
    if not (place / FORM).is_file():
        raise NoExport(place, program_name())
    sheet, key = form.read(place / FORM), read_key(place)
    asked, answered = (sorted((item.id, item.task) for item in one.items) for one in (sheet, key))
    known = {task.name for task in sheet.tasks}
    if (
        key.export != sheet.export
        or asked != answered
        or not known.issuperset(dict(asked).values())
    ):
        problem = f"it is not the key of {FORM} beside it; put the one back that was exported"
        raise ExportChanged(place / KEY, problem)
    return sheet, key


def _digests(place: Path) -> dict[str, str]:
    return {name: sha256(read_bounded(place / name)).hexdigest() for name in (FORM, KEY)}


def _changed(place: Path, links: Links) -> ExportChanged | None:
    for name in (FORM, KEY):
        try:
            now = sha256(read_bounded(place / name)).hexdigest()
        except OSError:
            now = ""
        if now != links.digests.get(name):
            problem = "it was changed since raters got their links; put back what was exported"
            return ExportChanged(place / name, problem)
    return None
