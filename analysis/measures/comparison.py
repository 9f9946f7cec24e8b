"""What changed between two runs: paired episode by episode where they share their draws.

Two runs of one seed share every draw that they have in common, so episodes of the same product,
seats, replication and price condition are pairs, and what differs between them is what was
changed. A run compared with itself differs by exactly nothing. Where nothing pairs, as with other
seeds, the runs are compared as different episodes of, as far as possible, the same products.

The five differences of the whole runs are planned contrasts (Holm); those by seller, buyer and
category are exploratory (Benjamini-Hochberg over each grid).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import polars as pl

from retailsim.analysis.measures import estimates
from retailsim.analysis.measures.estimates import Measured
from retailsim.analysis.projection.projection import Projection
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
        ``conversion_rate``, ``net_revenue_cents`` (per episode), ``refund_rate``,
        ``average_quantity`` or ``average_rating``.
    first, second : Estimate
        Over all closed episodes of each run.
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
        Episodes that are closed in both runs with everything in common but what was changed.
    only_first, only_second : int
        Closed episodes that have no partner.
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


def compare(first: Projection, second: Projection, *, shared: bool = True) -> Comparison:
    """Compare two runs' closed episodes.

    Parameters
    ----------
    shared : bool
        Whether the runs have one seed; without, what is alike shares no draw and is no pair.
    """
    one, two = (_keyed(part) for part in (first, second))
    both = _pairs(one, two) if shared else one.head(0)
    paired = both.height > 0
    planned = _overall(one, two, both if paired else None)
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


def _keyed(projection: Projection) -> pl.DataFrame:
    """Closed episodes with what pairs them; the unit is the profile where there is no product."""
    some = estimates.closed(projection.episodes)
    stars = pl.sum_horizontal(pl.col(name).fill_null(0) for name in _RATINGS)
    return some.with_columns(
        unit=pl.col("cluster"),
        bought=pl.col("orders") > 0,
        stars=stars,
        product=pl.col("product").fill_null(""),
    )


_RATINGS = ("rating_pitch", "rating_pre_inquiry", "rating_post_inquiry", "rating_product")


def _pairs(one: pl.DataFrame, two: pl.DataFrame) -> pl.DataFrame:
    """Join what both have; conditions count only where both runs have several of them."""
    keys = [key for key in _KEY if key in ("product", "seller", "buyer", "unit", "replication")]
    for key in ("price_multiplier", "discount"):
        if max(one[key].n_unique(), two[key].n_unique()) > 1:
            keys.append(key)
    if one.select(keys).is_duplicated().any() or two.select(keys).is_duplicated().any():
        return one.head(0)
    return one.join(two, on=keys, suffix="_two")


def _overall(one: pl.DataFrame, two: pl.DataFrame, both: pl.DataFrame | None) -> list[Change]:
    ([first], [second]) = (estimates.measured(part) for part in (one, two))
    changes = [
        _change("overall", "conversion_rate", first.conversion, second.conversion),
        _change("overall", "net_revenue_cents", first.revenue, second.revenue),
        _change("overall", "refund_rate", first.refunds, second.refunds),
        _change("overall", "average_quantity", first.quantity, second.quantity),
        _change("overall", "average_rating", first.rating, second.rating),
    ]
    tests = [
        _yes_no(one, two, both),
        _of_values("net_revenue_cents", one, two, both),
        _of_ratio("units_refunded", "units", one, two),
        _of_ratio("units", "orders", one, two),
        _of_ratio("stars", "reviews", one, two),
    ]
    return [_tested(change, test) for change, test in zip(changes, tests, strict=True)]


def _tested(change: Change, test: Test) -> Change:
    """No difference of rates is beyond 100 points, whatever Student's t says of few products."""
    between = test.interval
    if between is not None and change.measure.endswith("_rate"):
        between = Interval(max(-1.0, between.low), min(1.0, between.high), between.method)
    return msgspec.structs.replace(change, test=msgspec.structs.replace(test, interval=between))


def _change(of: str, measure: str, first: Estimate, second: Estimate) -> Change:
    return Change(of=of, measure=measure, first=first, second=second, test=Test(method=""))


def _yes_no(one: pl.DataFrame, two: pl.DataFrame, both: pl.DataFrame | None) -> Test:
    """Conversion: by whole products; McNemar's or Newcombe's way with a single product."""
    if both is None:
        if pl.concat((one["cluster"], two["cluster"])).n_unique() > 1:
            return _of_ratio("bought", None, one, two)
        counts = ((int(part["bought"].sum()), part.height) for part in (two, one))
        return two_proportions(*counts)
    if both["cluster"].n_unique() < 2:
        return mcnemar(both["bought_two"], both["bought"])
    moved = both["bought_two"].cast(pl.Int64) - both["bought"].cast(pl.Int64)
    return sign_flip(moved, both["cluster"], seed=SEED)


def _of_values(name: str, one: pl.DataFrame, two: pl.DataFrame, both: pl.DataFrame | None) -> Test:
    if both is None:
        return _of_ratio(name, None, one, two)
    return sign_flip(both[f"{name}_two"] - both[name], both["cluster"], seed=SEED)


def _of_ratio(above: str, below: str | None, one: pl.DataFrame, two: pl.DataFrame) -> Test:
    """The second run's ratio of sums minus the first's, robust to what products share."""
    parts = []
    for part in (two, one):
        some = part if below is None else part.filter(pl.col(below) > 0)
        if above == "stars":
            some = some.filter(pl.col("bought"))
        ones = pl.Series("ones", [1] * some.height, dtype=pl.Int64)
        counts = ones if below is None else some[below]
        parts.append((some[above].cast(pl.Int64), counts, some["cluster"]))
    return two_rates(parts[0], parts[1])


def _by(key: str, one: pl.DataFrame, two: pl.DataFrame, both: pl.DataFrame | None) -> list[Change]:
    firsts, seconds = (_named(estimates.measured(part, (key,))) for part in (one, two))
    found = []
    for name in firsts:
        if name not in seconds:
            continue
        test = _yes_no(
            one.filter(pl.col(key) == name),
            two.filter(pl.col(key) == name),
            both.filter(pl.col(key) == name) if both is not None else None,
        )
        change = _change(
            f"{key} {name}", "conversion_rate", firsts[name].conversion, seconds[name].conversion
        )
        found.append(_tested(change, test))
    return found


def _named(rows: Sequence[Measured]) -> dict[str, Measured]:
    return {row.keys[0]: row for row in rows}


def _adjusted(changes: Sequence[Change], values: Sequence[float | None]) -> tuple[Change, ...]:
    return tuple(
        msgspec.structs.replace(change, adjusted_p=value)
        for change, value in zip(changes, values, strict=True)
    )
