"""Files that a person names for a result: what is there, and is not ours, is not overwritten.

The rule, for every command that writes a file under a name of the user's:

- Nothing is written among what a run is made of, of whatever run; its ``derived`` is free.
- A file that holds something is replaced only where its beginning says that this program wrote
  such a file there before, so that the same command can be given again.

Links are followed first: what counts is the place that would be written to.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from retailsim.events.errors import EventsError
from retailsim.events.log.format import parse_name
from retailsim.events.log.seal import SEAL


class InsideRun(EventsError):
    """The place is among what a run is made of."""

    def __init__(self, place: Path, run: Path) -> None:
        super().__init__(
            f"{_led(place)} is inside the run: name a file elsewhere, or in {run / 'derived'}"
        )


class InTheWay(EventsError):
    """Something is there that is not to be lost.

    Parameters
    ----------
    problem : str
        What it is.
    advice : str
        What to do.
    """

    def __init__(self, place: Path, problem: str, advice: str) -> None:
        super().__init__(f"{_led(place)} {problem}; {advice}")


def check_outside(place: Path) -> None:
    """Refuse a place among what a run is made of; ``derived`` is not.

    Raises
    ------
    InsideRun
    """
    real = Path(os.path.realpath(place))
    for run in _runs_around(real):
        free = Path(os.path.realpath(run / "derived"))
        # A link of this name that leads to the run itself frees nothing.
        if run.is_relative_to(free) or not real.is_relative_to(free):
            raise InsideRun(place, _short(run))


def check_named(
    file: Path, begins: Sequence[bytes], *, what: str, advice: str, beside: Path | None = None
) -> None:
    """Refuse a file whose contents would be lost, before any work is done for it.

    One that is not there or is empty is free, and so is a device or a pipe, which holds nothing.

    Parameters
    ----------
    begins : sequence of bytes
        How what this program writes there begins.
    what : str
        What it is called: "a page" that this program wrote.
    advice : str
        What to do then.
    beside : Path or None
        A file that it goes with: it may be replaced where that one was written before, too. For
        what has no beginning of its own, such as pictures.

    Raises
    ------
    InsideRun, InTheWay
    """
    check_outside(file)
    try:
        kind = file.stat()
    except (OSError, ValueError):  # not there; or not to be had, which writing will say
        return
    if stat.S_ISCHR(kind.st_mode) or stat.S_ISFIFO(kind.st_mode):
        return
    if stat.S_ISDIR(kind.st_mode):
        raise InTheWay(file, "is a folder", advice)
    if kind.st_size and not _begins(beside or file, begins):
        told = f"exists and is not {what} that this program wrote: it is not overwritten"
        raise InTheWay(file, told, advice)


def _begins(file: Path, with_one_of: Sequence[bytes]) -> bool:
    most = max(map(len, with_one_of), default=0)
    with suppress(OSError), file.open("rb") as opened:
        start = opened.read(most)
        return any(start.startswith(one) for one in with_one_of)
    return False


def _runs_around(real: Path) -> Iterator[Path]:
    """Yield the runs that a place is in, or is."""
    for folder in (real, *real.parents):
        if _is_run(folder):
            yield folder


def _is_run(folder: Path) -> bool:
    """Whether a folder is a run's, or holds a bare log.

    Not every folder with a file ``run.toml`` is one: a scenario may be called so.
    """
    events = folder / "events"
    with suppress(OSError):
        if (folder / "run.toml").is_file():
            return events.is_dir()
        with os.scandir(events) as inside:
            return any(one.name == SEAL or parse_name(one.name) for one in inside)
    return False


def _led(place: Path) -> str:
    """The place as it was named, and where that leads, if it is a link."""
    if not place.is_symlink():
        return str(place)
    return f"{place}, a link to {_short(Path(os.path.realpath(place)))},"


def _short(real: Path) -> Path:
    """A path as a person in this folder would write it."""
    here = Path(os.path.realpath(os.curdir))
    return real.relative_to(here) if real.is_relative_to(here) else real
