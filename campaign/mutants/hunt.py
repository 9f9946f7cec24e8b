"""The hunt: draws mutants of each package, tries them, and asks whoever killed one for an alibi."""

from __future__ import annotations

import fcntl
import gc
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

from campaign.mutants import forked
from campaign.mutants.journal import Entry, Journal
from campaign.mutants.mutant import Mutant
from campaign.mutants.packages import PACKAGES, ROOT, Package, all_mutants, sampled
from campaign.mutants.session import Session
from campaign.mutants.tree import renewed
from campaign.mutants.trial import SURVIVED, Outcome, Trials, file_of, trial_anew
from campaign.mutants.watched import Seen, watched

WORK = ROOT / "build" / "mutants"
MOST_SECONDS = 24 * 3600.0
"""For the mutants of a package."""


class Tried(msgspec.Struct, frozen=True):
    """What became of the mutants of a package.

    Parameters
    ----------
    package : str
        Its name.
    there_are : int
        How many mutants it has.
    entries : list of Entry
        Those that were drawn.
    """

    package: str
    there_are: int
    entries: list[Entry]


def _locked(work: Path) -> IO[bytes]:
    """Keep others from the tree while this process lives."""
    work.mkdir(parents=True, exist_ok=True)
    lock = (work / "lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit(f"{work}: another hunt is going on; wait for its end") from None
    return lock


class Hunt:
    """The mutants of one seed.

    Parameters
    ----------
    seed : int
        What they are drawn by.
    work : Path
        A folder for the tree, the journal and what tests were watched to run.
    place : Path or None
        The tree; None: a copy of the repository.
    packages : mapping
        The packages by name.
    """

    def __init__(
        self,
        seed: int,
        work: Path = WORK,
        place: Path | None = None,
        packages: Mapping[str, Package] = PACKAGES,
    ) -> None:
        self.seed, self.work, self.packages = seed, work, packages
        self._lock = _locked(work)
        self.place = renewed(work / "tree") if place is None else place
        self.journal = Journal(work / f"seed-{seed}.jsonl", self.place)
        self._out = os.dup(1)  # where it says how it goes on, also from sessions

    def package(self, name: str, count: int, *, known: bool = False) -> Tried:
        """Try so many mutants of a package, but those whose end is known; or look up only those."""
        package = self.packages[name]
        every = all_mutants(package, self.place)
        drawn = sampled(every, count, self.seed, self.place)
        if known:
            return self._found(name, len(every), drawn)
        forked.warm()
        tests = watched(self.place, package, self.work, self.packages.values())
        if self._left(name, drawn):
            self._session(name, tests, lambda trials: self._within(name, drawn, tests, trials))
            self.journal.read()
        for mutant in self._left(name, drawn):
            self._keep(name, mutant, lambda one: trial_anew(self.place, one, tests, self.work))
        return self._found(name, len(every), drawn)

    def _found(self, name: str, there_are: int, drawn: Sequence[Mutant]) -> Tried:
        entries = [self.journal.known(name, self.packages[name], one) for one in drawn]
        return Tried(name, there_are, [one for one in entries if one is not None])

    def _left(self, name: str, drawn: Sequence[Mutant]) -> list[Mutant]:
        known = self.journal.known
        return [one for one in drawn if known(name, self.packages[name], one) is None]

    def _session(self, name: str, tests: Sequence[Seen], work: Callable[[Trials], None]) -> None:
        """Do some work in a session that has collected a package's tests."""
        said = self.work / "session.txt"

        def begun(session: Session) -> None:
            trials = Trials(session, self.place)
            gc.collect()
            gc.freeze()  # so that forks share what is there
            work(trials)

        session = Session(begun, self.work / "now.txt")
        files = sorted({file_of(one) for one in tests})
        status = forked.tests(self.place, files, session, said, MOST_SECONDS)
        if status != 0:
            raise SystemExit(
                f"{name}: the session ended with {status}:\n{said.read_text()[-3000:]}"
            )

    def _within(
        self, name: str, drawn: Sequence[Mutant], tests: Sequence[Seen], trials: Trials
    ) -> None:
        """Try what a session can hold, and see that no test that killed fails without a mutant."""
        for mutant in self._left(name, drawn):
            self._keep(name, mutant, lambda one: trials.trial(one, tests))
        entries = [self.journal.known(name, self.packages[name], one) for one in drawn]
        killers = {one.outcome.by for one in entries if one is not None}
        asked = [one for one in tests if one.name in killers]
        if not asked:
            return
        found = trials.run(asked, lambda: True)
        if found is None or found.result != SURVIVED:
            raise RuntimeError(f"{found.by if found else name} fails without a mutant too")

    def _keep(self, name: str, mutant: Mutant, trial: Callable[[Mutant], Outcome | None]) -> None:
        began = time.monotonic()
        outcome = trial(mutant)
        if outcome is None:
            return
        entry = self.journal.add(
            name, self.packages[name], mutant, outcome, time.monotonic() - began
        )
        said = (
            f"{name}: {outcome.result:8} {entry.seconds:5.1f} s {outcome.ran:4} tests  "
            f"{mutant.path}:{mutant.line} {mutant.operator}\n"
        )
        os.write(self._out, said.encode())
