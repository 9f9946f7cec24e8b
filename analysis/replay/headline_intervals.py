"""The headlines of a run with what they are worth, as ``replay --json`` has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from retailsim.analysis.measures.scope import Scope, scope

if TYPE_CHECKING:
    from retailsim.analysis.measures.measure import Measure
    from retailsim.analysis.projection.projection import LazyProjection, Projection
    from retailsim.analysis.statistics.values import Estimate


class HeadlineIntervals(msgspec.Struct, frozen=True, kw_only=True):
    """Intervals of the whole run.

    Parameters
    ----------
    generalise_to : Scope
        What they are about.
    measures : mapping of str to Estimate
        By the measure's name; a total is per episode. ``interval`` is for other products,
        ``two_way`` allows for other buyers too.
    """

    generalise_to: Scope
    measures: Mapping[str, Estimate]


def intervals(
    projection: Projection | LazyProjection, own: Sequence[Measure] = ()
) -> HeadlineIntervals | None:
    """Return the intervals of a projection; None without the packages of ``retailsim[analysis]``.

    Parameters
    ----------
    own : sequence of Measure
        Those of the run's protocol.
    """
    try:
        from retailsim.analysis.measures.estimates import deciding, whole
    except ModuleNotFoundError:
        return None
    some = deciding(projection.episodes)
    return HeadlineIntervals(generalise_to=scope(some), measures=whole(some, own).estimates)
