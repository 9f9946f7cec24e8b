"""Tails of the hypergeometric distribution, without the 50 MB of `scipy.stats`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln


def tails(drawn_marked: int, drawn: int, marked: int, total: int) -> tuple[float, float]:
    """Return how likely so few of the marked are among the drawn, and so many.

    Parameters
    ----------
    drawn_marked : int
        How many of the drawn are marked.
    drawn : int
        How many are drawn without replacement, from 0 to `total`.
    marked : int
        How many of all are marked, from 0 to `total`.
    total : int
        How many there are.

    Returns
    -------
    tuple of float
        P(X <= drawn_marked) and P(X >= drawn_marked).
    """
    least, most = max(0, drawn + marked - total), min(drawn, marked)
    counts = np.arange(least, most + 1)
    logs = (
        _ways(marked, counts)
        + _ways(total - marked, drawn - counts)
        - _ways(total, np.array(drawn))
    )
    likely = np.exp(logs)
    below = likely[counts <= drawn_marked].sum()
    above = likely[counts >= drawn_marked].sum()
    return min(1.0, float(below)), min(1.0, float(above))


def _ways(n: int, k: NDArray[np.int64]) -> NDArray[np.float64]:
    """The logarithm of how many ways there are to choose k of n."""
    found: NDArray[np.float64] = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    return found
