"""Backtests: how predicted changes compare with observed ones, and what that is worth.

Three questions, in this order. *Skill*: do the predictions miss by less than predicting no change?
With weights w = 1 / (variance of the prediction's miss), the sum of w (observed - predicted)^2 is
below that of w observed^2 exactly where the slope of observed on predicted changes, through the
origin, is above 1/2; so that slope is what is tested. Its error is the jackknife's over whole
changes, so that one large change proves nothing, and never less than the known noise.
*Calibration*: do as many observed changes lie in their predicted intervals as should? Intervals
that hold everything for being wide are calibrated and have no skill. *Direction* is told beside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binomtest
from scipy.stats import t as student

from retailsim.analysis.statistics.clusters import by_t
from retailsim.analysis.statistics.values import LEVEL, Interval

Floats = NDArray[np.float64]
Answer = Literal["trust", "direction only", "do not trust", "cannot tell"]

FEWEST = 6
"""Changes: five that all go the right way do so by chance in 1 of 16 cases (two-sided)."""
NO_SKILL = 0.5
"""The slope of observed on predicted at which predictions miss as much as predicting no change."""
_SIDE = 0.95
"""How sure a slope has to be above or below that, one-sided."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A predicted change and the one that was seen.

    Parameters
    ----------
    change : str
        Which change: rows of one change are seen in the same visits, and count as one.
    predicted, error, df : float
        The prediction, its standard error, and the degrees of freedom of that.
    observed, noise : float
        What was seen, and the standard error of its sampling, above 0.
    """

    change: str
    predicted: float
    error: float
    df: float
    observed: float
    noise: float

    @property
    def interval(self) -> Interval:
        """Where what is seen should lie in 95% of cases: both errors are in it."""
        variance = self.error**2 + self.noise**2
        df = self.df * (variance / self.error**2) ** 2 if self.error > 0.0 else math.inf
        return by_t(self.predicted, math.sqrt(variance), df, level=LEVEL)

    @property
    def hit(self) -> bool:
        """Whether it does."""
        return self.interval.low <= self.observed <= self.interval.high


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What predictions were worth.

    Parameters
    ----------
    answer : {"trust", "direction only", "do not trust", "cannot tell"}
    why : str
        Which of the questions decided.
    rows, changes, hits : int
        Rows, changes that they are of, and rows that lie in their interval.
    hit_share : Interval or None
        Of the share of hits, exact (Clopper and Pearson), at as many trials as there are changes.
    right, told : int
        Rows that went the predicted way, of those that went any way and were predicted to.
    direction_p : float or None
        Of so many by chance, two-sided.
    skill : float or None
        By how much less the predictions miss than predicting no change, as a share of that
        (squared and weighted by their certainty); below 0 they miss by more.
    slope : float or None
        Of observed on predicted: 1 is right, 0.5 is no better than predicting no change, below 0
        is the wrong way.
    slope_between : Interval or None
    """

    answer: Answer
    why: str
    rows: int
    changes: int
    hits: int
    hit_share: Interval | None = None
    right: int = 0
    told: int = 0
    direction_p: float | None = None
    skill: float | None = None
    slope: float | None = None
    slope_between: Interval | None = None


def judged(rows: Sequence[Checked]) -> Judgement:
    """Judge predictions by what was seen."""
    names = sorted({row.change for row in rows})
    hits = sum(row.hit for row in rows)
    right, told = _directions(rows)
    skill, slope, error = _skill(rows, names)
    found = Judgement(
        answer="cannot tell",
        why="",
        rows=len(rows),
        changes=len(names),
        hits=hits,
        hit_share=_exact(hits / len(rows), len(names)) if rows else None,
        right=right,
        told=told,
        direction_p=float(binomtest(right, told).pvalue) if told else None,
        skill=skill,
        slope=slope,
        slope_between=_between(slope, error, len(names)),
    )
    answer, why = _answer(found)
    return msgspec.structs.replace(found, answer=answer, why=why)


def _answer(found: Judgement) -> tuple[Answer, str]:
    if found.changes < FEWEST:
        return "cannot tell", f"too few changes: {found.changes}, and it takes {FEWEST}"
    between = found.slope_between
    if between is None:
        return "cannot tell", "it hangs on one change, or no change was predicted"
    calibrated = found.hit_share is not None and found.hit_share.high >= LEVEL
    if between.high < NO_SKILL:
        return "do not trust", "predicting no change would have been closer"
    if between.low <= NO_SKILL:
        if not calibrated:
            return "do not trust", "too many changes lie outside what was predicted"
        return "cannot tell", "predicting no change may have been as close"
    if not calibrated:
        return "direction only", "too many changes lie outside what was predicted"
    return "trust", "predictions are closer than predicting no change, and as sure as they say"


def _directions(rows: Sequence[Checked]) -> tuple[int, int]:
    some = [row for row in rows if row.predicted != 0.0 and row.observed != 0.0]
    return sum((row.predicted > 0.0) == (row.observed > 0.0) for row in some), len(some)


def _skill(
    rows: Sequence[Checked], names: Sequence[str]
) -> tuple[float | None, float | None, float | None]:
    """Return the skill, the slope and the slope's standard error."""
    predicted, observed = (
        np.array([getattr(row, name) for row in rows], dtype=np.float64)
        for name in ("predicted", "observed")
    )
    weight = np.array([1.0 / (row.error**2 + row.noise**2) for row in rows])
    both, own, seen = (weight * part for part in (predicted * observed, predicted**2, observed**2))
    if not rows or not seen.sum():
        return None, None, None
    skill = 1.0 - float((weight * (observed - predicted) ** 2).sum() / seen.sum())
    total = float(own.sum())
    if total == 0.0:
        return skill, None, None
    slope = float(both.sum()) / total
    of = np.array([names.index(row.change) for row in rows])
    left = [of != place for place in range(len(names))]
    if len(names) < 2 or min(own[some].sum() for some in left) <= 0.0:
        return skill, slope, None
    without = np.array([both[some].sum() / own[some].sum() for some in left])
    n = len(names)
    jackknife = (n - 1) / n * float(((without - without.mean()) ** 2).sum())
    return skill, slope, math.sqrt(max(jackknife, 1.0 / total))


def _between(slope: float | None, error: float | None, changes: int) -> Interval | None:
    """An interval that leaves 5% out on either side: each side is a test of its own."""
    if slope is None or error is None:
        return None
    reach = float(student.ppf(_SIDE, changes - 1)) * error
    return Interval(slope - reach, slope + reach, f"jackknife, t with {changes - 1} df")


def _exact(share: float, trials: int) -> Interval:
    """Clopper and Pearson's interval; with rows of one change, their share counts as one trial."""
    hits, side = share * trials, (1.0 - LEVEL) / 2.0
    low = 0.0 if hits == 0.0 else float(beta.ppf(side, hits, trials - hits + 1.0))
    high = 1.0 if hits == trials else float(beta.ppf(1.0 - side, hits + 1.0, trials - hits))
    return Interval(low, high, "exact")
