"""What changed between two runs: paired episode by episode where they share their draws.

Two runs of one seed share every draw that they have in common, so episodes of the same product,
seats, replication and price condition are pairs, and what differs between them is what was
changed. A run compared with itself differs by exactly nothing. Where nothing pairs, as with other
seeds, the runs are compared as different episodes of, as far as possible, the same products.

The differences of the whole runs are planned contrasts (Holm), one for each measure that names
this view; those of conversion by seller, buyer and category are exploratory (Benjamini-Hochberg
over each grid). What each episode has is compared pair by pair, a ratio of sums between the
runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec
import polars as pl

from retailsim.analysis.measures import estimates
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.table import measure, shown_in
from retailsim.analysis.statistics.differences import mcnemar, sign_flip, two_rates
from retailsim.analysis.statistics.multiplicity import benjamini_hochberg, holm
from retailsim.analysis.statistics.proportions import two_proportions
from retailsim.analysis.statistics.values import Estimate, Interval, Test

SEED = 1
"""Of the permutations."""

_KEY = ("product", "seller", "buyer", "replication", "price_multiplier", "discount", "unit")


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """How one measure differs: the second run minus the first.

    Parameters
    ----------
    of : str
        ``overall``, or what the row is about, such as ``seller ann``.
    measure : str
        Its name in `analysis.measures.table`; a total is compared per episode.
    first, second : Estimate
        Over all episodes of each run whose decision is known.
    test : Test
        Of the difference; its `estimate` is over the pairs where there are any.
    adjusted_p : float or None
        For the number of tests of its kind.
    """

    of: str
    measure: str
    first: Estimate
    second: Estimate
    test: Test
    adjusted_p: float | None = None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs side by side.

    Parameters
    ----------
    pairs : int
        Episodes that decided in both runs, with everything in common but what was changed.
    only_first, only_second : int
        Episodes that decided and have no partner.
    planned : tuple of Change
        The whole runs.
    exploratory : tuple of Change
        Conversion by seller, buyer and category, where both runs have them.
    """

    pairs: int
    only_first: int
    only_second: int
    planned: tuple[Change, ...]
    exploratory: tuple[Change, ...]


class HasEpisodes(Protocol):
    """What is compared: a projection, or whatever else has its episodes."""

    @property
    def episodes(self) -> pl.DataFrame:
        """One row per episode, as `analysis.projection.projection.Projection` has them."""
        ...


def compare(
    first: HasEpisodes,
    second: HasEpisodes,
    *,
    shared: bool = True,
    own: Sequence[Measure] = (),
) -> Comparison:
    """Compare two runs' episodes whose decision is known.

    Parameters
    ----------
    shared : bool
        Whether the runs have one seed; without, what is alike shares no draw and is no pair.
    own : sequence of Measure
        Those of the runs' protocol.
    """
    one, two = (_keyed(part) for part in (first, second))
    both = _pairs(one, two) if shared else one.head(0)
    paired = both.height > 0
    planned = [
        _change("overall", compared, one, two, both if paired else None)
        for compared in shown_in("compare", own)
    ]
    exploring = [
        change
        for key in ("seller", "buyer", "category")
        for change in _by(key, one, two, both if paired else None)
    ]
    return Comparison(
        pairs=both.height,
        only_first=one.height - both.height,
        only_second=two.height - both.height,
        planned=_adjusted(planned, holm([change.test.p for change in planned])),
        exploratory=_adjusted(
            exploring, benjamini_hochberg([change.test.p for change in exploring])
        ),
    )


def _keyed(run: HasEpisodes) -> pl.DataFrame:
    """Decided episodes with what pairs them; the unit is the profile where there is no product."""
    some = estimates.decided(run.episodes)
    return some.with_columns(unit=pl.col("cluster"), product=pl.col("product").fill_null(""))


