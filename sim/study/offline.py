"""What `study RUN` does without a server: links, tables, and who withdraws."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.person.desk import Desk
from retailsim.events.log.lock import is_held
from retailsim.events.named_file import check_outside
from retailsim.events.whole_file import folder_whole
from retailsim.sim.errors import CannotWrite
from retailsim.sim.folder.participants import REHEARSED
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.study.cells import csv_text
from retailsim.sim.study.errors import BadStudy
from retailsim.sim.study.ledger import conversations_of
from retailsim.sim.study.links_file import links, links_csv
from retailsim.sim.study.made import refuse_changes, session_of
from retailsim.sim.study.participant import Participant
from retailsim.sim.study.places import PORT, Places
from retailsim.sim.study.register import sole_use, write_private
from retailsim.sim.study.rewrite import rewritten
from retailsim.sim.study.session import StudySession
from retailsim.sim.study.tables import Row, bonuses, columns, ids, people
from retailsim.sim.terminal.program_name import program_name
from retailsim.sim.terminal.terminal import Terminal

TO_SCREEN = "-"
"""Instead of a file."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a command asks for instead of a server; at most one thing.

    Parameters
    ----------
    links : str or None
        Where to: a file, or "-" for the screen.
    export : Path or None
        Which folder the tables go to.
    withdraw : tuple of str
        Who withdraws.
    rewrite : Path or None
        The folder of the run that is written anew.
    """

    links: str | None = None
    export: Path | None = None
    withdraw: tuple[str, ...] = ()
    rewrite: Path | None = None


def answered(
    asked: Asked, path: Path, flags: Mapping[str, Any], places: Places, terminal: Terminal
) -> int | None:
    """Do what a command asks for instead of a server; the exit status, or None: nothing is.

    Parameters
    ----------
    path : Path
        A study's run.
    flags : mapping
        Options that say how a run is made: none of them has a place here.

    Raises
    ------
    BadStudy, CannotWrite, LogDamaged
    """
    given = [name for name in asked.__struct_fields__ if getattr(asked, name) not in (None, ())]
    if not given:
        return None
    if len(given) > 1:
        raise BadStudy(f"--{given[1]}", f"one thing at a time; leave out --{given[0]}")
    if not (path / "run.toml").is_file():
        raise BadStudy(f"--{given[0]}", f"{path} is no run of a study; make one first")
    refuse_changes(path, flags)
    match given[0]:
        case "links":
            return show_links(path, places, asked.links or TO_SCREEN, terminal)
        case "export":
            return export(path, asked.export or Path(), terminal)
        case "rewrite":
            return rewrite(path, asked.rewrite or Path(), terminal)
    return withdraw(path, asked.withdraw, terminal)


def show_links(path: Path, places: Places, to: str, terminal: Terminal) -> int:
    """Print the links of a study, or write them as CSV; returns the exit status.

    Parameters
    ----------
    places : Places
        Where it is served; what they do not say is as it was last.
    to : str
        A file; "-": to the screen.

    Raises
    ------
    BadStudy, CannotWrite
    """
    session = _session(path)
    places = places.after(session.register.places())
    base = places.base(places.port or PORT)
    if to == TO_SCREEN:
        for _, link in links(session, base):
            terminal.out(link)
        return 0
    file = Path(to)
    _refuse_existing(file)
    _written(file, lambda: write_private(file, links_csv(session, base).encode()))
    terminal.say(f"{file}: {len(session.seats):,} seats and the room; send each to one person only")
    return 0


def export(path: Path, out: Path, terminal: Terminal) -> int:
    """Write the tables of a study into a new folder; returns the exit status.

    Raises
    ------
    BadStudy, CannotWrite, LogDamaged
    """
    session = _session(path)
    _refuse_inside(out, path)
    _refuse_existing(out)
    own = conversations_of(session)
    tables = {
        "people": list(people(session, own)),
        "ids": list(ids(session)),
        "bonus": list(bonuses(session, own)),
    }

    def write() -> None:
        with folder_whole(out) as folder:
            folder.chmod(0o700)
            for name, rows in tables.items():
                write_private(folder / f"{name}.csv", _csv(rows).encode())

    _written(out, write)
    withdrew = sum(bool(one.withdrawn_at) for one in session.register.participants)
    left = f"; {withdrew:,} who withdrew are left out" if withdrew else ""
    if session.table.rehearsal:
        terminal.say(f"a rehearsal: {REHEARSED}")
    terminal.say(f"{out / 'people.csv'}: {len(tables['people']):,} seats{left}")
    terminal.say(f"{out / 'ids.csv'}: what the panel calls them, and their codes")
    terminal.say(f"{out / 'bonus.csv'}: what {len(tables['bonus']):,} have earned, by seat")
    return 0


def withdraw(path: Path, names: Sequence[str], terminal: Terminal) -> int:
    """Note that participants withdrew; returns the exit status.

    Parameters
    ----------
    names : sequence of str
        Their seats, or what the panel calls them.

    Raises
    ------
    BadStudy
        If one is nobody's, before anything is noted; or if the study is going on.
    """
    with _stopped(path, "withdraw participants on the organiser's page, or stop it first"):
        session = _session(path)
        found = [_called(session, name) for name in names]
        for one in found:
            if one.withdrawn_at:
                terminal.say(f"{one.seat}: withdrew before, {one.withdrawn_at}")
            else:
                session.withdraw(one)
                terminal.say(f"{one.seat}: withdrawn; left out of what is exported from now on")
    run = shlex.quote(str(path))
    terminal.say("what was said stays in the log; to make a run without it:")
    terminal.say(f"  {program_name()} study {run} --rewrite OUT")
    return 0


def rewrite(path: Path, out: Path, terminal: Terminal) -> int:
    """Write a study's run anew without those who withdrew; returns the exit status.

    Raises
    ------
    BadStudy, RunExists, CannotWrite, RunChanged, LogDamaged
    """
    _refuse_inside(out, path)  # the old run is to be deleted
    with _stopped(path, "rewrite it once it has stopped"):
        found = rewritten(path, out)
    left = len(_session(path).seats) - len(found.seats)
    terminal.say(f"{out}: {len(found.seats):,} seats; {left:,} left out (withdrawn or never taken)")
    terminal.say(f"check it: {program_name()} verify {shlex.quote(str(out))}")
    return 0


@contextmanager
def _stopped(path: Path, instead: str) -> Iterator[None]:
    """Refuse what cannot be done while a study is going on; none begins while the block runs."""
    if is_held(RunFolder(path).lock):
        raise BadStudy(path, f"the study is going on; {instead}")
    with sole_use(path, instead):
        yield


def _called(session: StudySession, name: str) -> Participant:
    """Return the participant of a seat, or whom a panel calls so."""
    one = session.register.participant(name)
    if one is not None:
        return one
    if name in session.plan:
        raise BadStudy(session.run, f"nobody came to seat {name}")
    found = [one for one in session.register.participants if name in one.panel.values()]
    if len(found) != 1:
        many = f"{len(found)} participants are" if found else "no seat and no participant is"
        raise BadStudy(session.run, f"{many} called {name!r}; name a seat, such as p001")
    return found[0]


def _session(path: Path) -> StudySession:
    return session_of(path, Desk(gated=True))


def _csv(rows: Sequence[Row]) -> str:
    names = columns(rows)
    return csv_text(names, ([row.get(name) for name in names] for row in rows))


def _refuse_inside(place: Path, run: Path) -> None:
    if place.resolve().is_relative_to(run.resolve()):
        raise BadStudy(place, "it is inside the run: name a folder elsewhere")


def _refuse_existing(place: Path) -> None:
    check_outside(place)
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise BadStudy(place, "it exists; name another one, or remove it")


def _written(place: Path, write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as error:
        raise CannotWrite(place, error, "nothing was written") from None
