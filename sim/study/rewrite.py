"""A study's run written anew without those who withdrew, and without what nobody came to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from uuid import uuid4

import msgspec

from retailsim.agents.person.desk import Desk
from retailsim.events.log.reader import read_lines
from retailsim.events.log.seal import write_seal
from retailsim.events.log.writer import LogWriter
from retailsim.events.messages import SCHEMA_VERSION
from retailsim.sim.execution.job import run_design
from retailsim.sim.folder.run_folder import NewRun, RunFile, RunFolder
from retailsim.sim.play.survey import survey
from retailsim.sim.run.trust import remember, remembered
from retailsim.sim.scenario.study_table import StudyTable
from retailsim.sim.study.made import session_of
from retailsim.sim.study.register import Register
from retailsim.sim.study.session import StudySession


class _Line(msgspec.Struct):
    market: str = ""


def rewritten(path: Path, out: Path) -> StudySession:
    """Write a study's run anew, as if those who withdrew had never come; returns its session.

    It is a run of its own, with an identity and a chain of hashes of its own. Its ``run.toml`` says
    which run it was made from and what is left out: seats of those who withdrew or that nobody
    took, and conversations that nobody will come to, since it is over for who has the seat. All
    other events are the same, byte for byte, so it can be played again and compared. It is sealed
    unless somebody is still on the way.

    Parameters
    ----------
    out : Path
        Its folder: new, or empty.

    Raises
    ------
    BadStudy, RunExists, CannotWrite, RunChanged, LogDamaged
    """
    run, session = RunFolder(path), session_of(path, Desk(gated=True))
    file = run.read()
    run.check_inputs(file)
    left = _seats_left(session)
    new = NewRun(out)
    try:
        for name in sorted(file.inputs):
            new.add(name, (run.inputs / name).read_bytes())
        made = _file(file, (*left, *_never_begun(run, session)))
        made = msgspec.structs.replace(made, episodes=run_design(new.folder, made).episodes)
        _copy(run, new, made, {one for seat in left for one in session.markets[seat]})
        register = Register(new.folder.path)
        for one in session.register.participants:
            if one.seat not in left:
                register.keep(one)
        published = new.publish(made)
    finally:
        new.discard()
    if remembered(run, file):
        remember(published, made)
    found = session_of(out, Desk(gated=True))
    if all(found.all_played(seat) for seat in found.seats):
        write_seal(published.events)
    return found


def _never_begun(run: RunFolder, session: StudySession) -> Iterator[str]:
    """Yield the markets that nobody will come to, of those whose seats stay."""
    found = survey(run.events)
    known = found.closed | found.begun.keys()
    for one in session.register.participants:
        if one.stage == "over" and not one.withdrawn_at:
            yield from (name for name in session.markets[one.seat] if name not in known)


def _seats_left(session: StudySession) -> list[str]:
    """Return the seats of those who withdrew, and those that nobody took."""
    register = session.register
    return [
        seat
        for seat in session.seats
        if (one := register.participant(seat)) is None or one.withdrawn_at
    ]


def _file(file: RunFile, left: Collection[str]) -> RunFile:
    study = file.scenario.study or StudyTable()
    without = tuple(sorted({*study.without, *left}))
    scenario = msgspec.structs.replace(
        file.scenario, study=msgspec.structs.replace(study, without=without)
    )
    return msgspec.structs.replace(
        file,
        run=msgspec.structs.replace(file.run, id=uuid4().hex),
        scenario=scenario,
        rewritten=file.run.id,
    )


def _copy(run: RunFolder, new: NewRun, made: RunFile, markets: Collection[str]) -> None:
    """Write all lines of the log but those of some markets, in their order, as one shard."""
    writer = LogWriter(
        new.folder.events,
        run=made.run.id,
        shard=0,
        schema=SCHEMA_VERSION,
        compress=made.scenario.log.compress,
    )
    try:
        for line in _lines(run, markets):
            writer.append(line + b"\n", 1)
    finally:
        writer.close()


def _lines(run: RunFolder, markets: Collection[str]) -> Iterator[bytes]:
    decode = msgspec.json.Decoder(_Line).decode
    for line in read_lines(run.events):
        if decode(line).market not in markets:
            yield line
