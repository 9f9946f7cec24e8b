"""A run as a program sees it: what it measured, what was said, and how it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from retailsim.events.log.seal import matches_seal
from retailsim.sim.api.displays import ProgressWish
from retailsim.sim.api.errors import (
    NoSuchEpisode,
    plain_errors,
    stopped_early,
)
from retailsim.sim.api.listener import Listener
from retailsim.sim.api.player import play
from retailsim.sim.errors import SimError
from retailsim.sim.execution.runner import RunControl, RunOutcome
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.scenario.scenario import Scenario

if TYPE_CHECKING:
    import polars as pl

    from retailsim.sim.api.chat import Chat
    from retailsim.sim.run.playing_again import Code
    from retailsim.sim.run.verify import Verification


class Run:
    """A run on disk, finished or not; everything is read from its log when it is asked for.

    Attributes
    ----------
    path : Path
        Its folder.
    notes : tuple of str
        What the command line would have said while it was played; empty for a loaded run.
    """

    def __init__(self, path: str | Path, notes: Sequence[str] = ()) -> None:
        self.path = Path(path).absolute()
        self.notes = tuple(notes)

    @property
    def finished(self) -> bool:
        """Whether every market is done and the log is sealed."""
        return matches_seal(RunFolder(self.path).events)

    @property
    def scenario(self) -> Scenario:
        """The scenario as it was played, with all settings."""
        return RunFolder(self.path).read().scenario

    def measures(self) -> dict[str, Any]:
        """Return the run's measures: the object that ``replay --json`` prints.

        Returns
        -------
        dict
            ``run``, ``partial``, ``episodes``, ``overall``, ``sellers``, ``buyers``,
            ``categories``, ``pairs``, ``cost`` and what else `docs/commands.md` names. Money is
            in cents, a rate from 0 to 1, and None where nothing was counted.

        Raises
        ------
        NotARun, LogDamaged, LogUnreadable
            If the log is not there, not whole, or not understood.
        """
        from retailsim.sim.run.conclusion import measures_as_json

        with plain_errors():
            said = msgspec.json.encode(measures_as_json(self.path))
        found: dict[str, Any] = msgspec.json.decode(said)
        return found

    def episodes(self) -> pl.DataFrame:
        """Return one row an episode, sorted by ``episode``.

        Returns
        -------
        polars.DataFrame
            The columns of ``episodes`` in ``docs/export.md``: who met whom over what, at which
            price (cents), whether and how many were bought, what was refunded (cents), the
            ratings (1 to 5 stars) and how the episode ended. A measure counts those that reached
            its stage (``decided``, ``settled``) and are not ``superseded``.

        Raises
        ------
        NotARun, LogDamaged, LogUnreadable
            As `measures`.
        """
        from retailsim.analysis import load

        with plain_errors():
            return load(self.path).episodes

    def events(self) -> pl.DataFrame:
        """Return one row an event, in the order of the log.

        Returns
        -------
        polars.DataFrame
            ``seq`` (its number in its market; null for an answer from outside), ``t``
            (microseconds of market time), ``type``, ``market``, ``episode``, ``source``, and
            ``payload``, the event's own fields as JSON text.

        Raises
        ------
        NotARun, LogDamaged, LogUnreadable
            As `measures`.
        """
        from retailsim.analysis.export import events

        with plain_errors():
            return events(self.path).collect()

    def conversation(self, episode: str) -> Chat:
        """Return what was said in an episode, and how it ended.

        Parameters
        ----------
        episode : str
            Its name, as in the column ``episode`` of `episodes`.

        Raises
        ------
        NoSuchEpisode
            If the run has none of this name.
        NotARun, LogDamaged, LogUnreadable
            As `measures`.
        """
        from retailsim.analysis.export import transcripts
        from retailsim.sim.api.chat import Chat

        with plain_errors():
            for found in transcripts(self.path):
                if found["episode"] == episode:
                    return Chat(found)
        raise NoSuchEpisode(self.path, episode)

    def report(self, path: str | Path | None = None) -> Path:
        """Write the run's report, one HTML file, and return where it is.

        Parameters
        ----------
        path : str or Path
            The file; by default ``derived/report.html`` in the run's folder.

        Raises
        ------
        MissingExtra
            If the packages of ``retailsim[analysis]`` are not installed.
        CannotWrite
            If the file cannot be written.
        InsideRun, InTheWay
            If it is among what a run is made of, or holds something other than a page of ours.
        """
        from retailsim.sim.look.report import made_report

        with plain_errors():
            return made_report(self.path, None if path is None else Path(path)).path

    def verify(self, *, code: Code = "own") -> Verification:
        """Check the whole log and the inputs, and play every market again to compare the bytes.

        Parameters
        ----------
        code : {"own", "any", "none"}
            Whose code may run: of runs that were launched on this machine, of any run, of none.
            A run that brings code which may not is not played again.

        Raises
        ------
        LogDamaged, RunChanged, MarketDiverged
            At the first thing that is not as it should be.
        SessionAgents
            If an agent was defined in a notebook or script: nothing can play it again.
        """
        from retailsim.sim.run.verify import verified

        def work(listener: Listener, control: RunControl) -> Verification:
            with plain_errors():
                return verified(self.path, code=code)

        return play(work, False, lambda found: KeyboardInterrupt())

    def resume(
        self,
        *,
        workers: int | None = None,
        budget: float | None = None,
        retry_failed: bool = False,
        settings: Mapping[str, Any] | None = None,
        trust: bool = False,
        progress: ProgressWish = False,
    ) -> Run:
        """Play what is missing, if anything is; return the run.

        Parameters
        ----------
        workers : int
            Processes that share what is left; by default as the scenario says.
        budget : float
            US dollars that the whole run may cost, now and later; by default as before.
        retry_failed : bool
            Whether failed episodes are repeated, too.
        settings : dict
            ``{"models.NAME.KEY": value}``: where a model is, how fast it may be asked, what it
            costs.
        trust : bool
            Whether its code may run, and keys go where it says, if it was not launched here.
        progress : bool or callable
            As for `run`.

        Raises
        ------
        RunChanged, LogDamaged, RunInUse
            If it cannot go on as it began.
        Untrusted
            If it brings either, and `trust` does not say so.
        SessionAgents
            If an agent was defined in a notebook or script.
        RunStopped, KeyboardInterrupt
            As `run`.
        """
        from retailsim.sim.run.resume import go_on
        from retailsim.sim.scenario.settings import as_settings

        def work(listener: Listener, control: RunControl) -> Run:
            return came_to(
                self.path,
                listener,
                partial(
                    go_on,
                    self.path,
                    listener,
                    workers=workers,
                    retry_failed=retry_failed,
                    budget=budget,
                    settings=as_settings(settings or {}),
                    trust=trust,
                    control=control,
                ),
            )

        return play(work, progress, RunInterrupted)

    def __repr__(self) -> str:
        """Return where it is."""
        return f"Run({str(self.path)!r})"

    def _repr_html_(self) -> str:
        from retailsim.sim.api.pages import run_page

        return run_page(self)


class RunStopped(SimError):
    """A run stopped before its end: a budget, a provider, a full disk. What is done is kept.

    Attributes
    ----------
    run : Run
        As far as it came; `Run.resume` goes on with it.
    exit_status : int
        3, or 2 where what was configured never worked.
    """

    def __init__(self, run: Run, line: str, status: int = 3) -> None:
        super().__init__(line)
        self.run = run
        self.exit_status = status


class RunInterrupted(KeyboardInterrupt):
    """Ctrl-C stopped a run; it is a `KeyboardInterrupt`.

    Attributes
    ----------
    run : Run or None
        As far as it came; `Run.resume` goes on with it. None: nothing was made yet.
    """

    def __init__(self, run: Run | None) -> None:
        where = "before anything was made" if run is None else f"{run.path} can be resumed"
        super().__init__(f"interrupted: {where}")
        self.run = run


Playing = Callable[[], RunOutcome | None]
"""What takes a run to its end, or as far as it comes."""


def came_to(path: Path, listener: Listener, playing: Playing) -> Run:
    """Return the run at `path` once `playing` has ended.

    Raises
    ------
    RunStopped
        If it ended early in a way that a resume goes on from.
    """
    try:
        with plain_errors():
            playing()
    except Exception as error:
        stopped = stopped_early(error)
        if stopped is None:
            raise
        raise RunStopped(Run(path, listener.notes), *stopped) from error
    return Run(path, listener.notes)
