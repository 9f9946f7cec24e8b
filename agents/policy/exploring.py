"""Exploring: now and then any legal option, so that the log tells what others would have earned."""

from __future__ import annotations

from collections.abc import Sequence

from retailsim.agents.errors import BadOption
from retailsim.market.core.propensities import WHOLE


def mixed(counts: Sequence[int], share: float) -> list[float]:
    """Return propensities mixed with chance, as weights.

    Parameters
    ----------
    counts : sequence of int
        Propensities of the legal options, summing to `WHOLE`.
    share : float
        How often any of them is chosen instead, all equally likely; from 0 to 1.
    """
    equal = share * WHOLE / len(counts)
    return [(1.0 - share) * count + equal for count in counts]


def explored_share(source: str, share: object) -> float:
    """Return a seat's option ``explore``.

    Raises
    ------
    BadOption
        If it is no share from 0 to 1.
    """
    if not isinstance(share, int | float) or isinstance(share, bool) or not 0 <= share <= 1:
        raise BadOption(source, f"explore = {share!r}: a share from 0 to 1 is needed")
    return share
