"""The front door: plays a scenario, or opens a run that was played."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from operator import index
from pathlib import Path
from typing import Any, SupportsIndex

import msgspec

from retailsim.sim.api.displays import ProgressWish
from retailsim.sim.api.errors import BadArgument, plain_errors
from retailsim.sim.api.listener import Listener
from retailsim.sim.api.loaded_run import Run, RunInterrupted, came_to
from retailsim.sim.api.player import Work, aplay, play
from retailsim.sim.api.seat_classes import Classes, SeatWishes, seat_entries
from retailsim.sim.execution.runner import RunControl
from retailsim.sim.folder.run_folder import RunFolder, without_none
from retailsim.sim.run.launch import make, play_prepared, prepare
from retailsim.sim.run.launch_options import DEFAULT, Options
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.scenario.settings import as_settings

ScenarioWish = str | Path | Mapping[str, Any] | Scenario
"""A scenario: the name of a built-in one, a file, its tables as a dict, or a `Scenario`."""


def run(
    scenario: ScenarioWish = DEFAULT,
    *,
    sellers: SeatWishes | None = None,
    buyers: SeatWishes | None = None,
    settings: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    seed: int | None = None,
    workers: int | None = None,
    budget: float | None = None,
    catalog: str | Path | None = None,
    profiles: str | Path | None = None,
    progress: ProgressWish = False,
) -> Run:
    """Play a scenario to its end.

    It does what ``python -m sim launch`` does, also in a notebook, where an event loop is running.
    Nothing is printed; `Run.notes` has what the command line would say.

    Parameters
    ----------
    scenario : str, Path, dict or Scenario
        The name of a built-in scenario, a file, or its tables. Paths in tables are relative to
        the working folder.
    sellers, buyers : str, class, dict, or a list of them
        Who takes the seats, instead of the scenario's own: names as on the command line
        (``"behavioral,openai/gpt-5-mini"``), agent classes, or tables as in a scenario, whose
        ``agent`` may be a class. A class that was defined in a notebook or a script plays in this
        process only, and the run can be neither resumed nor verified.
    settings : dict
        Keys of the scenario, as of ``--set``, with their values: ``{"run.seed": 7}``.
    out : str or Path
        The run's folder, new or empty; by default ``runs/NAME-TIME``.
    seed : int
        Replaces the scenario's seed.
    workers : int
        Processes that share the run.
    budget : float
        US dollars that its language models may cost.
    catalog, profiles : str or Path
        Files of products and, for sales conversations, of buyer profiles.
    progress : bool or callable
        Whether it is shown, on stderr or below the cell. A callable takes the numbers of episodes
        that are over, and of all.

    Raises
    ------
    RetailSimError
        If something is wrong with what was given; one line, as on the command line.
    RunStopped
        If a budget, a provider or the disk ended it early; its ``run`` can be resumed.
    RunInterrupted
        On Ctrl-C: a `KeyboardInterrupt` with the ``run``, once what was in flight is over.
    """
    options = _options(locals())
    return play(_launched(options), progress, RunInterrupted)


async def arun(
    scenario: ScenarioWish = DEFAULT,
    *,
    sellers: SeatWishes | None = None,
    buyers: SeatWishes | None = None,
    settings: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    seed: int | None = None,
    workers: int | None = None,
    budget: float | None = None,
    catalog: str | Path | None = None,
    profiles: str | Path | None = None,
    progress: ProgressWish = False,
) -> Run:
    """Play a scenario to its end in a thread, without holding up the caller's event loop.

    Parameters, result and errors are those of `run`. Cancelled, it stops the run where it is,
    waits until everything is written, and leaves a folder that can be resumed.
    """
    options = _options(locals())
    return await aplay(_launched(options), progress)


def load(path: str | Path) -> Run:
    """Return a run that was played before, finished or not.

    Parameters
    ----------
    path : str or Path
        Its folder.

    Raises
    ------
    NotARunFolder
        If it is none.
    """
    place = Path(path)
    if not (place / "events").is_dir():  # a log alone can be read, too
        RunFolder(place).read()
    return Run(place)


def _options(given: Mapping[str, Any]) -> Options:
    """Return the flags of a launch."""
    classes: Classes = {}
    name, tables = _source(given["scenario"])
    return Options(
        scenario=name,
        tables=tables,
        seed=_whole("seed", given["seed"], least=None),
        out=None if given["out"] is None else Path(given["out"]).absolute(),
        workers=_whole("workers", given["workers"], least=1),
        sellers=seat_entries("seller", given["sellers"], classes),
        buyers=seat_entries("buyer", given["buyers"], classes),
        catalog=None if given["catalog"] is None else Path(given["catalog"]),
        profiles=None if given["profiles"] is None else Path(given["profiles"]),
        budget=_dollars(given["budget"]),
        settings=as_settings(given["settings"] or {}),
        classes=classes,
    )


def _source(scenario: Any) -> tuple[str, Mapping[str, Any] | None]:
    """Return what errors call a scenario, and its tables where it is not the name of a file."""
    match scenario:
        case str() | Path():
            return str(scenario), None
        case Scenario():
            return scenario.run.name, without_none(msgspec.to_builtins(scenario))
        case Mapping():
            return "scenario", scenario
    problem = (
        f"a {type(scenario).__name__} is not a scenario: give a name, a file, a dict or a Scenario"
    )
    raise BadArgument("scenario", problem)


def _whole(name: str, value: object, *, least: int | None) -> int | None:
    if value is None:
        return None
    if isinstance(value, SupportsIndex) and not isinstance(value, bool):  # numpy's, too
        number = index(value)
        if least is None or number >= least:
            return number
    wanted = "a whole number" if least is None else f"a whole number from {least} up"
    raise BadArgument(name, f"{value!r} is not {wanted}")


def _dollars(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and 0 < value < float("inf"):
        return float(value)
    raise BadArgument("budget", f"{value!r} is not a number of dollars above 0")


def _launched(options: Options) -> Work[Run]:
    return partial(_launch, options)


def _launch(options: Options, listener: Listener, control: RunControl) -> Run:
    with plain_errors():
        prepared = prepare(options, listener)
        folder = make(prepared)
    return came_to(
        folder.path,
        listener,
        lambda: play_prepared(prepared, folder, listener, control),
    )
