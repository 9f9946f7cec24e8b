"""What a share is played with: the run, its commits, and where what is written goes."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import msgspec

from retailsim.events.object_store import Objects, is_address
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.shares.commits import Commits, FolderCommits, StoreCommits
from retailsim.sim.shares.kept_answers import Answers
from retailsim.sim.shares.kept_in_store import Keeper, fetch_run
from retailsim.sim.shares.leases import FolderShelf, Given, Shelf, StoreShelf
from retailsim.sim.terminal.program_name import program_name


class Outlet(Protocol):
    """Where what an attempt wrote has to be before it counts."""

    @property
    def answers(self) -> Answers | None:
        """Where answers have to be before they are used; None: where the log is."""
        ...

    def load(self, furthest: str | None, file: RunFile) -> None:
        """Put into the log what other attempts left beside it.

        Parameters
        ----------
        furthest : str or None
            The attempt whose log is gone on with, where it came from elsewhere.
        """
        ...

    def begin(self) -> None:
        """Leave word that the attempt has begun."""
        ...

    def put_all(self) -> None:
        """Put everything there."""
        ...

    def remove(self) -> None:
        """Leave nothing."""
        ...


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """What a share is played with.

    Parameters
    ----------
    run : RunFolder
        The run as this node has it.
    named : str
        The run as the person named it.
    commits : Commits
    objects : Objects or None
        The store that attempts are kept in, if it is one.
    given : Given
        What whoever hands out shares lets it use.
    """

    run: RunFolder
    named: str
    commits: Commits
    objects: Objects | None = None
    given: Given = Given()

    @property
    def again(self) -> str:
        """The command that plays shares of the run by hand."""
        store = self.objects is not None and not is_address(self.named)
        place = f" --store {shlex.quote(self.objects.address)}" if store and self.objects else ""
        return f"{program_name()} shard {shlex.quote(self.named)}{place}"

    @property
    def leases(self) -> Shelf:
        """Where the leases are that a loop gave, if one did."""
        return FolderShelf(self.run) if self.objects is None else StoreShelf(self.objects)

    @contextmanager
    def keeping(self, home: RunFolder, share: int) -> Iterator[Outlet]:
        """Put what is written in the block where it has to be."""
        if self.objects is None:
            yield _Here(home)
            return
        with Keeper(self.objects, self.run, home, share) as keeper:
            yield keeper


class _Here:
    """An attempt in the run's folder is where it has to be."""

    def __init__(self, home: RunFolder) -> None:
        self._home = home
        self.answers = None

    def load(self, furthest: str | None, file: RunFile) -> None:
        """Nothing is elsewhere."""

    def begin(self) -> None:
        """Its folder says so."""

    def put_all(self) -> None:
        """Nothing is to be done."""

    def remove(self) -> None:
        """Remove its folder."""
        shutil.rmtree(self._home.path, ignore_errors=True)


@contextmanager
def benched(run: str, store: str | None, given: Given | None) -> Iterator[Bench]:
    """Have the run at hand: where it is, or fetched to a folder of this node."""
    address = store or (run if is_address(run) else None)
    if address is None:
        folder = RunFolder(Path(run))
        commits: Commits = FolderCommits(folder)
        yield Bench(run=folder, named=run, commits=commits, given=given or Given())
        return
    objects = Objects(address)
    with TemporaryDirectory(prefix="retailsim-share-") as place:
        if is_address(run):
            here = fetch_run(objects, Path(place))
        else:
            here = RunFolder(Path(shutil.copytree(run, place, dirs_exist_ok=True, ignore=_parts)))
        commits = StoreCommits(objects)
        yield Bench(run=here, named=run, commits=commits, objects=objects, given=given or Given())


_parts = shutil.ignore_patterns("events", "shares", "derived", "telemetry")
