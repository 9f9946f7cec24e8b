"""How many episodes a difference needs, before anything is spent."""

from __future__ import annotations

import math

from scipy.optimize import brentq
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_effectsize

POWER = 0.8
ALPHA = 0.05


def episodes_per_arm(
    first: float, second: float, *, design_effect: float = 1.0, power: float = POWER
) -> int:
    """Episodes that each arm needs to tell two rates apart, two-sided at 5 %.

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


def detectable(base: float, per_arm: int, *, design_effect: float = 1.0) -> float | None:
    """The smallest rise above a base rate that so many episodes per arm can tell; None if none."""

    def missing(other: float) -> float:
        return episodes_per_arm(base, other, design_effect=design_effect) - per_arm

    if base >= 1.0 or missing(1.0) > 0:
        return None
    return float(brentq(missing, base + 1e-6, 1.0, xtol=1e-4)) - base
