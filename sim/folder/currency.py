"""The currency of a run: of its catalogue, as its frozen scenario says."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from retailsim.events.whole_file import read_bounded
from retailsim.market.core.money import DOLLARS, in_currency
from retailsim.sim.errors import OtherCurrency


def currency_of(run: Path) -> str:
    """Return the ISO 4217 code of a run's amounts: dollars where no file of the run says more."""
    file = run / "run.toml"
    if not file.is_file():  # a pipe would wait for a writer
        return DOLLARS
    try:
        tables = tomllib.loads(read_bounded(file).decode())
        code = tables["scenario"]["products"]["currency"]
    except (OSError, ValueError, KeyError, TypeError):
        return DOLLARS
    return code if isinstance(code, str) else DOLLARS


def in_currency_of(*runs: Path) -> AbstractContextManager[None]:
    """Write amounts in the currency of these runs while the block runs.

    Raises
    ------
    OtherCurrency
        If they are in several: their amounts can be neither added up nor subtracted.
    NotARun
        If they seem to be, for one of them is no run and has no currency at all.
    """
    found = {run: currency_of(run) for run in runs}
    first = next(iter(found.values()), DOLLARS)
    for run, code in found.items():
        if code != first:
            _check_runs(runs)
            raise OtherCurrency(runs[0], first, run, code)
    return in_currency(first)


def _check_runs(folders: Iterable[Path]) -> None:
    """Raise `NotARun` where a folder has no log: as whoever reads it would say."""
    from retailsim.analysis.projection.errors import NotARun

    for folder in folders:
        if not (folder / "events").is_dir():
            raise NotARun(str(folder))
