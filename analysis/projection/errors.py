"""What can be wrong with what analysis is given."""

from __future__ import annotations

from pathlib import Path

from retailsim.events.errors import RetailSimError, RetailSimWarning


class AnalysisError(RetailSimError):
    """Base of every error a user of `analysis` can cause."""


class LogUnreadable(AnalysisError):
    """A segment's bytes are the ones written, and yet they are not the lines of events.

    Parameters
    ----------
    segment : str
        The segment's file name.
    detail : str
        What the parser said.
    """

    def __init__(self, segment: str, detail: str) -> None:
        self.segment = segment
        self.detail = " ".join(detail.split())[:200]
        super().__init__(
            f"events/{segment}: a line is not an event ({self.detail}); "
            "restore the segment from a copy or run the scenario again"
        )


class EpisodeUnreadable(AnalysisError):
    """What the log holds of one episode are not the events that this version knows.

    Parameters
    ----------
    episode : str
    detail : str
        What the parser said.
    """

    def __init__(self, episode: str, detail: str) -> None:
        super().__init__(
            f"episode {episode}: an event of it cannot be read ({' '.join(detail.split())[:200]}); "
            "restore the log from a copy or run the scenario again"
        )


class KeptUnreadable(AnalysisError):
    """What is kept of a run in ``derived/`` is not what was written there.

    Parameters
    ----------
    detail : str
        What the reader of the file said.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"what is kept of the run in its folder derived cannot be read "
            f"({' '.join(detail.split())[:200]}); remove that folder, it is made again"
        )


class TooLittleRoom(RetailSimWarning):
    """The folder of temporary files takes no more of what is read of a run.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            f"{folder}: too little room for the tables of the run; they are held in memory, those "
            "of a large run also made anew each time; make room there, or set TMPDIR to another "
            "folder"
        )


class KeptDiffers(AnalysisError):
    """What is kept of a run in ``derived/`` is not what its log says.

    Parameters
    ----------
    derived : Path
        The folder.
    name : str
        The file in it.
    """

    def __init__(self, derived: Path, name: str) -> None:
        super().__init__(
            f"{derived / name}: it is not what the log says, which is whole; "
            f"remove the folder {derived}, and the next replay makes it anew"
        )


class NotARun(AnalysisError):
    """The folder holds no event log.

    Parameters
    ----------
    run : str
        The folder that was given.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        super().__init__(f"{run}: {_no_run(Path(run))}")


def _no_run(folder: Path) -> str:
    if not folder.exists():
        return "there is no such folder"
    if not folder.is_dir():
        return "it is a file; give the folder of a run"
    inside = sorted(log.parent for log in folder.glob("*/events"))  # an experiment holds its runs
    return (
        f"no events/ folder here; give the folder of a run{f', as {inside[0]}' if inside else ''}"
    )


class BadTables(AnalysisError):
    """What a protocol adds to the tables of a replay does not go with what is there.

    Parameters
    ----------
    protocol : str
    problem : str
        What does not, and with what.
    """

    def __init__(self, protocol: str, problem: str) -> None:
        super().__init__(f"protocol {protocol}, analysis: {problem}")
