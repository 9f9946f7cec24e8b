"""Attempts at shares in a store: what a node wrote is put there, and what others left is fetched.

A segment is put as soon as it is closed, so that who takes over from a node that is lost plays
again only what was in the one that it had open. What is stopped, and not lost, puts that, too.
"""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from types import TracebackType

from retailsim.events.errors import StoreFailed
from retailsim.events.log.segment import segments
from retailsim.events.object_store import Objects
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.shares.errors import NoRunThere
from retailsim.sim.shares.kept_answers import Answers, fetch_answers, load

_LOOK_S = 2.0
"""How often a closed segment is looked for: one is filled in a minute or more."""

BEGUN = "BEGUN"
"""An attempt's name for nothing but that it has begun."""


def fetch_run(objects: Objects, place: Path) -> RunFolder:
    """Fetch a run's ``run.toml`` and inputs to a folder.

    Raises
    ------
    NoRunThere
        If there is no run under the address.
    """
    text = objects.read("run.toml")
    if text is None:
        raise NoRunThere(objects.address)
    run = RunFolder(place)
    place.mkdir(parents=True, exist_ok=True)
    (place / "run.toml").write_bytes(text)
    fetch(objects, "inputs", place)
    return run


def put_run(objects: Objects, run: RunFolder) -> None:
    """Put a run's ``run.toml`` and inputs into a store; ``run.toml`` last, which makes it one."""
    for path in sorted(run.inputs.rglob("*")):
        if path.is_file():
            objects.put(path.relative_to(run.path).as_posix(), path)
    objects.put("run.toml", run.path / "run.toml")


def fetch(objects: Objects, under: str, place: Path) -> None:
    """Fetch the objects of a folder that are not there, or not of their size."""
    for name, size in objects.sizes(under).items():
        path = place / name
        if not path.resolve().is_relative_to(place.resolve()):
            continue
        if not path.is_file() or path.stat().st_size != size:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(objects.read(name) or b"")


def fetch_furthest(objects: Objects, run: RunFolder, share: int) -> str | None:
    """Fetch the log of the attempt at a share that came furthest; returns its name."""
    under = f"shares/{share:04d}/"
    bytes_of: Counter[str] = Counter()
    for name, size in objects.sizes(under.rstrip("/")).items():
        attempt, _, rest = name.removeprefix(under).partition("/")
        if rest.startswith("events/"):
            bytes_of[attempt] += size
    if not bytes_of:
        return None
    [(attempt, _)] = bytes_of.most_common(1)
    fetch(objects, f"{under}{attempt}/events", run.path)
    return attempt


class Keeper:
    """Puts what an attempt writes into a store; a block around its play.

    Parameters
    ----------
    objects : Objects
    run, home : RunFolder
        On this node: the run, and the attempt's.
    share : int
    """

    def __init__(self, objects: Objects, run: RunFolder, home: RunFolder, share: int) -> None:
        self._objects = objects
        self._run = run
        self._home = home
        self._share = share
        self.answers = Answers(objects, home.path.relative_to(run.path).as_posix())
        self._put: dict[str, int] = {}
        self._ended = Event()
        self._thread = Thread(target=self._keep, name="store", daemon=True)

    def __enter__(self) -> Keeper:
        """Begin to look for closed segments."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()
        self.answers.close()

    def load(self, furthest: str | None, file: RunFile) -> None:
        """Put what all attempts were answered into the log; raises `StoreFailed`.

        Parameters
        ----------
        furthest : str or None
            The attempt whose log is gone on with.
        """
        found = fetch_answers(self._objects, self._share)
        if found:
            self.answers.put_first(load(found, furthest, self._home, file, self._share))

    def begin(self) -> None:
        """Leave word in the store, where nothing else is until something was answered."""
        word = self._home.path / BEGUN
        word.touch()
        self._put_file(word)

    def put_all(self) -> None:
        """Put everything that is not there yet; raises `StoreFailed`."""
        self.answers.close()
        for path in sorted(self._home.path.rglob("*")):
            if path.is_file():
                self._put_file(path)

    def remove(self) -> None:
        """Remove what was put, and what is on this node."""
        with suppress(StoreFailed):
            self._objects.remove([*self._put, *self.answers.names])
        shutil.rmtree(self._home.path, ignore_errors=True)

    def _keep(self) -> None:
        while not self._ended.wait(_LOOK_S):
            # What cannot be put now is put at the end, or somebody else plays the share.
            with suppress(StoreFailed, OSError):
                for segment in segments(self._home.events):
                    if not segment.is_open:
                        self._put_file(segment.path)

    def _put_file(self, path: Path) -> None:
        name, size = path.relative_to(self._run.path).as_posix(), path.stat().st_size
        if self._put.get(name) != size:
            self._objects.put(name, path)
            self._put[name] = size
