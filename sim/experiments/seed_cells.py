"""Seed cells: an experiment's fitted figures in its own run, beside what other seeds show.

An interval says what one run's episodes are worth; it does not say that another seed draws other
products' appeal. So every figure that the built-in agents were fitted to stands here with its mean
over seeds that no fit has used, and with the lowest and highest of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from retailsim.analysis.measures.estimates import decided, estimate
from retailsim.analysis.measures.table import measure
from retailsim.analysis.measures.value_text import written
from retailsim.analysis.projection.loader import load
from retailsim.analysis.statistics.values import Estimate
from retailsim.sim.calibration.seed_spread import spread_in
from retailsim.sim.calibration.unseen_seeds import UnseenCell, UnseenSeeds


class SeedCell(msgspec.Struct, frozen=True, kw_only=True):
    """One fitted figure: over unseen seeds, and in this run.

    Parameters
    ----------
    run : Estimate or None
        None for a difference, whose test stands in the experiment's own table.
    """

    seeds: UnseenCell
    run: Estimate | None


class SeedCells(msgspec.Struct, frozen=True, kw_only=True):
    """All fitted figures of an experiment.

    Parameters
    ----------
    first, count : int
        The seeds are those from `first` on, so many.
    """

    first: int
    count: int
    cells: tuple[SeedCell, ...]


def seed_cells(runs: Mapping[str, Path], scenarios: Mapping[str, str]) -> SeedCells | None:
    """Return the fitted figures of an experiment's runs; None where none was fitted.

    Parameters
    ----------
    runs, scenarios : mapping of str to Path and str
        Folder and built-in scenario of each arm, by its label; the scenarios as they ship.

    Raises
    ------
    AnalysisError
        If a run cannot be read.
    """
    spread = spread_in(set(scenarios.values()))
    if spread is None:
        return None
    fitted = tuple(cell for cell in spread.cells if cell.fitted)
    folders = {scenario: runs[label] for label, scenario in scenarios.items()}
    frames = {
        scenario: decided(load(folder).episodes)
        for scenario, folder in folders.items()
        if scenario in {cell.scenario for cell in fitted}
    }
    cells = tuple(SeedCell(seeds=cell, run=_in_run(cell, frames[cell.scenario])) for cell in fitted)
    return SeedCells(first=spread.first, count=spread.count, cells=cells)


def _in_run(cell: UnseenCell, episodes: pl.DataFrame) -> Estimate | None:
    if cell.minus:
        return None
    fits = [pl.col(key).cast(pl.String) == wanted for key, wanted in cell.where.items()]
    return estimate(measure(cell.measure), episodes.filter(*fits))


def seed_table(found: SeedCells) -> Any:
    """Return what a terminal shows of them."""
    words = UnseenSeeds(first=found.first, count=found.count, cells=()).words
    title = f"Put in: what the agents were fitted to, in this run and over {words}"
    headings = ("", "paper", "this run", "its 95% interval", "mean over seeds", "single seeds")
    table = Table(*headings, box=SIMPLE_HEAD, pad_edge=False)
    for cell in found.cells:
        table.add_row(*_texts(cell))
    about = (
        "No fit has used these seeds. A seed draws the appeal of its few products, and one run's "
        "interval says little of that: what was fitted is the mean over seeds."
    )
    return Group(Text(title), table, Text(about))


def _texts(cell: SeedCell) -> Sequence[str]:
    seeds, run = cell.seeds, cell.run
    unit = measure(seeds.measure).unit

    def said(value: float) -> str:
        return written(unit, value)

    here, interval = "", ""
    if run is not None and run.value is not None:
        here = said(run.value)
        if run.interval is not None:
            interval = f"{said(run.interval.low)} to {said(run.interval.high)}"
    spread = f"{said(seeds.low)} to {said(seeds.high)}"
    return (seeds.name, said(seeds.target), here, interval, said(seeds.mean), spread)
