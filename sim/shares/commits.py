"""Commits of shares: which attempt was done first, and what it wrote.

Whoever plays a share may be alone, or be thought dead and go on beside its successor. So each
attempt writes to a folder of its own, and the first to put ``COMMIT`` beside it has played the
share. Putting it fails where it is already, however late that turns out.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Protocol

import msgspec

from retailsim.events.log.disk import sync_folder
from retailsim.events.log.seal import SealedSegment
from retailsim.events.object_store import Objects
from retailsim.events.whole_file import new_name, read_bounded
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.shares.errors import NoLinks, NotPlanned, ShareDamaged, SharesMissing

COMMIT = "COMMIT"
_VERSION = 1

Nanousd = Annotated[int, msgspec.Meta(ge=0)]
"""An amount in billionths of a dollar."""

_Folder = Annotated[str, msgspec.Meta(pattern=r"\A[^/.\0][^/\0]*\Z")]
"""Its name, and no way out of the share's own."""


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
    lease : int or None
        Number of the lease that it was played under, see `sim.shares.leases`.
    spent_nanousd : int or None
        What this attempt paid for models, in billionths of a dollar, where that is known.
    """

    commit: int = _VERSION
    run: str
    share: int
    attempt: _Folder
    episodes: int
    segments: tuple[SealedSegment, ...]
    lease: int | None = None
    spent_nanousd: Nanousd | None = None

    @property
    def events(self) -> int:
        """Event lines in all segments."""
        return sum(one.events for one in self.segments)


def share_folder(run: RunFolder, share: int) -> Path:
    """Return where the attempts at a share are, and its commit."""
    return run.shares / f"{share:04d}"


class Commits(Protocol):
    """Where the commits of a run's shares are."""

    def place(self, share: int) -> str:
        """Return where that of a share is, for people."""
        ...

    def read(self, share: int) -> bytes | None:
        """Return the text of one, or None."""
        ...

    def put_new(self, share: int, text: bytes) -> None:
        """Put one unless there is one; whose is there then, the caller has to look."""
        ...


def read_commit(commits: Commits, share: int, run: object) -> Commit | None:
    """Return the commit of a share, or None.

    Parameters
    ----------
    run : object
        As people name the run.

    Raises
    ------
    ShareDamaged
        If it cannot be read.
    """
    try:
        text = commits.read(share)
        found = None if text is None else msgspec.json.decode(text, type=Commit)
    except (OSError, ValueError, RecursionError) as error:
        problem = f"its commit cannot be read ({error})"
        raise ShareDamaged(share, commits.place(share), problem, run) from None
    if found is not None and found.commit != _VERSION:
        problem = f"its commit's version is {found.commit}, not {_VERSION}"
        raise ShareDamaged(share, commits.place(share), problem, run)
    return found


def put_commit(commits: Commits, commit: Commit, run: object) -> Commit:
    """Put a commit where there is none yet; returns the one that is there then.

    Raises
    ------
    NoLinks, StoreFailed
        If the place cannot do that.
    """
    text = msgspec.json.format(msgspec.json.encode(commit), indent=1) + b"\n"
    commits.put_new(commit.share, text)
    there = read_commit(commits, commit.share, run)
    assert there is not None
    return there


def all_commits(commits: Commits, run: object, file: RunFile) -> list[Commit]:
    """Return the commits of all shares of a run, in their order.

    Raises
    ------
    NotPlanned, SharesMissing
        If there are none, or not all.
    ShareDamaged
        If one cannot be read, or is another's.
    """
    if file.plan is None:
        raise NotPlanned(run)
    with ThreadPoolExecutor() as pool:
        shares = range(file.plan.shares)
        found = list(pool.map(lambda share: read_commit(commits, share, run), shares))
    missing = [share for share, commit in enumerate(found) if commit is None]
    if missing:
        raise SharesMissing(run, missing, file.plan.shares)
    there = [commit for commit in found if commit is not None]
    for share, commit in enumerate(there):
        own = {row.shard for row in commit.segments} <= {share}
        if commit.run != file.run.id or commit.share != share or not own:
            problem = "its commit is of another run or share"
            raise ShareDamaged(share, commits.place(share), problem, run)
    return there


def rows(commits: Iterable[Commit]) -> Iterator[SealedSegment]:
    """Yield what a seal says of all segments of these commits."""
    return (row for commit in commits for row in commit.segments)


class FolderCommits:
    """Commits in the run's folder."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run

    def place(self, share: int) -> str:
        """Return the file."""
        return str(share_folder(self._run, share) / COMMIT)

    def read(self, share: int) -> bytes | None:
        """Return what it holds, or None."""
        try:
            return read_bounded(Path(self.place(share)))
        except FileNotFoundError:
            return None

    def put_new(self, share: int, text: bytes) -> None:
        """Write beside the place, and link it there; raises `NoLinks`."""
        _link_new(Path(self.place(share)), text)


class StoreCommits:
    """Commits in a store."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def place(self, share: int) -> str:
        """Return the object."""
        return f"{self._objects.address}/{self._name(share)}"

    def read(self, share: int) -> bytes | None:
        """Return what it holds, or None."""
        return self._objects.read(self._name(share))

    def put_new(self, share: int, text: bytes) -> None:
        """Put it if there is none."""
        self._objects.put_new(self._name(share), text)

    def _name(self, share: int) -> str:
        return f"shares/{share:04d}/{COMMIT}"


def _link_new(place: Path, text: bytes) -> None:
    new = new_name(place)
    try:
        with new.open("xb") as file:
            file.write(text)
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
