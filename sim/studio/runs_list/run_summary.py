"""What a list says of a run: told by its files from outside, without reading its log."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from retailsim.analysis.replay.kept_totals import KeptTotals, kept_totals
from retailsim.events.errors import RetailSimError
from retailsim.events.log.hashed import FileMark, mark_of
from retailsim.events.log.seal import fingerprint
from retailsim.market.core.money import DOLLARS
from retailsim.sim.error_line import line_and_status
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.folder.run_progress import read_progress
from retailsim.sim.studio.state import State, looked_at

MOST_FILES = 20_000
"""Of a run, that its size is counted of."""
_KEPT = 2_048
"""Runs of which what the files that do not change say is kept in memory."""


class Numbers(NamedTuple):
    """What came of a run so far; None where only its log could say.

    Parameters
    ----------
    planned, done, failed : int or None
        Episodes that there are to be, that ended, and those of them that failed.
    net_cents : int or None
        Net revenue, in cents of the run's currency.
    asked_models : bool or None
        Whether language models were asked.
    nanousd : int or None
        What they cost, in 1e-9 dollars; None where none were, too, or where a price is unknown.
    """

    planned: int | None = None
    done: int | None = None
    failed: int | None = None
    net_cents: int | None = None
    asked_models: bool | None = None
    nanousd: int | None = None


NO_NUMBERS = Numbers()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """What a list says of a run.

    Parameters
    ----------
    state : State
    began : datetime
        When it was made.
    n_bytes : int
        What its folder holds.
    said : str
        What is damaged, or why the folder cannot be understood.
    scenario : str
        The name of what was played.
    currency : str
        ISO 4217 code.
    numbers : Numbers
        Of a damaged run none, for they could be wrong.
    """

    state: State
    began: datetime
    n_bytes: int
    said: str = ""
    scenario: str = ""
    currency: str = DOLLARS
    numbers: Numbers = NO_NUMBERS


def summary_of(run: Path) -> RunSummary:
    """Return what a list says of a run; raises nothing, whatever is in the folder."""
    began, n_bytes = began_at(run), size_of(run)
    try:
        state, said = looked_at(run)
        known = _known(run, mark_of(run / "run.toml"))
        numbers = NO_NUMBERS if state is State.DAMAGED else _numbers(run, state, known)
    except (RetailSimError, OSError) as error:
        said = line_and_status(error)[0].removeprefix(f"{run} is not a run folder: ")
        return RunSummary(state=State.DAMAGED, began=began, n_bytes=n_bytes, said=said)
    return RunSummary(
        state=state,
        began=began,
        n_bytes=n_bytes,
        said=said,
        scenario=known.scenario,
        currency=known.currency,
        numbers=numbers,
    )


def _numbers(run: Path, state: State, known: _Known) -> Numbers:
    """Return the log's numbers as far as they are kept, else the runner's."""
    totals = None if state is State.RUNNING else _totals(run)
    told = read_progress(run)
    if totals is not None:
        planned = known.episodes if told is None else told.total  # which has what is repeated
        return Numbers(
            totals.ended if state is State.COMPLETE else planned,
            totals.ended,
            totals.failed,
            totals.net_revenue_cents,
            totals.asked_models,
            totals.cost_nanousd,
        )
    if told is not None:
        models = told.models
        spent = None if models is None else models.nanousd
        return Numbers(told.total, told.done, told.failed, None, models is not None, spent)
    return Numbers(known.episodes, known.episodes if state is State.COMPLETE else None)


def began_at(run: Path) -> datetime:
    """Return when a run was made: nothing is put to its inputs later."""
    for place in (run / "inputs", run / "run.toml", run):
        try:
            return datetime.fromtimestamp(place.stat().st_mtime, UTC)
        except (OSError, ValueError, OverflowError):
            continue
    return datetime.fromtimestamp(0, UTC)


def size_of(run: Path) -> int:
    """Return the bytes of the first `MOST_FILES` files of a folder; links are not followed."""
    total = 0
    for number, one in enumerate(_files(run)):
        if number == MOST_FILES:
            break
        try:
            total += one.stat(follow_symlinks=False).st_size
        except OSError:  # it has another name by now
            continue
    return total


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    waiting = [os.fspath(folder)]
    while waiting:
        try:
            inside = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        yield from (one for one in inside if one.is_file(follow_symlinks=False))
        waiting += [one.path for one in inside if one.is_dir(follow_symlinks=False)]


class _Known(NamedTuple):
    """What ``run.toml`` says."""

    scenario: str
    currency: str
    episodes: int | None


@lru_cache(maxsize=_KEPT)
def _known(run: Path, mark: FileMark | None) -> _Known:
    file = RunFolder(run).read()
    table = file.scenario
    return _Known(table.run.name, table.products.currency or DOLLARS, file.episodes)


def _totals(run: Path) -> KeptTotals | None:
    marks = mark_of(run / "derived" / "index.json"), mark_of(run / "run.toml")
    return None if marks[0] is None else _kept(run, fingerprint(run / "events"), marks)


@lru_cache(maxsize=_KEPT)
def _kept(run: Path, log: str, marks: tuple[FileMark | None, ...]) -> KeptTotals | None:
    return kept_totals(run)
