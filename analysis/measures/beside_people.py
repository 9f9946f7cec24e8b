"""People beside simulated agents: how their episodes differ from their twins', with intervals.

Each episode of a person has a twin: the same market with a simulated agent in the person's seat.
Both share every draw that they have in common, so what is looked at are pairs. People are what was
sampled: intervals are over people, each with all episodes of its own, and say what other people
would do with the same products. A second interval also allows for other products.

All differences are planned, and judged together (Bonferroni), so an interval leaves out 0 exactly
where its adjusted p is at most 5%.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import polars as pl

from retailsim.analysis.measures import estimates
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.table import shown_in
from retailsim.analysis.statistics.crossed import Side, crossed_rates
from retailsim.analysis.statistics.differences import sign_flip, two_rates
from retailsim.analysis.statistics.multiplicity import bonferroni, simultaneous_level
from retailsim.analysis.statistics.values import LEVEL, Estimate, Interval, Test

SEED = 1
"""Of the sign flips."""

QUESTIONS = Measure(
    name="questions",
    label="Questions",
    unit="units",
    numerator=pl.col("pre_exchanges"),
    signed=True,
    about="messages of the buyer before the decision, per episode",
)
"""What buyers ask before they decide, where the protocol has such a stage."""


class PeopleChange(msgspec.Struct, frozen=True, kw_only=True):
    """How one measure differs: people minus the simulated agents in their seats.

    Parameters
    ----------
    measure, label, unit : str
        As `analysis.measures.measure.Measure` has them.
    people, simulated : Estimate
        Over the pairs; their intervals are over people.
    test : Test
        Of the difference alone, over people.
    adjusted_p : float or None
        For the number of measures.
    interval : Interval or None
        Over people, adjusted alike.
    new_products : Interval or None
        The same for other products, too; None where there is one product.
    """

    measure: str
    label: str
    unit: str
    people: Estimate
    simulated: Estimate
    test: Test
    adjusted_p: float | None
    interval: Interval | None
    new_products: Interval | None


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Between what the change of conversion would lie, had those decided who never did."""

    episodes: int
    low: float
    high: float


class BesidePeople(msgspec.Struct, frozen=True, kw_only=True):
    """People's episodes beside their twins.

    Parameters
    ----------
    people, products, pairs : int
        How many there are; `products` counts profiles where there are no products.
    changes : tuple of PeopleChange
    bounds : Bounds or None
        None where nobody left before deciding.
    """

    people: int
    products: int
    pairs: int
    changes: tuple[PeopleChange, ...]
    bounds: Bounds | None = None


def beside_people(
    people: pl.DataFrame,
    twins: pl.DataFrame,
    *,
    lost: pl.DataFrame | None = None,
    own: Sequence[Measure] = (),
) -> BesidePeople:
    """Compare people's episodes with their twins.

    Parameters
    ----------
    people, twins : polars.DataFrame
        Decided episodes as a projection has them, with ``person`` and ``pair``.
    lost : polars.DataFrame or None
        The twins of episodes that were begun and have no decision of the person's.
    own : sequence of Measure
        Those of the protocol.
    """
    one, two = _paired(people, twins)
    known = all(bool(part["profit_cents"].is_not_null().any()) for part in (one, two))
    shown = list(shown_in("compare", own, costs_known=known))
    if one["pre_exchanges"].sum() or two["pre_exchanges"].sum():
        shown.append(QUESTIONS)
    shown = [measure for measure in shown if one.height]
    alone = [_over_people(measure, one, two, LEVEL) for measure in shown]
    values = [test.p for test in alone]
    level = simultaneous_level(values)
    return BesidePeople(
        people=one["person"].n_unique(),
        products=one["cluster"].n_unique(),
        pairs=one.height,
        changes=tuple(
            _change(measure, one, two, test, p, level)
            for measure, test, p in zip(shown, alone, bonferroni(values), strict=True)
        ),
        bounds=_bounds(one, two, lost) if lost is not None and lost.height else None,
    )


def _paired(people: pl.DataFrame, twins: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Decided episodes that have a decided partner, in one order, with the ``cluster``."""
    one, two = (estimates.decided(part) for part in (people, twins))
    sides = one.join(two, on="pair", how="semi"), two.join(one, on="pair", how="semi")
    first, second = (side.sort("pair") for side in sides)
    return first, second


def _change(
    of: Measure, one: pl.DataFrame, two: pl.DataFrame, test: Test, p: float | None, level: float
) -> PeopleChange:
    interval = _within(of, _over_people(of, one, two, level).interval)
    products = _within(of, _over_both(of, one, two, level).interval)
    if interval is not None and interval.low == interval.high == 0.0:  # no pair differs
        products = interval
    return PeopleChange(
        measure=of.name,
        label=of.estimate_label,
        unit=of.unit,
        people=estimates.estimate(of, one, "person"),
        simulated=estimates.estimate(of, two, "person"),
        test=test,
        adjusted_p=p,
        interval=interval,
        new_products=products,
    )


def _within(of: Measure, found: Interval | None) -> Interval | None:
    """No difference of rates is beyond 100 points."""
    if found is None or of.unit != "share":
        return found
    return Interval(max(-1.0, found.low), min(1.0, found.high), found.method)


def _over_people(of: Measure, one: pl.DataFrame, two: pl.DataFrame, level: float) -> Test:
    """The difference with an interval over people."""
    if of.of_each:
        above = (part.select(above=of.above())["above"] for part in (one, two))
        people, simulated = above
        most = {"most": 1.0} if of.unit == "share" else {}
        return sign_flip(people - simulated, one["person"], seed=SEED, level=level, **most)
    first, second = (_counted(of, part) for part in (one, two))
    sides = ((above, below, person) for above, below, _, person in (first, second))
    return two_rates(*sides, level=level)


def _over_both(of: Measure, one: pl.DataFrame, two: pl.DataFrame, level: float) -> Test:
    """The difference with an interval over people and products."""
    if min(one["cluster"].n_unique(), one["person"].n_unique()) < 2:
        return Test(method="difference by product and person", note="one product or person")
    return crossed_rates(_counted(of, one), _counted(of, two), level=level)


def _counted(of: Measure, part: pl.DataFrame) -> Side:
    some = part.filter(of.counted).select("cluster", "person", above=of.above(), below=of.below())
    some = some.filter(pl.col("below") > 0)
    return some["above"], some["below"], some["cluster"], some["person"]


def _bounds(one: pl.DataFrame, two: pl.DataFrame, lost: pl.DataFrame) -> Bounds:
    """The change of conversion, had none who never decided bought, and had all of them."""
    bought = [int((part["orders"] > 0).sum()) for part in (one, two, lost)]
    change, n = bought[0] - bought[1] - bought[2], one.height + lost.height
    return Bounds(episodes=lost.height, low=change / n, high=(change + lost.height) / n)


def told_apart(found: BesidePeople) -> Mapping[bool, tuple[PeopleChange, ...]]:
    """Return the measures that differ (True), and those of which that cannot be said."""
    tested = [one for one in found.changes if one.adjusted_p is not None]
    differ = [one for one in tested if (one.adjusted_p or 0.0) <= 1.0 - LEVEL]
    return {
        True: tuple(differ),
        False: tuple(one for one in tested if one not in differ),
    }
