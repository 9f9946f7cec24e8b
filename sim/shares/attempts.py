"""Attempts at a share: each in a folder of its own, which begins with what the furthest one left.

Nobody knows whether an earlier attempt is dead, so its files are copied and never touched. What it
had written is gone on with as a resume does: markets that are done are not played again, and what
the outside world answered is not asked again.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from retailsim.events.errors import EventsError
from retailsim.events.log.recovery import recover_shard
from retailsim.events.log.segment import segments
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.play.survey import Survey, survey
from retailsim.sim.shares.commits import share_folder
from retailsim.sim.terminal.audience import Audience

NAME = re.compile(r"a\d+-[0-9a-f]{8}")
"""Of an attempt; what else is there is somebody else's."""
_TRIES = 3
"""Whoever writes a segment may close it, and so rename it, just before it is copied."""


def attempts(run: RunFolder, share: int) -> list[RunFolder]:
    """Return the attempts at a share that left something, by their names."""
    folder = share_folder(run, share)
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [RunFolder(path) for path in found if NAME.fullmatch(path.name)]


def new_attempt(run: RunFolder, share: int, number: int, audience: Audience) -> RunFolder:
    """Make the folder of an attempt, with what the furthest of the earlier ones left.

    Parameters
    ----------
    number : int
        The attempt's, which need not be unique.
    """
    earlier = sorted(attempts(run, share), key=_size, reverse=True)
    # Not the number alone: two that have the same one may be under way at once.
    made = RunFolder(share_folder(run, share) / f"a{number}-{secrets.token_hex(4)}")
    made.path.mkdir(parents=True)
    made.telemetry.mkdir()
    for one in earlier:
        if not _size(one):
            break
        problem = _copied(one, made, share)
        if problem is None:
            audience.say(f"share {share}: goes on from attempt {one.path.name}")
            break
        audience.say(f"warning: share {share}: attempt {one.path.name} is left aside: {problem}")
        shutil.rmtree(made.events, ignore_errors=True)
    made.events.mkdir(exist_ok=True)
    return made


def surveyed(attempt: RunFolder, share: int) -> Survey:
    """Return what an attempt's log holds, made ready to be gone on with.

    Raises
    ------
    LogDamaged
        If the log is damaged.
    """
    recover_shard(attempt.events, share)
    return survey(attempt.events)


def _size(attempt: RunFolder) -> int:
    """Return the bytes of an attempt's log; of a copy that was cut short, fewer."""
    with suppress(OSError):
        return sum(path.stat().st_size for path in _files(attempt.events))
    return 0


def _files(events: Path) -> Iterator[Path]:
    return (one.path for one in segments(events)) if events.is_dir() else iter(())


def _copied(earlier: RunFolder, made: RunFolder, share: int) -> str | None:
    """Copy an attempt's log; returns why it is of no use, if it is not."""
    for _ in range(_TRIES):
        shutil.rmtree(made.events, ignore_errors=True)
        made.events.mkdir()
        try:
            for path in _files(earlier.events):
                shutil.copyfile(path, made.events / path.name)
            surveyed(made, share)
        except FileNotFoundError:
            continue
        except EventsError as error:
            return str(error)
        return None
    return "its files change while they are copied"
