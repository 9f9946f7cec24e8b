"""Did those who had a move buy more often than those who could have had it and did not?

Two answers. The *association* compares conversations of one run and seller with one another. Its
error is by cluster, and never less than that of as many independent buyers to whom the move does
nothing: where nobody on a side bought, that side would else seem to be certain. It has as many
degrees of freedom as there are clusters that the comparison rests on. The *weighted* difference
also takes out why the seller made the move: each conversation counts as much as its choice was
unlikely, by the propensities of the log (self-normalised inverse propensity weighting), which holds
without any model of the buyer. Where few conversations carry all the weight it is refused.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from retailsim.analysis.statistics.clusters import by_t
from retailsim.analysis.statistics.differences import p_of_t
from retailsim.analysis.statistics.values import Interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

LEAST_EFFECTIVE = 50.0
"""Effective conversations that a weighted difference needs on either side."""
LARGEST_SHARE = 0.1
"""The most of all weight that one conversation may carry on its side."""
MEAN_WEIGHT = (0.8, 1.25)
"""Weights are 1 on the mean if propensities are right and no rare choice is missing."""

NO_PROPENSITIES = "the log does not say how likely choices were"
LEARNING = "its seller may have learnt while this was logged"
NO_CHOICE = "where it was made, nothing else could be"


class Association(msgspec.Struct, frozen=True, kw_only=True):
    """How often those with and those without a move bought.

    Parameters
    ----------
    done, not_done : int
        Conversations on either side, of strata that have both.
    bought_with, bought_without : float
        Shares; where there are several strata both are averages with the same weights, of n1 n0 / n
        for a stratum with n1 on one side and n0 on the other.
    difference : float
        Of the two.
    interval : Interval or None
    p : float or None
        Two-sided; None, as the interval, where nothing tells how clusters differ.
    error, df : float
        Of the difference; 0 where nothing tells how clusters differ.
    clusters : int
    """

    done: int
    not_done: int
    bought_with: float
    bought_without: float
    difference: float
    interval: Interval | None
    p: float | None
    error: float
    df: float
    clusters: int


class Weighted(msgspec.Struct, frozen=True, kw_only=True):
    """What a move is worth by the propensities of the log.

    Parameters
    ----------
    difference : float or None
        Of the shares bought; None where it is refused.
    interval : Interval or None
    effective : (float, float) or None
        Effective conversations with and without it, (sum w)^2 / sum w^2; None without propensities.
    refused : str
        Why there is none, in words; else empty.
    """

    difference: float | None = None
    interval: Interval | None = None
    effective: tuple[float, float] | None = None
    refused: str = ""


def association(done: Flags, bought: Flags, stratum: Ints, cluster: Ints) -> Association | None:
    """Compare conversations with and without a move within strata.

    Parameters
    ----------
    done, bought : bool arrays of shape (conversations,)
    stratum, cluster : int arrays of shape (conversations,)
        From 0.

    Returns
    -------
    Association or None
        None where no stratum has both sides.
    """
    n: Floats = np.bincount(stratum).astype(np.float64)
    with_it: Floats = np.bincount(stratum, weights=done).astype(np.float64)
    both = (with_it > 0) & (with_it < n)
    if not both.any():
        return None
    kept = both[stratum]
    done, bought, stratum, cluster = done[kept], bought[kept], stratum[kept], cluster[kept]
    n = np.maximum(n, 1.0)
    with_it = with_it / n
    share = np.bincount(stratum, weights=bought, minlength=len(n)) / n
    surplus: Floats = done - with_it[stratum]  # the move, less how common it is in the stratum
    size = float((surplus**2).sum())
    left = bought - share[stratum]
    difference = float((surplus * left).sum()) / size
    # (1 - share with it) x done sums to n1 n0 / n a stratum: the weights of both averages.
    weight = np.where(done, 1.0 - with_it[stratum], with_it[stratum])
    with_ = float((weight * bought)[done].sum() / weight[done].sum())
    alone = math.sqrt(float((surplus**2 * (share * (1.0 - share))[stratum]).sum()))
    error = max(_error(surplus * left, cluster), alone) / size
    weights = _sums(surplus**2, cluster)
    df = float(weights.sum()) ** 2 / float((weights**2).sum()) - 1.0
    known = error > 0.0 and df > 0.0
    return Association(
        done=int(done.sum()),
        not_done=int((~done).sum()),
        bought_with=with_,
        bought_without=with_ - difference,
        difference=difference,
        interval=by_t(difference, error, df) if known else None,
        p=p_of_t(difference, error, df) if known else None,
        error=error,
        df=df,
        clusters=len(weights),
    )


def weighted(done: Flags, bought: Flags, likely: Floats, cluster: Ints) -> Weighted:
    """Compare conversations with and without a move, each weighted by how unlikely that was.

    Conversations in which the move was certain or impossible tell nothing and are left out.

    Parameters
    ----------
    done, bought : bool arrays of shape (conversations,)
    likely : float array of shape (conversations,)
        How likely the move was; NaN where the log does not say.
    cluster : int array of shape (conversations,)
        From 0.
    """
    known = ~np.isnan(likely)
    if not known.any():
        return Weighted(refused=NO_PROPENSITIES)
    open_ = known & (likely > 0.0) & (likely < 1.0)
    if not open_.any():
        return Weighted(refused=NO_CHOICE)
    done, bought, likely, cluster = done[open_], bought[open_], likely[open_], cluster[open_]
    sides = (np.where(done, 1.0 / likely, 0.0), np.where(done, 0.0, 1.0 / (1.0 - likely)))
    effective = (_effective(sides[0]), _effective(sides[1]))
    refused = next(filter(None, map(_refused, sides, effective)), "")
    if refused:
        return Weighted(effective=effective, refused=refused)
    shares = [float((side * bought).sum() / side.sum()) for side in sides]
    each = [s * (bought - value) / s.sum() for s, value in zip(sides, shares, strict=True)]
    difference = shares[0] - shares[1]
    error = _error(each[0] - each[1], cluster)
    df = min(float(len(np.unique(cluster))), *effective) - 1.0
    interval = by_t(difference, error, df) if error > 0.0 else None
    return Weighted(difference=difference, interval=interval, effective=effective)


def _refused(weights: Floats, effective: float) -> str:
    """Say why weights on one side are not to be relied on."""
    if effective < LEAST_EFFECTIVE:
        return f"too few effective conversations ({effective:.0f} of {(weights > 0).sum()})"
    if (share := float(weights.max() / weights.sum())) > LARGEST_SHARE:
        return f"one conversation would carry {share:.0%} of the weight"
    low, high = MEAN_WEIGHT
    if not low <= (mean := float(weights.mean())) <= high:
        return f"the weights do not add up (mean {mean:.2f} rather than 1)"
    return ""


def _effective(weights: Floats) -> float:
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def _sums(values: Floats, cluster: Ints) -> Floats:
    """Return the sums by cluster, of clusters that are there."""
    _, at = np.unique(cluster, return_inverse=True)
    found: Floats = np.bincount(at, weights=values).astype(np.float64)
    return found


def _error(scores: Floats, cluster: Ints) -> float:
    """Error of a sum of scores that are 0 on the mean, with the k / (k - 1) correction."""
    of_each = _sums(scores, cluster)
    count = len(of_each)
    return math.sqrt(count / (count - 1) * float((of_each**2).sum())) if count > 1 else 0.0
