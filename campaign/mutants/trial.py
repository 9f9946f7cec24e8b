"""A trial: a mutant before the tests that can see it, until one of them fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from campaign.mutants import forked
from campaign.mutants.mutant import Mutant
from campaign.mutants.session import BROKEN, Chosen, Session
from campaign.mutants.swapped import Functions
from campaign.mutants.tree import mutated
from campaign.mutants.watched import Seen

KILLED, TIMEOUT, SURVIVED = "killed", "timeout", "survived"
PATIENCE_S, TIMES = 30.0, 8.0
"""Time that the tests of a trial have: so long, and so many times what they took when watched."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of a mutant.

    Parameters
    ----------
    result : str
        "killed", "timeout" or "survived".
    by : str
        The test that failed or did not end; "": a file of tests could not be imported.
    ran : int
        How many tests it was tried with, at most.
    """

    result: str
    by: str
    ran: int


def rounds(mutant: Mutant, tests: Sequence[Seen]) -> list[list[Seen]]:
    """Return the tests that can see a mutant, in rounds, the quick ones first.

    First those that ran its statement, then the others of their files, for which one of them may
    have made something. Where none ran it, those that started a process, as that may have. What
    runs on import may show in any test.
    """
    first = [one for one in tests if _runs(one, mutant)]
    files = {file_of(one) for one in first}
    chosen = {one.name for one in first}
    second = [
        one
        for one in tests
        if one.name not in chosen
        and (not mutant.lines or file_of(one) in files or (not first and one.starts))
    ]
    return [sorted(part, key=lambda one: one.seconds) for part in (first, second) if part]


def _runs(test: Seen, mutant: Mutant) -> bool:
    lines = test.lines.get(mutant.path, ())
    if not mutant.lines:
        return bool(lines)
    low, high = mutant.lines
    return any(low <= line <= high for line in lines)


def file_of(test: Seen) -> str:
    """The file that a test is in."""
    return test.name.partition("::")[0]


class Trials:
    """Tries mutants in a session of pytest that has collected all tests.

    Parameters
    ----------
    session : Session
        The session.
    place : Path
        The tree.
    """

    def __init__(self, session: Session, place: Path) -> None:
        self._session, self._place = session, place
        self._functions = Functions(place)

    def trial(self, mutant: Mutant, tests: Sequence[Seen]) -> Outcome | None:
        """Try one mutant with all tests that can see it; None: it wants a process of its own."""
        if not mutant.lines:
            return None
        source = (self._place / mutant.path).read_bytes()
        changed = mutant.applied(source)
        with mutated(self._place, mutant):
            return _through(
                rounds(mutant, tests),
                lambda part: self.run(
                    part, lambda: self._functions.swap(mutant.path, source, changed)
                ),
            )

    def run(self, tests: Sequence[Seen], begin: Callable[[], bool]) -> Outcome | None:
        """Run tests until one fails, after something is done in their process."""
        names = [one.name for one in tests]
        status = self._session.run(names, begin, patience(tests))
        return None if status == BROKEN else outcome(status, self._session.now, len(tests))


def trial_anew(place: Path, mutant: Mutant, tests: Sequence[Seen], work: Path) -> Outcome:
    """Try one mutant in processes that import everything anew."""
    with mutated(place, mutant):
        found = _through(rounds(mutant, tests), lambda part: run_anew(place, part, work))
    assert found is not None
    return found


def run_anew(place: Path, tests: Sequence[Seen], work: Path) -> Outcome:
    """Run tests in a process that imports everything anew, until one fails."""
    now = work / "now.txt"
    words = ["-x", "--tb=line", *sorted({file_of(one) for one in tests})]
    chosen = Chosen([one.name for one in tests], now)
    status = forked.tests(place, words, chosen, work / "trial.txt", patience(tests))
    return outcome(status, now, len(tests))


def patience(tests: Sequence[Seen]) -> float:
    """How many seconds some tests have."""
    return PATIENCE_S + TIMES * sum(one.seconds for one in tests)


def outcome(status: int | None, now: Path, ran: int) -> Outcome:
    """Return what the status of a process says of the mutant in it."""
    if status == 0:
        return Outcome(SURVIVED, "", ran)
    by = now.read_text("utf-8") if now.is_file() else ""
    return Outcome(TIMEOUT if status is None else KILLED, by, ran)


def _through(
    parts: Sequence[Sequence[Seen]], run: Callable[[Sequence[Seen]], Outcome | None]
) -> Outcome | None:
    ran = 0
    for part in parts:
        found = run(part)
        if found is None:
            return None
        ran += found.ran
        if found.result != SURVIVED:
            return Outcome(found.result, found.by, ran)
    return Outcome(SURVIVED, "", ran)
