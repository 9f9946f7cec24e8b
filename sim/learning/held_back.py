"""What was learnt, without some of those it was learnt from: for a look at it with others.

What is learnt does better with those that taught it than with others, whom it is made for. So they
are put into folds, and for each fold there are the weights of all conversations but its own. Who
belongs to a fold meets these, and nobody meets what it taught itself.

A ridge regression is a sum over its rows, so that takes no more conversations: the rows of a fold
are left out of the sums (cross-fitting; Stone, "Cross-validatory choice and assessment of
statistical predictions", JRSS B 1974). What was tried was chosen by a learner who knew them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FOLDS = 10


class HeldBack:
    """Ridge regressions as `learners.Ridge` has them, one for each fold that is left out.

    Parameters
    ----------
    names : iterable of str
        Of all that are met, profiles or products; folds go by a hash of them.
    options, features : int
    targets : int
    penalty : float
        Of the squared weights, above 0.
    """

    def __init__(
        self,
        names: Iterable[str],
        options: int,
        features: int,
        targets: int,
        penalty: float = 1.0,
    ) -> None:
        order = sorted(set(names), key=lambda name: sha256(f"fold:{name}".encode()).digest())
        self._fold = {name: position % FOLDS for position, name in enumerate(order)}
        size, folds = features + 1, min(FOLDS, max(1, len(order)))
        self._penalty: Floats = penalty * np.eye(size)
        self._grams: Floats = np.zeros((folds, options, size, size))
        self._sums: Floats = np.zeros((folds, options, size, targets))
        self._solved: dict[int, Floats] = {}

    def add(self, name: str, option: int, features: Sequence[float], targets: Floats) -> None:
        """Take a row that someone taught."""
        fold, row = self._fold[name], np.array([*features, 1.0])
        self._grams[fold, option] += np.outer(row, row)
        self._sums[fold, option] += np.outer(row, targets)
        self._solved.clear()

    def weights(self, name: str) -> Floats:
        """Return what everybody outside of someone's fold taught, (targets, options, F + 1)."""
        fold = self._fold[name]
        if fold not in self._solved:
            others = np.arange(len(self._grams)) != fold
            grams = self._grams[others].sum(axis=0) + self._penalty
            found = np.linalg.solve(grams, self._sums[others].sum(axis=0))
            self._solved[fold] = np.ascontiguousarray(found.transpose(2, 0, 1))
        return self._solved[fold]
