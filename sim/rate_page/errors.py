"""What can be wrong with what `annotate serve` and its pages are asked for; each is one line."""

from __future__ import annotations

from pathlib import Path

from retailsim.sim.errors import SimError


class NoExport(SimError):
    """A folder is no export."""

    def __init__(self, place: Path, program: str) -> None:
        super().__init__(
            f"{place}: there is no form.html here; make an export first: "
            f"{program} annotate export RUN --out {place}"
        )


class NoRaters(SimError):
    """Nobody is named, and nobody was named before."""

    def __init__(self, place: Path) -> None:
        super().__init__(f"{place}: nobody rates here yet; name the raters: --raters ann,bo")


class BadRaterName(SimError):
    """A name cannot be a rater's."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"--raters: {name[:80]!r} {problem}")


class ExportChanged(SimError):
    """Form and key are not of one export, or not what they were when raters began."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")


class ExportInUse(SimError):
    """Another server takes ratings of the export."""

    def __init__(self, place: Path) -> None:
        super().__init__(f"{place}: another `annotate serve` runs on this folder; end it first")


class BadJournal(SimError):
    """A rater's journal cannot be gone on with."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(
            f"{path}:{line}: {problem}; mend the line, or move the file away to begin anew"
        )


class RatingRefused(SimError):
    """What a page posted is not taken, and nothing was saved.

    Parameters
    ----------
    status : int
        Of the answer.
    """

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
