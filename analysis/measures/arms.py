"""Arms side by side: runs of one scenario that differ in a setting, and which of them is best.

Arms share their seed, so what they have in common shares its draws: episodes of one product, seats
and replication are compared with each other, as in `analysis.measures.comparison`. The best arm
was picked for its luck as well, so what is said of it allows for that
(`analysis.statistics.best`): its own interval holds for every arm at once, and another arm is
called worse only where the intervals of all pairs together say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from retailsim.analysis.measures import estimates
from retailsim.analysis.measures.comparison import SEED, HasEpisodes
from retailsim.analysis.measures.failures import failures_told
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.profit_statement import NO_COSTS
from retailsim.analysis.measures.rows import counted, overall
from retailsim.analysis.measures.scope import illustration, scope
from retailsim.analysis.measures.table import with_own
from retailsim.analysis.statistics.best import joint_level, pairs
from retailsim.analysis.statistics.differences import sign_flip, two_rates
from retailsim.analysis.statistics.values import LEVEL, Estimate, Interval, Test

Floats = NDArray[np.float64]

MEASURED = ("conversion_rate", "units", "refunded_cents", "net_revenue_cents", "profit_cents")
"""What is measured of every arm; profit where costs are known."""
BY = ("profit_cents", "net_revenue_cents", "conversion_rate")
"""What the best arm is best by: the first of these that is known."""
LESS_IS_BETTER = frozenset(("refund_rate", "refunded_cents"))

_KEY = ("product", "seller", "buyer", "cluster", "replication")


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """One arm: its measures, each with a 95% interval of its own."""

    label: str
    episodes: int
    estimates: Mapping[str, Estimate]


class Rival(msgspec.Struct, frozen=True, kw_only=True):
    """Another arm beside the best one.

    Parameters
    ----------
    behind : Test
        By how much it is worse than the best: a difference of at least 0. Its interval and
        those of all other pairs of arms hold together 95% of times; p is of it alone.
    told_apart : bool
        Whether that interval leaves out 0.
    """

    label: str
    behind: Test
    told_apart: bool


class Best(msgspec.Struct, frozen=True, kw_only=True):
    """The best arm that was seen.

    Parameters
    ----------
    measure : str
        What it is best by.
    over : int or None
        Episodes that every arm has, where some arm has others as well: only these are compared
        then, and `value` is of these. None where all of every arm are.
    interval : Interval or None
        Of its value. Such intervals of all arms hold together 95% of times, so it holds for the
        one that was picked; it holds that arm's own interval of the same episodes.
    rivals : tuple of Rival
        All other arms, in their order.
    """

    measure: str
    label: str
    value: float
    over: int | None = None
    interval: Interval | None
    rivals: tuple[Rival, ...]

    @property
    def alike(self) -> tuple[str, ...]:
        """The arms that cannot be told apart from it."""
        return tuple(one.label for one in self.rivals if not one.told_apart)


class Arms(msgspec.Struct, frozen=True, kw_only=True):
    """All of it.

    Parameters
    ----------
    pairs : int
        Episodes that every arm has; 0 where arms have none in common, and are compared by what
        their products share.
    shown : tuple of str
        The names of the measures of each arm that a table has room for, from the left.
    """

    arms: tuple[Arm, ...]
    best: Best | None
    pairs: int
    shown: tuple[str, ...]
    generalise_to: str
    cautions: tuple[str, ...]


def side_by_side(
    runs: Mapping[str, HasEpisodes], by: Measure | None = None, own: Sequence[Measure] = ()
) -> Arms:
    """Measure arms, and compare each with the best.

    Parameters
    ----------
    runs : mapping of str to HasEpisodes
        Two or more, by their labels. They share a seed.
    by : Measure or None
        What the best arm is best by; None: profit where costs are known, else net revenue.
    own : sequence of Measure
        Those of the runs' protocol.
    """
    some = {label: estimates.decided(run.episodes) for label, run in runs.items()}
    measures = _measures(list(some.values()), by, own)
    asked = by is not None
    by = by or next(one for name in BY for one in measures if one.name == name)
    arms = tuple(
        Arm(
            label=label,
            episodes=part.height,
            estimates={one.name: estimates.estimate(one, part) for one in measures},
        )
        for label, part in some.items()
    )
    first = next(iter(runs.values())).episodes
    return Arms(
        arms=arms,
        best=best_arm(some, by),
        pairs=len(episodes_in_all(list(some.values()))[0]),
        shown=tuple(one.name for one in measures if one is by or one.name not in BY[:2]),
        generalise_to=scope(first).interval,
        cautions=(*illustration(*some.values()), *_without_costs(some, by, asked), *_failed(runs)),
    )


def _measures(
    parts: Sequence[pl.DataFrame], by: Measure | None, own: Sequence[Measure]
) -> list[Measure]:
    """Return what is measured of arms: what some arm has, and what was asked for."""
    by_name = {one.name: one for one in with_own(own)}
    wanted = [by_name[name] for name in MEASURED]
    if by is not None and by not in wanted:
        wanted.append(by)
    return [one for one in wanted if one is by or any(_known(one, part) for part in parts)]


def _known(one: Measure, part: pl.DataFrame) -> bool:
    """Whether an episode has a value of it."""
    return one.of_each and not part.select(above=one.above())["above"].is_null().all()


def _without_costs(some: Mapping[str, pl.DataFrame], by: Measure, asked: bool) -> Iterator[str]:
    """Say of how many episodes the profit is, where that is not all; or why it is not compared."""
    if by.name == "net_revenue_cents" and not asked:
        yield f"{NO_COSTS} More revenue may be less profit."
    if by.where_known:
        whole = sum(part.height for part in some.values())
        known = sum(part.filter(by.counted).height for part in some.values())
        if known < whole:
            yield f"{by.label} is of the {known:,} of {whole:,} episodes whose costs are known."


def _failed(runs: Mapping[str, HasEpisodes]) -> Iterator[str]:
    for label, run in runs.items():
        row = overall(counted(run.episodes))
        if told := failures_told(row.failed, row):
            yield f"{label}: {told}"


def episodes_in_all(parts: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """Return the episodes that every arm has, in one order; empty where there are none.

    Price conditions tell episodes apart within an arm that has several; they are what differs
    between arms that have one each.
    """
    keys = list(_KEY)
    for key in ("price_multiplier", "discount"):
        if max(part[key].n_unique() for part in parts) > 1:
            keys.append(key)
    keyed = [
        part.with_columns(pl.col("product", "seller", "buyer").fill_null("")) for part in parts
    ]
    if any(part.select(keys).is_duplicated().any() for part in keyed):
        return [part.head(0) for part in parts]
    common = keyed[0].select(keys).sort(keys)
    for part in keyed[1:]:
        common = common.join(part.select(keys), on=keys, how="semi", maintain_order="left")
    return [common.join(part, on=keys, how="left", maintain_order="left") for part in keyed]


def best_arm(arms: Mapping[str, pl.DataFrame], by: Measure) -> Best | None:
    """Pick the best arm and compare it with the others; None where some arm has no value.

    Where arms have episodes in common, it is picked by these alone, as differences are of them: an
    arm whose hard episodes failed is not ahead for that.

    Parameters
    ----------
    arms : mapping of str to polars.DataFrame
        Episodes as `estimates.decided` returns them, by the labels of their arms.
    """
    labels, whole = list(arms), list(arms.values())
    if not _values(by, whole):
        return None
    both = episodes_in_all(whole) if by.of_each else [part.head(0) for part in whole]
    common = both[0].height if _values(by, both) else 0
    compare, parts = (_paired, both) if common else (_unpaired, whole)
    known = _values(by, parts)
    sign = -1.0 if by.name in LESS_IS_BETTER else 1.0
    at = int(np.argmax([sign * value for value in known]))
    scores = _scores(by, parts)
    level = joint_level(scores, pairs(len(parts))) if len(scores) > 1 else LEVEL
    rivals = []
    for other in range(len(parts)):
        if other != at:
            better, worse = (at, other) if sign > 0 else (other, at)
            test = compare(by, parts[better], parts[worse], level)
            told_apart = _surely_behind(test)
            rivals.append(Rival(label=labels[other], behind=test, told_apart=told_apart))
    return Best(
        measure=by.name,
        label=labels[at],
        value=known[at],
        over=common if common and any(part.height > common for part in whole) else None,
        interval=_own_interval(by, parts[at], scores),
        rivals=tuple(rivals),
    )


def _values(by: Measure, parts: Sequence[pl.DataFrame]) -> list[float]:
    """Return the value of each part; none where some part has none."""
    values = [estimates.estimate(by, part).value for part in parts]
    known = [value for value in values if value is not None]
    return known if len(known) == len(parts) else []


def _surely_behind(test: Test) -> bool:
    return test.interval is not None and test.interval.low > 0.0


def _own_interval(by: Measure, part: pl.DataFrame, scores: Floats) -> Interval | None:
    """An interval of the arm that was picked: at the level at which those of all arms hold.

    It is made as every interval of this measure is, on the scale that its ends ask for, only at a
    higher level; so it holds the one at 95%. The level comes from Student's t, and may be taken
    over: it says how rarely each interval may miss, and how often several miss at once hangs on
    how arms vary together, which is the same on every scale.
    """
    if len(scores) < 2:
        return None
    level = joint_level(scores, np.eye(scores.shape[1]))
    return estimates.estimate(by, part, level=level).interval


def _scores(by: Measure, parts: Sequence[pl.DataFrame]) -> Floats:
    """What each cluster adds to the error of each arm's value, of shape (clusters, arms)."""
    whole = pl.DataFrame(schema={"cluster": parts[0].schema["cluster"]})
    for place, part in enumerate(parts):
        above, below, cluster = _counted(by, part)
        sums = pl.DataFrame({"cluster": cluster, "above": above, "below": below}).group_by(
            "cluster"
        )
        summed = sums.agg(pl.col("above", "below").sum().cast(pl.Float64))
        totals = summed.sum()
        top, bottom = float(totals["above"][0]), float(totals["below"][0])
        clusters = max(2, summed.height)
        worth = (pl.col("above") - top / bottom * pl.col("below")) / bottom
        score = summed.select(
            "cluster", (worth * (clusters / (clusters - 1)) ** 0.5).alias(f"{place}")
        )
        whole = whole.join(score, on="cluster", how="full", coalesce=True)
    return whole.fill_null(0.0).sort("cluster").drop("cluster").to_numpy()


class _Counted(NamedTuple):
    above: pl.Series
    below: pl.Series
    cluster: pl.Series


def _counted(by: Measure, part: pl.DataFrame) -> _Counted:
    """What a measure is made of, of the episodes that count."""
    some = part.filter(by.counted).select("cluster", above=by.above(), below=by.below())
    some = some.drop_nulls().filter(pl.col("below") > 0)
    return _Counted(some["above"], some["below"], some["cluster"])


def _unpaired(by: Measure, one: pl.DataFrame, two: pl.DataFrame, level: float) -> Test:
    return two_rates(_counted(by, one), _counted(by, two), level=level)


def _paired(by: Measure, one: pl.DataFrame, two: pl.DataFrame, level: float) -> Test:
    before, after = (part.select(above=by.above())["above"] for part in (two, one))
    return sign_flip(after - before, one["cluster"], seed=SEED, level=level)
