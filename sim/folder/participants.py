"""What whoever measures a study's run has to know: who withdrew, and whether bots sat in it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import msgspec

from retailsim.events.whole_file import leads_out, read_bounded
from retailsim.sim.folder.run_folder import RunFile
from retailsim.sim.terminal.program_name import program_name

PEOPLE = "people"
"""The folder, in a run, of what is known of participants."""
MOST_BYTES = 4 << 20
"""Of one participant's file."""

REHEARSED = "bots sat in people's seats, so this is no data"


class _Known(msgspec.Struct):
    seat: str = ""
    withdrawn_at: str = ""


def withdrawn(run: Path) -> frozenset[str]:
    """Return the seats of those who withdrew; what cannot be read says nothing."""
    folder = run / PEOPLE
    if leads_out(folder, run):
        return frozenset()
    known = map(_known, sorted(folder.glob("*.json")))
    return frozenset(one.seat for one in known if one.withdrawn_at)


def cautions(run: Path, file: RunFile) -> Iterator[str]:
    """Yield what has to be known of a run of people before anybody takes its numbers for data."""
    if file.scenario.study is not None and file.scenario.study.rehearsal:
        yield f"a rehearsal: {REHEARSED}"
    if gone := len(withdrawn(run)):
        again = f"{program_name()} study {shlex.quote(str(run))} --rewrite NEWRUN"
        withdrew = "participant withdrew and is" if gone == 1 else "participants withdrew and are"
        yield f"{gone:,} {withdrew} still counted here; a run without: {again}"


def _known(file: Path) -> _Known:
    try:
        return msgspec.json.decode(read_bounded(file, MOST_BYTES), type=_Known)
    except (OSError, msgspec.MsgspecError):
        return _Known()
