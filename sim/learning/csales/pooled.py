"""Cross-fitting: each half of profiles and products judges what the other taught, and both count.

So everybody judges once, and nobody what they taught (Chernozhukov et al. 2018); which half
happened to judge makes no difference any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retailsim.analysis.statistics.over_seeds import over_folds
from retailsim.analysis.statistics.values import Test
from retailsim.sim.learning.csales.playing import Outcomes

Floats = NDArray[np.float64]


class Pooled(NamedTuple):
    """What conversations came to in all folds.

    Parameters
    ----------
    folds : tuple of Outcomes
        The seats of a name are other policies in each, for others taught them.
    shelves : mapping of profile to str
        The category that someone came for. All who came for it choose among the same products, so
        that a policy may be lucky with them together.
    """

    folds: tuple[Outcomes, ...]
    shelves: Mapping[str, str]

    @property
    def terms(self) -> frozenset[str]:
        """What was counted in all folds."""
        return frozenset.intersection(*(frozenset(fold.terms) for fold in self.folds))

    @property
    def profiles(self) -> tuple[str, ...]:
        """All that judge."""
        return tuple(profile for fold in self.folds for profile in fold.profiles)

    def tested(self, rows: Callable[[Outcomes], Floats]) -> Test:
        """Return the mean over all profiles, with the wider of two intervals.

        One allows for other profiles, the other one for other shelves, with all who come to them;
        both allow for other training seeds.

        Parameters
        ----------
        rows : callable
            Returns of a fold what is tested, (seeds, profiles).
        """
        values = [rows(fold) for fold in self.folds]
        shelves = [[self.shelves[profile] for profile in fold.profiles] for fold in self.folds]
        return _wider(over_folds(values), over_folds(values, shelves))


def _wider(one: Test, other: Test) -> Test:
    return max(one, other, key=_width)


def _width(test: Test) -> float:
    return test.interval.high - test.interval.low if test.interval else 0.0
