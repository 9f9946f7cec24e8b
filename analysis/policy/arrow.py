"""Ridge regression of options that share weights, each with a departure of its own.

Its matrix is an arrow: options meet in the shared weights alone. So it is solved block by block,
by the Schur complement of the options' blocks, in a time that grows with the options and not with
their cube (Golub and Van Loan, "Matrix Computations", 4.2: block elimination).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from retailsim.analysis.policy.decisions import Floats


class Arrow:
    """The normal equations of (shared + own of an option) . x, penalised.

    Parameters
    ----------
    grams : sequence of (F, F)
        Sum of x x' of the decisions for each of the K options.
    shared, own : float
        Penalties of the squared weights; above 0.
    """

    def __init__(self, grams: Sequence[Floats], *, shared: float, own: float) -> None:
        size = np.eye(len(grams[0]))
        self._own = [cho_factor(gram + own * size) for gram in grams]
        self._pulls: list[Floats] = [
            cho_solve(factor, gram) for factor, gram in zip(self._own, grams, strict=True)
        ]
        complement = shared * size
        for gram, pull in zip(grams, self._pulls, strict=True):
            complement = complement + gram - gram @ pull
        self._shared = cho_factor((complement + complement.T) / 2.0)

    def solve(self, rights: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
        """Return shared and own weights.

        Parameters
        ----------
        rights : sequence of (F,) or (F, T)
            Sum of x y of the decisions for each option.
        """
        pairs = list(zip(self._own, self._pulls, rights, strict=True))
        left = np.sum([right - pull.T @ right for _, pull, right in pairs], axis=0)
        shared: Floats = cho_solve(self._shared, left)
        return shared, [cho_solve(factor, right) - pull @ shared for factor, pull, right in pairs]

    def covariance(self, option: int) -> Floats:
        """Return the inverse's block of an option's whole weights, shared and own: (F, F)."""
        size = np.eye(len(self._pulls[option]))
        rest = size - self._pulls[option]
        found: Floats = rest @ cho_solve(self._shared, rest.T) + cho_solve(self._own[option], size)
        return found
