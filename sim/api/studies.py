"""Studies: two runs side by side, and the experiments of the paper."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from retailsim.sim.api.displays import ProgressWish
from retailsim.sim.api.errors import BadArgument, plain_errors
from retailsim.sim.api.listener import Listener
from retailsim.sim.api.loaded_run import Playing, Run, RunInterrupted, came_to
from retailsim.sim.api.player import play
from retailsim.sim.execution.runner import RunControl
from retailsim.sim.experiments.experiment import ExperimentOptions, check_extras, folder_of, ran
from retailsim.sim.look.compare import compared
from retailsim.sim.run.launch import make, play_prepared, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.run.resume import go_on
from retailsim.sim.scenario.settings import as_settings

if TYPE_CHECKING:
    from retailsim.analysis.experiments.outcomes import ExperimentOutcome
    from retailsim.analysis.measures.comparison import Comparison


def compare(first: Run | str | Path, second: Run | str | Path) -> Comparison:
    """Say what changed from one run to another, and how sure that is.

    Parameters
    ----------
    first, second : Run, str or Path
        Two runs of one protocol, or their folders. Those of one seed are compared pair by pair:
        episodes with everything in common but what was changed share their draws.

    Returns
    -------
    Comparison
        The object ``comparison`` of ``compare --json``: ``planned`` has the changes of the whole
        runs, ``exploratory`` those by seller, buyer and category.

    Raises
    ------
    OtherProtocol
        If the runs are of different protocols.
    NothingPairs
        If no product (or profile) is in both.
    MissingExtra
        If the packages of ``retailsim[analysis]`` are not installed.
    NotARun, LogDamaged, LogUnreadable
        If a log is not there, not whole, or not understood.
    """
    paths = [_folder(name, one) for name, one in (("first", first), ("second", second))]
    with plain_errors():
        return compared(*paths)[1]


def _folder(name: str, run: object) -> Path:
    match run:
        case Run():
            return run.path
        case str() | Path():
            return Path(run)
    raise BadArgument(name, f"a {type(run).__name__} is not a run: give a Run or its folder")


class Experiment:
    """An experiment that was run.

    Attributes
    ----------
    name : str
    runs : dict of str to Run
        Its runs, by their labels.
    outcome : ExperimentOutcome
        Its ``tables`` and all their ``rows`` with measured and published values, ``findings``
        with tests and verdicts, ``notes``.
    """

    def __init__(self, name: str, runs: Mapping[str, Run], outcome: ExperimentOutcome) -> None:
        self.name = name
        self.runs = dict(runs)
        self.outcome = outcome

    def told(self) -> dict[str, Any]:
        """Return the object ``outcome`` that ``experiment --json`` prints.

        Returns
        -------
        dict
            ``title``, ``rows`` (each with ``label`` and ``values``), ``findings``, ``notes``.
        """
        from retailsim.analysis.experiments.outcomes import told

        found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(told(self.outcome)))
        return found

    def __repr__(self) -> str:
        """Return its name and where its runs are."""
        return f"Experiment({self.name!r}, runs={self.runs!r})"

    def _repr_html_(self) -> str:
        from retailsim.sim.api.pages import outcome_page

        return outcome_page(self.outcome)


def experiment(
    name: str,
    *,
    out: str | Path | None = None,
    sellers: str | None = None,
    buyers: str | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
    workers: int | None = None,
    budget: float | None = None,
    features: str = "tfidf",
    progress: ProgressWish = False,
) -> Experiment:
    """Run an experiment of the paper; return its table beside the published one.

    Parameters
    ----------
    name : str
        One that `docs/experiments.md` lists.
    out : str or Path
        Where its runs go; given again after a stop, the experiment goes on there.
    sellers, buyers : str
        Who plays the parts, as ``"A,B"``.
    settings : dict
        Keys of the scenarios with their values, in every run.
    seed : int
        Replaces the scenarios' seed.
    workers : int
        Processes that share each run.
    budget : float
        US dollars that the models of all runs together may cost.
    features : str
        Of texts, for ``latent-persona``: ``"tfidf"``, ``"embedding"`` or ``"embedding-large"``.
    progress : bool or callable
        As for `run`, for one run after the other.

    Raises
    ------
    MissingExtra
        If the packages of ``retailsim[analysis]`` are not installed.
    RetailSimError
        If something is wrong with what was given, or the runs say too little for the table.
    RunStopped, RunInterrupted
        As for `run`, with the run that was stopped.
    """
    asked = ExperimentOptions(
        name=name,
        out=None if out is None else Path(out).absolute(),
        sellers=sellers,
        buyers=buyers,
        settings=as_settings(settings or {}),
        seed=seed,
        workers=workers,
        budget=budget,
        features=features,
    )
    found = play(partial(_experiment, asked), progress, _interrupted)
    assert isinstance(found, Experiment), "what is not finished was stopped, and is raised"
    return found


def _interrupted(found: Experiment | Run) -> RunInterrupted:
    return RunInterrupted(found if isinstance(found, Run) else None)


def _experiment(
    asked: ExperimentOptions, listener: Listener, control: RunControl
) -> Experiment | Run:
    """Return the experiment, or the run in which it was interrupted."""
    with plain_errors():
        check_extras()
        arms = _Arms(listener, control)
        status, paths = ran(asked, folder_of(asked), listener, arms)
        if status:
            return Run(arms.last)
        from retailsim.sim.experiments.played_outcome import played_outcome

        outcome = played_outcome(asked.name, paths, asked.features)
    return Experiment(asked.name, {label: Run(path) for label, path in paths.items()}, outcome)


class _Arms:
    """Plays the runs of an experiment for a program.

    Attributes
    ----------
    last : Path
        The folder of the last one.
    """

    def __init__(self, listener: Listener, control: RunControl) -> None:
        self.last = Path()
        self._listener = listener
        self._control = control

    def launch(self, options: Options) -> int:
        """Play a run from its beginning; returns 3 if it was interrupted."""
        prepared = prepare(options, self._listener)
        folder = make(prepared)
        playing = partial(play_prepared, prepared, folder, self._listener, self._control)
        return self._status(folder.path, playing)

    def resume(self, run: Path, *, workers: int | None, budget: float | None) -> int:
        """Play what is missing of a run; returns 3 if it was interrupted."""
        playing = partial(
            go_on, run, self._listener, workers=workers, budget=budget, control=self._control
        )
        return self._status(run, playing)

    def _status(self, run: Path, playing: Playing) -> int:
        self.last = run
        return 0 if came_to(run, self._listener, playing).finished else 3
