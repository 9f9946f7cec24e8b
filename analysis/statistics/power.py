"""How many episodes a difference needs, before anything is spent.

What products share counts against a contrast of different products, and for one within the same
products: there it falls out of the difference.
"""

from __future__ import annotations

import math

from scipy.optimize import brentq
from scipy.stats import norm
from scipy.stats import t as student
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_effectsize

POWER = 0.8
ALPHA = 0.05


def design_effect(intraclass: float, per_cluster: float, *, paired: bool) -> float:
    """What clustering does to the variance of a difference of rates.

    Unpaired, ``1 + (m - 1) * icc`` (Kish 1965). Paired, where both arms have episodes of every
    cluster, ``1 - icc``: what is left is the variance within clusters.

    Parameters
    ----------
    intraclass : float
        Correlation of episodes that share a cluster; below 0 counts as 0.
    per_cluster : float
        Episodes of one cluster in an arm, at least 1.
    paired : bool
        Whether both arms have the same clusters.
    """
    alike = max(0.0, intraclass)
    return 1.0 - alike if paired else 1.0 + (per_cluster - 1.0) * alike


def few_clusters(clusters: int, power: float = POWER) -> float:
    """What Student's t of so many clusters, at least 2, asks for beyond a normal quantile."""
    both = (1.0 - ALPHA / 2.0, power)
    by_t = sum(float(student.ppf(share, clusters - 1)) for share in both)
    return (by_t / sum(float(norm.ppf(share)) for share in both)) ** 2


def episodes_per_arm(
    first: float, second: float, *, design_effect: float = 1.0, power: float = POWER
) -> int:
    """Episodes that each arm needs to tell two rates apart, two-sided at 5%.

    Parameters
    ----------
    first, second : float
        The two rates, from 0 to 1.
    design_effect : float
        What clustering inflates the variance by; 1 for independent episodes.

    Raises
    ------
    ValueError
        If the rates are equal or no rates.
    """
    if first == second or not (0.0 <= first <= 1.0 and 0.0 <= second <= 1.0):
        raise ValueError(f"{first} and {second}: must be two different rates from 0 to 1")
    size = proportion_effectsize(second, first)
    needed = NormalIndPower().solve_power(size, alpha=ALPHA, power=power)
    return math.ceil(float(needed) * design_effect)


def planned(first: float, second: float, *, effect: float, per_cluster: float, paired: bool) -> int:
    """Episodes that each arm needs, tested by Student's t over clusters, two-sided at 5%.

    Parameters
    ----------
    first, second : float
        The two rates, from 0 to 1.
    effect : float
        As `design_effect` gives it.
    per_cluster, paired
        As for `design_effect`. More episodes mean more clusters of that size.

    Raises
    ------
    ValueError
        If the rates are equal or no rates.
    """
    needed = plain = episodes_per_arm(first, second, design_effect=effect)
    for _ in range(3):  # few clusters ask for more episodes, and these have more clusters
        clusters = max(3, math.ceil(needed / per_cluster))
        needed = math.ceil(plain * few_clusters(clusters if paired else 2 * clusters - 1))
    return needed


def detectable(base: float, per_arm: int, *, design_effect: float = 1.0) -> float | None:
    """The smallest rise above a base rate that so many episodes per arm can tell; None if none."""

    def missing(other: float) -> float:
        return episodes_per_arm(base, other, design_effect=design_effect) - per_arm

    if base >= 1.0 or missing(1.0) > 0:
        return None
    return float(brentq(missing, base + 1e-6, 1.0, xtol=1e-4)) - base
