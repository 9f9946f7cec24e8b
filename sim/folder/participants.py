"""What whoever measures a study's run has to know: who withdrew, and whether bots sat in it."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from retailsim.events.whole_file import leads_out, read_bounded
from retailsim.sim.errors import SimError
from retailsim.sim.terminal.program_name import program_name

PEOPLE = "people"
"""The folder, in a run, of what is known of participants."""
MOST_BYTES = 4 << 20
"""Of one participant's file."""

REHEARSED = "bots sat in people's seats, so this is no data"


class _Known(msgspec.Struct):
    seat: str = ""
    withdrawn_at: str = ""


class WithdrawalUnknown(SimError):
    """It cannot be read whether a participant withdrew."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"{file}: cannot be read, so it is not known whether this participant withdrew; put it "
            f"back, or leave them out: --without {file.stem}"
        )


def withdrawn(run: Path) -> frozenset[str]:
    """Return the seats of those who withdrew; what cannot be read says nothing."""
    known = (_known(file) for file in _files(run))
    return frozenset(one.seat for one in known if one is not None and one.withdrawn_at)


def unread(run: Path) -> Iterator[Path]:
    """Yield the files of participants of whom it cannot be read whether they withdrew."""
    yield from (file for file in _files(run) if _known(file) is None)


def rehearsal(run: Path) -> Iterator[str]:
    """Yield that bots sat in a run's seats, if they did."""
    if _rehearsed(run):
        yield f"a rehearsal: {REHEARSED}"


def cautions(run: Path, *, left_out: bool = False) -> Iterator[str]:
    """Yield what has to be known of a run of people before anybody takes its numbers for data.

    A log is measured also where no file of its run can be read.

    Parameters
    ----------
    left_out : bool
        Whether those who withdrew are left out of what is shown.
    """
    yield from rehearsal(run)
    gone = len(withdrawn(run))
    if gone and left_out:
        yield f"{gone:,} who withdrew {'is' if gone == 1 else 'are'} left out"
    elif gone:
        again = f"{program_name()} study {shlex.quote(str(run))} --rewrite NEWRUN"
        withdrew = "participant withdrew and is" if gone == 1 else "participants withdrew and are"
        yield f"{gone:,} {withdrew} still counted here; a run without: {again}"
    for file in unread(run):
        yield f"{file}: cannot be read, so it is not known whether this participant withdrew"


def _rehearsed(run: Path) -> bool:
    file = run / "run.toml"
    if not file.is_file():  # a pipe would wait for a writer
        return False
    try:
        study = tomllib.loads(read_bounded(file).decode())["scenario"]["study"]
        return study["rehearsal"] is True
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _files(run: Path) -> list[Path]:
    folder = run / PEOPLE
    return [] if leads_out(folder, run) else sorted(folder.glob("*.json"))


def _known(file: Path) -> _Known | None:
    try:
        return msgspec.json.decode(read_bounded(file, MOST_BYTES), type=_Known)
    except (OSError, ValueError, RecursionError):  # msgspec's are ValueErrors
        return None
