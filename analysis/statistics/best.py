"""Which of several is best: intervals that hold for all of them, though one was picked by its luck.

The best of K that was seen is, on the average, less good than it looked (the winner's curse). So
every difference between two of them gets an interval of a level at which all K * (K - 1) / 2 hold
together 95% of times (Tukey 1953; the comparisons with the best of Hsu 1996 are among them). Then,
whichever is picked, those whose difference from it leaves out 0 are worse, and the truly best one
is the picked one or among the others.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from retailsim.analysis.statistics.values import LEVEL

Floats = NDArray[np.float64]

DRAWS = 10_000
_SEED = 1
_NOTHING = 1e-12
"""Relative: a spread below this is rounding, and the sides are equal."""


def pairs(count: int) -> Floats:
    """Return the differences of all pairs of so many, as an array of shape (count, pairs)."""
    found = np.zeros((count, count * (count - 1) // 2))
    for column, (one, two) in enumerate(combinations(range(count), 2)):
        found[one, column], found[two, column] = -1.0, 1.0
    return found


def joint_level(scores: Floats, contrasts: Floats, level: float = LEVEL) -> float:
    """Return the level of each interval at which those of all contrasts hold together.

    Student's t of each contrast has clusters - 1 degrees of freedom, and they are correlated as
    the scores are: the quantile of the largest is drawn, always from the same seed. It is never
    below that of a single one, and never beyond Bonferroni's.

    Parameters
    ----------
    scores : array of shape (clusters, arms)
        What each cluster adds to the error of each arm's value; at least two clusters.
    contrasts : array of shape (arms, n)
        Weights of the arms in each contrast. One without any spread takes no part.
    level : float
        At which all are to hold.
    """
    df = len(scores) - 1
    spread = _spread(scores) @ contrasts  # of shape (rank, contrasts)
    sizes = np.sqrt((spread**2).sum(axis=0))
    spread = spread[:, sizes > _NOTHING * max(float(np.abs(scores).max(initial=0.0)), 1e-300)]
    most = spread.shape[1]
    if most <= 1:
        return level
    largest = np.max(np.abs(_drawn(spread, df)), axis=1)
    missed = 2.0 * float(stdtr(df, -float(np.quantile(largest, level))))
    return float(np.clip(1.0 - missed, level, 1.0 - (1.0 - level) / most))


def _spread(scores: Floats) -> Floats:
    """A root of the scores' covariance between arms, of shape (rank, arms)."""
    centred = scores - scores.mean(axis=0)
    _, values, rows = np.linalg.svd(centred, full_matrices=False)
    kept = values > _NOTHING * max(float(values.max(initial=0.0)), 1e-300)
    found: Floats = values[kept, None] * rows[kept] / np.sqrt(len(scores) - 1)
    return found


def _drawn(spread: Floats, df: int) -> Floats:
    """Draw t of contrasts whose true values are 0, of shape (draws, contrasts).

    Each draw has an estimated covariance of its own, as a sample of so many clusters would.
    """
    rank, generator = len(spread), np.random.default_rng(_SEED)
    means = generator.normal(size=(DRAWS, rank)) @ spread
    # Bartlett's (1933) root of a Wishart matrix; scipy's own takes ten times as long.
    root = np.tril(generator.normal(size=(DRAWS, rank, rank)), -1)
    root[:, range(rank), range(rank)] = np.sqrt(
        generator.chisquare(df - np.arange(rank), size=(DRAWS, rank))
    )
    variances = ((root.transpose(0, 2, 1) @ spread) ** 2).sum(axis=1) / df
    found: Floats = means / np.sqrt(variances)
    return found