def _pairs(one: pl.DataFrame, two: pl.DataFrame) -> pl.DataFrame:
    """Join what both have; conditions count only where both runs have several of them."""
    keys = [key for key in _KEY if key in ("product", "seller", "buyer", "unit", "replication")]
    for key in ("price_multiplier", "discount"):
        if max(one[key].n_unique(), two[key].n_unique()) > 1:
            keys.append(key)
    if one.select(keys).is_duplicated().any() or two.select(keys).is_duplicated().any():
        return one.head(0)
    return one.join(two, on=keys, suffix="_two")


def _change(
    of: str, compared: Measure, one: pl.DataFrame, two: pl.DataFrame, both: pl.DataFrame | None
) -> Change:
    test = _tested(compared, one, two, both)
    between = test.interval
    if between is not None and compared.unit == "share":
        # No difference of rates is beyond 100 points, whatever Student's t says of few products.
        between = Interval(max(-1.0, between.low), min(1.0, between.high), between.method)
    return Change(
        of=of,
        measure=compared.name,
        first=estimates.estimate(compared, one),
        second=estimates.estimate(compared, two),
        test=msgspec.structs.replace(test, interval=between),
    )


def _tested(
    compared: Measure, one: pl.DataFrame, two: pl.DataFrame, both: pl.DataFrame | None
) -> Test:
    if not compared.of_each:
        return _of_ratio(compared, one, two)
    if compared.unit == "share":
        return _yes_no(compared, one, two, both)
    if both is None:
        return _of_ratio(compared, one, two)
    before, after = (_paired(compared, both, suffix) for suffix in ("", "_two"))
    return sign_flip(after - before, both["cluster"], seed=SEED)


def _paired(compared: Measure, both: pl.DataFrame, suffix: str) -> pl.Series:
    """What the episodes of one side add to a measure that each of them has."""
    names = compared.numerator.meta.root_names()
    side = both.select(**{name: pl.col(f"{name}{suffix}") for name in names})
    return side.select(above=compared.above())["above"]


def _yes_no(
    compared: Measure, one: pl.DataFrame, two: pl.DataFrame, both: pl.DataFrame | None
) -> Test:
    """A yes or no: by whole products; McNemar's or Newcombe's way with a single product."""
    if both is None:
        if pl.concat((one["cluster"], two["cluster"])).n_unique() > 1:
            return _of_ratio(compared, one, two)
        first, second = ((_sum(compared, part), part.height) for part in (one, two))
        return two_proportions(second, first)
    before, after = (_paired(compared, both, suffix) for suffix in ("", "_two"))
    if both["cluster"].n_unique() < 2:
        return mcnemar(after.cast(pl.Boolean), before.cast(pl.Boolean))
    return sign_flip(after - before, both["cluster"], seed=SEED)


def _sum(compared: Measure, part: pl.DataFrame) -> int:
    return int(part.select(above=compared.above())["above"].sum())


def _of_ratio(compared: Measure, one: pl.DataFrame, two: pl.DataFrame) -> Test:
    """The second run's ratio of sums minus the first's, robust to what products share."""
    parts = []
    for part in (two, one):
        some = part.filter(compared.counts).select(
            above=compared.above(), below=compared.below(), cluster="cluster"
        )
        counting = some.filter(pl.col("below") > 0)
        parts.append((counting["above"], counting["below"], counting["cluster"]))
    return two_rates(parts[0], parts[1])


def _by(key: str, one: pl.DataFrame, two: pl.DataFrame, both: pl.DataFrame | None) -> list[Change]:
    """Conversion, for each value of a column that both runs have."""
    conversion = measure("conversion_rate")
    named = sorted({*one[key].drop_nulls()} & {*two[key].drop_nulls()})
    return [
        _change(
            f"{key} {name}",
            conversion,
            one.filter(pl.col(key) == name),
            two.filter(pl.col(key) == name),
            both.filter(pl.col(key) == name) if both is not None else None,
        )
        for name in named
    ]


def _adjusted(changes: Sequence[Change], values: Sequence[float | None]) -> tuple[Change, ...]:
    return tuple(
        msgspec.structs.replace(change, adjusted_p=value)
        for change, value in zip(changes, values, strict=True)
    )
