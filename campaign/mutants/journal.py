"""The journal: what became of each mutant, a line each, so that a hunt that stops can go on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from campaign.mutants.mutant import Mutant
from campaign.mutants.packages import Package
from campaign.mutants.trial import SURVIVED, Outcome
from campaign.mutants.watched import digest


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one mutant.

    Parameters
    ----------
    key : str
        The mutant's key.
    package : str
        Whose tests it was tried with.
    outcome : Outcome
        What became of it.
    seconds : float
        How long that took.
    code, tests : str
        Digests of the module, and of what decided: the file with the test that failed, or all.
    """

    key: str
    package: str
    mutant: Mutant
    outcome: Outcome
    seconds: float
    code: str
    tests: str


class Journal:
    """Entries in a file; the last of each mutant counts, while its module and tests are the same.

    Parameters
    ----------
    file : Path
        Lines are added to it.
    place : Path
        The tree that mutants are tried in.
    """

    def __init__(self, file: Path, place: Path) -> None:
        self._file, self._place = file, place
        self._kept: dict[tuple[str, str], Entry] = {}
        self.read()

    def read(self) -> None:
        """Take in what other processes have added."""
        if self._file.is_file():
            for line in self._file.read_bytes().splitlines():
                entry = msgspec.json.decode(line, type=Entry)
                self._kept[entry.package, entry.key] = entry

    def known(self, name: str, package: Package, mutant: Mutant) -> Entry | None:
        """Return what became of a mutant, if it would be the same again."""
        entry = self._kept.get((name, mutant.key))
        if entry is None:
            return None
        same = (entry.code, entry.tests) == self._state(package, mutant, entry.outcome)
        return entry if same else None

    def add(
        self, name: str, package: Package, mutant: Mutant, outcome: Outcome, seconds: float
    ) -> Entry:
        """Keep what became of a mutant."""
        code, tests = self._state(package, mutant, outcome)
        entry = Entry(
            key=mutant.key,
            package=name,
            mutant=mutant,
            outcome=outcome,
            seconds=round(seconds, 2),
            code=code,
            tests=tests,
        )
        self._kept[name, mutant.key] = entry
        with self._file.open("ab") as out:
            out.write(msgspec.json.encode(entry) + b"\n")
        return entry

    def _state(self, package: Package, mutant: Mutant, outcome: Outcome) -> tuple[str, str]:
        decided: Sequence[str] = [outcome.by.partition("::")[0]]
        if outcome.result == SURVIVED or not (self._place / decided[0]).is_file():
            decided = package.test_files(self._place)
        return digest(self._place, [mutant.path]), digest(self._place, decided)
