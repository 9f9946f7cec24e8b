"""What a change does to a measure, as two runs that share their draws predict it for others.

As in `analysis.measures.comparison`, but for other products *and* other buyers: a shop's next
visitors are none of those who were simulated.
"""

from __future__ import annotations

import msgspec

from retailsim.analysis.measures.comparison import HasEpisodes, counted_in, keyed
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.pairing import Streams, paired
from retailsim.analysis.measures.scope import scope
from retailsim.analysis.statistics.crossed import Side, crossed_difference


class PredictedChange(msgspec.Struct, frozen=True, kw_only=True):
    """The second run minus the first.

    Parameters
    ----------
    before, after : float
        The measure in each run, over its pairs.
    change, error, df : float
        The difference, its standard error over products and buyers, and that one's degrees of
        freedom.
    pairs : int
        Episodes of each run.
    one_buyer : bool
        Whether the error is that of products alone, for a single buyer took part.
    """

    before: float
    after: float
    change: float
    error: float
    df: float
    pairs: int
    one_buyer: bool


def predicted_change(
    first: HasEpisodes,
    second: HasEpisodes,
    of: Measure,
    streams: tuple[Streams, Streams] = ({}, {}),
) -> PredictedChange | None:
    """Return what a measure changed by; None where nothing pairs, or too little was counted.

    Parameters
    ----------
    streams : tuple of mapping
        What the seats of the first and of the second run draw by.
    """
    found = paired(keyed(first), keyed(second), streams)
    one, two = (counted_in(of, part) for part in found.partnered())
    if scope(first.episodes).shared == "profile":  # which is the buyer
        one, two = (_by_cluster(side) for side in (one, two))
    difference = crossed_difference(two, one)
    if difference is None:
        return None
    return PredictedChange(
        before=float(one[0].sum()) / float(one[1].sum()),
        after=float(two[0].sum()) / float(two[1].sum()),
        change=difference.estimate,
        error=difference.error,
        df=difference.df,
        pairs=found.both.height,
        one_buyer=difference.buyers < 2,
    )


def _by_cluster(side: Side) -> Side:
    above, below, cluster, _ = side
    return above, below, cluster, cluster
