"""Commits of shares: which attempt was done first, and what it wrote.

Whoever plays a share may be alone, or be thought dead and go on beside its successor. So each
attempt writes to a folder of its own, and the first to put ``COMMIT`` beside it has played the
share. Putting it fails where it is already, however late that turns out.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from retailsim.events.log.disk import sync_folder
from retailsim.events.log.seal import SealedSegment
from retailsim.events.whole_file import new_name, read_bounded
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.shares.errors import NoLinks, ShareDamaged

COMMIT = "COMMIT"
_VERSION = 1


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt says when it has played its share.

    Parameters
    ----------
    commit : int
        Its version.
    run : str
        Identity of the run.
    share : int
    attempt : str
        Name of its folder.
    episodes : int
        That ended, failed ones among them.
    segments : tuple of SealedSegment
        What it wrote; none where the share holds no market.
    """

    commit: int = _VERSION
    run: str
    share: int
    attempt: str
    episodes: int
    segments: tuple[SealedSegment, ...]

    @property
    def events(self) -> int:
        """Event lines in all segments."""
        return sum(one.events for one in self.segments)


def share_folder(run: RunFolder, share: int) -> Path:
    """Return where the attempts at a share are, and its commit."""
    return run.shares / f"{share:04d}"


def commit_place(run: RunFolder, share: int) -> Path:
    """Return where the commit of a share is."""
    return share_folder(run, share) / COMMIT


def read_commit(run: RunFolder, share: int) -> Commit | None:
    """Return the commit of a share, or None.

    Raises
    ------
    ShareDamaged
        If it cannot be read.
    """
    place = commit_place(run, share)
    try:
        found = msgspec.json.decode(read_bounded(place), type=Commit)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ShareDamaged(share, place, f"its commit cannot be read ({error})", run.path) from None
    if found.commit != _VERSION:
        problem = f"its commit's version is {found.commit}, not {_VERSION}"
        raise ShareDamaged(share, place, problem, run.path)
    return found


def put_commit(run: RunFolder, commit: Commit) -> Commit:
    """Put a commit where there is none yet; returns the one that is there then.

    Raises
    ------
    NoLinks
        If the file system cannot do that.
    """
    place = commit_place(run, commit.share)
    new = new_name(place)
    try:
        with new.open("xb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(commit), indent=1) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # a lost reply, too: what is there may be ours
            os.link(new, place)
        sync_folder(place.parent)
    except OSError as error:
        if error.errno in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise NoLinks(place, error.strerror or str(error)) from None
        raise
    finally:
        new.unlink(missing_ok=True)
    there = read_commit(run, commit.share)
    assert there is not None
    return there
