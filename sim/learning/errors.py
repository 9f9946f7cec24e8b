"""What a user can do wrong when a policy is learnt; each message is one line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from retailsim.sim.errors import SimError


class UnknownLearner(SimError):
    """There is no learner of this name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        super().__init__(f"--learner: {name!r} is not one of {', '.join(known)}{hint}")


class PolicyExists(SimError):
    """The file that a policy is to be written to is there already."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists and is not overwritten; name another file with --out")


class BadReward(SimError):
    """A ``--reward`` is not TERM=WEIGHT."""

    def __init__(self, text: str, known: Sequence[str]) -> None:
        super().__init__(
            f"--reward {text}: write TERM=NUMBER, with a term out of {', '.join(known)}"
        )


class BadLog(SimError):
    """A run holds no decisions that could be read here; says why."""

    def __init__(self, run: Path, problem: str) -> None:
        super().__init__(f"{run}: {problem}")


class LogTwice(SimError):
    """The same run was given twice: its conversations would count as independent ones."""

    def __init__(self, run: Path, before: Path) -> None:
        super().__init__(f"{run} is the same run as {before}; name each log once")


class UnknownSeller(SimError):
    """Nobody of this name sells in the logs."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"--seller {name}: in the logs there are only {', '.join(known) or 'none'}"
        )


class NoDecisions(SimError):
    """No conversation of the logs came to its end."""

    def __init__(self, runs: Sequence[Path], failed: int, unfinished: int) -> None:
        super().__init__(
            f"{', '.join(map(str, runs))}: no finished conversation ({failed:,} failed, "
            f"{unfinished:,} unfinished); resume the run, or launch another"
        )


class BadLimit(SimError):
    """A ``--limit`` or ``--floor`` is not TERM=NUMBER, nor TERM where that stands for something."""

    def __init__(self, flag: str, text: str, known: Sequence[str], alone: str) -> None:
        short = f", or TERM alone for {alone}" if alone else ""
        super().__init__(
            f"{flag} {text}: write TERM=NUMBER{short}, with a term out of {', '.join(known)}"
        )


class LimitNeedsNumber(SimError):
    """A ``--limit`` or ``--floor`` is TERM alone, which stands for nothing in this protocol."""

    def __init__(self, flag: str, term: str) -> None:
        super().__init__(f"{flag} {term}: a number is needed here; write {term}=NUMBER")


class BadBound(SimError):
    """The number of a ``--limit`` or ``--floor`` is none that the term can come to."""

    def __init__(self, flag: str, text: str, term: str, low: float, high: float) -> None:
        between = f"never below {low:g}" if math.isinf(high) else f"between {low:g} and {high:g}"
        super().__init__(f"{flag} {text}: {term} is {between} on average; write such a number")


class UnknownPolicy(SimError):
    """What is to be judged is neither a file nor a seller whose choices are known from outside."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"{name}: is neither a policy's file nor {' or '.join(known)}")


class TooFewProfiles(SimError):
    """Logs hold too few clusters to learn from some and judge by others."""

    def __init__(self, runs: Sequence[Path], found: str, needed: int) -> None:
        super().__init__(
            f"{', '.join(map(str, runs))}: {found}; half of them are to teach "
            f"and half to judge, so {needed} are needed"
        )


class NotBoth(SimError):
    """A policy was to be learnt from runs and in conversations at once."""

    def __init__(self, source: str) -> None:
        super().__init__(
            f"{source}: is no run; name one scenario to learn in, or runs alone to learn from"
        )


class NotOffline(SimError):
    """A flag says how conversations are held, and none are."""

    def __init__(self, flag: str) -> None:
        super().__init__(f"{flag}: runs are learnt from as they are; leave it out")


class OnlyOfRuns(SimError):
    """A flag chooses from the conversations of runs, and a scenario has none yet."""

    def __init__(self, flag: str) -> None:
        super().__init__(f"{flag}: is for runs that are learnt from; with a scenario, leave it out")


class OnlyForAudit(SimError):
    """A flag says how much an audit plays, and nothing is played."""

    def __init__(self, flag: str) -> None:
        super().__init__(f"{flag}: is for --audit; without it nothing is played")


class NoAudit(SimError):
    """A log's conversations cannot be played again here; says why."""

    def __init__(self, run: Path, problem: str) -> None:
        super().__init__(f"--audit: {run}: {problem}")
