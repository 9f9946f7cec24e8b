"""Unseen seeds: how far off parameters are on seeds that no fit has used, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from retailsim.sim.calibration.targets import Target

Floats = NDArray[np.float64]

ERRORS = 2.0
"""Standard errors of the mean that a cell may be off beside what its target allows."""


class MomentsBySeed(Protocol):
    """Plays the targets with given parameters, seed by seed."""

    def by_seed(self, values: Mapping[str, float]) -> Floats:
        """Return seeds x targets, nan where a seed has none to count."""
        ...


class UnseenCell(msgspec.Struct, frozen=True, kw_only=True):
    """One target over seeds that the fit has not used.

    Parameters
    ----------
    where, minus : mapping of str to str
        Which episodes, and less which, as the target has them; empty: all, and none.
    target : float
        What is wanted: the published figure.
    mean, standard_error : float
        Of the figure over the seeds; the error is that of the mean.
    spread : float
        Standard deviation between single seeds, which says what one run may show and is judged
        by nothing.
    low, high : float
        The lowest and the highest of the seeds.
    allowed : float
        How far off the mean may be: what the target allows and two standard errors.
    within : bool
        Whether it is that near.
    fitted : bool
        Whether the fit went by it, so that it has to be that near.
    """

    name: str
    scenario: str
    measure: str
    where: dict[str, str] = {}
    minus: dict[str, str] = {}
    target: float
    mean: float
    standard_error: float
    spread: float
    low: float
    high: float
    allowed: float
    within: bool
    fitted: bool = True


class UnseenSeeds(msgspec.Struct, frozen=True, kw_only=True):
    """All targets over seeds that the fit has not used.

    Parameters
    ----------
    first, count : int
        The seeds are those from `first` on, so many.
    """

    first: int
    count: int
    cells: tuple[UnseenCell, ...]

    @property
    def missed(self) -> tuple[UnseenCell, ...]:
        """The cells that have to be near enough and are not."""
        return tuple(cell for cell in self.cells if cell.fitted and not cell.within)

    @property
    def words(self) -> str:
        """Which seeds they are, for people."""
        return f"seeds {self.first} to {self.first + self.count - 1}"


def unseen(
    targets: Sequence[Target], moments: MomentsBySeed, values: Mapping[str, float], seeds: range
) -> UnseenSeeds:
    """Play seeds that the fit has not used, and say how far off each target is.

    Parameters
    ----------
    moments : MomentsBySeed
        Of these seeds.
    values : mapping
        The parameters, by key.
    seeds : range
        At least two.
    """
    by_seed = moments.by_seed(values)
    cells = tuple(_cell(target, by_seed[:, place]) for place, target in enumerate(targets))
    return UnseenSeeds(first=seeds.start, count=len(seeds), cells=cells)


def _cell(target: Target, by_seed: Floats) -> UnseenCell:
    """Judge one target; a seed in which nothing counts says nothing, and two must say something."""
    known = by_seed[~np.isnan(by_seed)]
    if len(known) < 2:
        known = np.zeros(2)
    mean, spread = float(known.mean()), float(known.std(ddof=1))
    error = spread / float(np.sqrt(len(known)))
    allowed = target.near + ERRORS * error
    return UnseenCell(
        name=target.name,
        scenario=target.scenario,
        measure=target.measure,
        where=target.where,
        minus=target.minus or {},
        target=target.value,
        mean=round(mean, 4),
        standard_error=round(error, 4),
        spread=round(spread, 4),
        low=round(float(known.min()), 4),
        high=round(float(known.max()), 4),
        allowed=round(allowed, 4),
        within=abs(mean - target.value) <= allowed,
        fitted=target.fitted,
    )
