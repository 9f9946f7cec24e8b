"""A backtest before it is played: which runs it takes, what launches each, and where each goes.

A run is known by its settings, so a row that is added later finds those that are there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from retailsim.sim.backtest.errors import BadObserved
from retailsim.sim.backtest.observed_file import ObservedRow, read_observed
from retailsim.sim.errors import SimError
from retailsim.sim.folder.default_folder import default_folder
from retailsim.sim.run.catalogue_named import with_catalogue
from retailsim.sim.run.launch import asked_scenario
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.scenario import Scenario

Settings = tuple[str, ...]


class BacktestOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told."""

    scenario: str
    observed: Path
    out: Path | None = None
    settings: Settings = ()
    sellers: str | None = None
    buyers: str | None = None
    catalog: Path | None = None
    profiles: Path | None = None
    seed: int | None = None
    workers: int | None = None
    budget: float | None = None


class PlayedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the file, with what is laid over the scenario before and after its change."""

    row: ObservedRow
    before: Settings
    after: Settings


class Backtest(msgspec.Struct, frozen=True, kw_only=True):
    """What is played, and what it is to explain.

    Parameters
    ----------
    scenario : Scenario
        As it stands, with the flags over it.
    scenario_folder : Path
        The scenario's.
    folder : Path
        Where the runs go.
    runs : mapping of tuple of str to Options
        What launches each run, by what is laid over the scenario.
    """

    asked: BacktestOptions
    scenario: Scenario
    scenario_folder: Path
    rows: tuple[PlayedRow, ...]
    folder: Path
    runs: Mapping[Settings, Options]

    def place(self, settings: Settings) -> Path:
        """Return the folder of a run."""
        out = self.runs[settings].out
        assert out is not None, "a run has its place"
        return out


def planned(asked: BacktestOptions) -> Backtest:
    """Read and check every row and every run, before anything is played.

    Raises
    ------
    BadObserved
        If the file cannot be read, or a row's settings make no sense.
    SimError
        If the scenario does not.
    """
    rows = read_observed(asked.observed)
    folder = asked.out or default_folder("backtest")
    meant, _ = with_catalogue(_options(asked, (), folder))
    asked = msgspec.structs.replace(asked, scenario=meant.scenario, catalog=meant.catalog)
    scenario, place = asked_scenario(meant)
    runs: dict[Settings, Options] = {}
    played = []
    for row in rows:
        ends = [row.before_settings, row.after_settings]
        scenarios = [_checked(asked, row, settings, folder) for settings in ends]
        if scenarios[0] == scenarios[1]:
            problem = f"change: {' '.join(row.after_settings)} changes nothing in the scenario"
            raise BadObserved(asked.observed, row.line, f"{problem}; say what was there in `from`")
        # What says no more than the scenario does is the scenario's own run.
        own = [() if one == scenario else end for end, one in zip(ends, scenarios, strict=True)]
        for settings in own:
            runs.setdefault(settings, _options(asked, settings, folder))
        played.append(PlayedRow(row=row, before=own[0], after=own[1]))
    return Backtest(
        asked=asked,
        scenario=scenario,
        scenario_folder=place,
        rows=tuple(played),
        folder=folder,
        runs=runs,
    )


def told(found: Backtest) -> bytes:
    """Return what the runs of a folder have in common: the scenario that changes are laid over."""
    return msgspec.json.encode({"scenario": found.scenario}, order="sorted")


def _checked(
    asked: BacktestOptions, row: ObservedRow, settings: Settings, folder: Path
) -> Scenario:
    try:
        return asked_scenario(_options(asked, settings, folder))[0]
    except SimError as error:
        raise BadObserved(asked.observed, row.line, str(error)) from None


def _options(asked: BacktestOptions, settings: Settings, folder: Path) -> Options:
    return Options(
        scenario=asked.scenario,
        seed=asked.seed,
        out=folder / name_of(settings),
        workers=asked.workers,
        sellers=asked.sellers,
        buyers=asked.buyers,
        catalog=asked.catalog,
        profiles=asked.profiles,
        budget=asked.budget,
        settings=(*asked.settings, *settings),
    )


def name_of(settings: Sequence[str]) -> str:
    """Return the name of a run's folder: what people read of its settings, and their digest."""
    if not settings:
        return "as-it-is"
    digest = sha256("\n".join(settings).encode()).hexdigest()[:6]
    plain = re.sub(r"[^\w.]+", "-", "-".join(settings), flags=re.ASCII).strip("-.")
    return f"{plain[:40].rstrip('-.')}-{digest}"
