"""What changed between two runs: paired episode by episode where they share their draws.

Two runs of one seed share every draw that they have in common, so episodes of the same product,
place in the design (`analysis.measures.pairing`) and replication are pairs, and what differs
between them is what was changed. Only pairs are compared then, in every number. A run compared with
itself differs by exactly nothing. Where nothing pairs, as with other seeds, the runs are compared
as different episodes of, as far as possible, the same products. Other seeds have drawn other
buyers behind the same names, and so have other buyers at one place, which is allowed for.

The differences of the whole runs are planned contrasts, one for each measure that names this view,
with intervals that hold together and p values adjusted alike (Bonferroni); those of conversion by
seller, buyer and category are exploratory (Benjamini-Hochberg over each of these three grids, and
intervals that go with it). So an interval leaves out 0 exactly where its adjusted p is below 5%.
What each episode has is compared pair by pair, a ratio of sums between the runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

import msgspec
import polars as pl

from retailsim.analysis.measures import estimates
from retailsim.analysis.measures.break_even import BreakEven, break_even
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.open_changes import changes_left_open
from retailsim.analysis.measures.pairing import SeatChange, Streams, paired, unlike
from retailsim.analysis.measures.profit_statement import LOST, NO_COSTS
from retailsim.analysis.measures.scope import KINDS, illustration, scope
from retailsim.analysis.measures.table import (
    MEASURES,
    PROFIT,
    columns_read,
    measure,
    shown_in,
    with_own,
)
from retailsim.analysis.measures.value_text import change_written
from retailsim.analysis.statistics.crossed import Side, crossed_rates
from retailsim.analysis.statistics.differences import mcnemar, sign_flip, two_rates
from retailsim.analysis.statistics.multiplicity import (
    benjamini_hochberg,
    bonferroni,
    selected_level,
    simultaneous_level,
)
from retailsim.analysis.statistics.proportions import two_proportions
from retailsim.analysis.statistics.values import LEVEL, Estimate, Interval, Test

SEED = 1
"""Of the permutations."""
FEWEST = 6
"""Products that flips need for a p below 5%: two of all 2^n signs are the most extreme."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """How one measure differs: the second run minus the first.

    Parameters
    ----------
    of : str
        ``overall``, or what the row is about, such as ``seller ann``.
    measure : str
        Its name in `analysis.measures.table`; a total is compared per episode.
    first, second : Estimate
        Over the pairs where there are any, else over all episodes of each run whose decision is
        known.
    test : Test
        Of the difference; its interval is a 95% one of this difference alone.
    adjusted_p : float or None
        For the number of tests of its kind.
    simultaneous : Interval or None
        Adjusted for as many: without 0 exactly where `adjusted_p` is at most 5%. With a single
        product p is Fisher's, and may differ from it by a little.
    """

    of: str
    measure: str
    first: Estimate
    second: Estimate
    test: Test
    adjusted_p: float | None = None
    simultaneous: Interval | None = None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs side by side.

    Parameters
    ----------
    pairs : int
        Episodes that decided in both runs, at one place of the design.
    only_first, only_second : int
        Episodes that decided and have no partner.
    planned : tuple of Change
        The whole runs.
    exploratory : tuple of Change
        Conversion by seller, buyer and category, where both runs have them.
    generalise_to : str
        What the intervals are about.
    cautions : tuple of str
        What a reader has to know first, such as what failed in each run, and how far changes may
        be no more than that.
    notes : tuple of str
        What explains intervals that say nothing.
    seats : tuple of SeatChange
        Seats that differ: other names at one place, whose draws differ, and those without a
        partner.
    break_even : BreakEven or None
        What a change of price asks of conversion; None where the prices are the same, or no profit
        is known.
    """

    pairs: int
    only_first: int
    only_second: int
    planned: tuple[Change, ...]
    exploratory: tuple[Change, ...]
    generalise_to: str = ""
    cautions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seats: tuple[SeatChange, ...] = ()
    break_even: BreakEven | None = None


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
    streams: tuple[Streams, Streams] = ({}, {}),
    names: tuple[str, str] = ("First run", "Second run"),
) -> Comparison:
    """Compare two runs' episodes whose decision is known.

    Parameters
    ----------
    shared : bool
        Whether the runs have one seed; without, what is alike shares no draw and is no pair.
    own : sequence of Measure
        Those of the runs' protocol.
    streams : tuple of mapping
        What the seats of the first and of the second run draw by.
    names : (str, str)
        What cautions call the runs.
    """
    found = paired(_lean(keyed(first), own), _lean(keyed(second), own), streams)
    one, two, about = found.one, found.two, scope(first.episodes)
    both = found.both if shared else one.head(0)
    # What buyers who have profiles share is the profile, which is the cluster then.
    alike = about.shared == "profile" or (shared and not unlike(found.seats, "buyer"))
    sides = _Sides(one, two, None, alike=alike)
    if both.height > 0:
        sides = _Sides(*found.partnered(), both, alike=alike)
    shown = shown_in("compare", own, costs_known=_costs_known(one) and _costs_known(two))
    planned = [_Question("overall", compared, sides) for compared in shown]
    grids = [_by(key, sides) for key in ("seller", "buyer", "category")]
    whole = _adjusted(planned, bonferroni, simultaneous_level)
    even = break_even(sides.one, sides.two, alike=alike)
    parts = tuple(
        change for grid in grids for change in _adjusted(grid, benjamini_hochberg, selected_level)
    )
    return Comparison(
        pairs=both.height,
        only_first=one.height - both.height,
        only_second=two.height - both.height,
        planned=whole,
        exploratory=parts,
        generalise_to=about.interval if alike else about.two_way,
        cautions=(
            *illustration(one, two),
            *changes_left_open(first.episodes, second.episodes, names),
            *(() if even else _over(planned, sides)),
        ),
        notes=(*_too_few((*whole, *parts), about.shared, own), *_about_profit(planned, sides)),
        seats=found.seats,
        break_even=even,
    )


_READS = frozenset(
    (
        *("product", "unit", "cluster", "seller", "buyer", "category", "replication"),
        *("price_multiplier", "discount", "price_cents", "profit_cents", "orders"),
        *("returned_cost_cents", "salvage_cents", *KINDS),
    )
)
"""What is read of episodes that pair, beside what measures read."""


def _lean(episodes: pl.DataFrame, own: Sequence[Measure]) -> pl.DataFrame:
    """Leave out what no comparison reads: a pair has every column twice."""
    wanted = _READS | columns_read(one for one in with_own(own) if "compare" in one.views)
    return episodes.select(name for name in episodes.columns if name in wanted)


def _too_few(changes: Sequence[Change], shared: str, own: Sequence[Measure]) -> Iterator[str]:
    """Say what an interval from -100 to 100 points means, where there is one."""
    shares = {one.name for one in (*MEASURES.values(), *own) if one.unit == "share"}
    between = (change.simultaneous for change in changes if change.measure in shares)
    if any(one is not None and (one.low, one.high) == (-1.0, 1.0) for one in between):
        yield (
            f"-100.0 to +100.0: too few {shared}s to exclude any change. In pairs, fewer than "
            f"{FEWEST} never can, and the more rows are judged together, the more it takes."
        )


def _over(planned: Sequence[_Question], sides: _Sides) -> Iterator[str]:
    """Say of how many episodes profit is, where those are not all; `BreakEven.told` does, too."""
    known, whole = (
        sum(count(part["profit_cents"]) for part in (sides.one, sides.two))
        for count in (pl.Series.count, pl.Series.len)
    )
    if known < whole and any(asked.compared.name == "profit_cents" for asked in planned):
        yield f"Profit is of the {known:,} of {whole:,} episodes whose costs are known."


def _about_profit(planned: Sequence[_Question], sides: _Sides) -> Iterator[str]:
    """Say what profit is, and how much hangs on what returns bring; or why there is none."""
    if all(asked.compared.name != "profit_cents" for asked in planned):
        yield NO_COSTS
        return
    yield f"Profit is {PROFIT}."
    lost = pl.col("returned_cost_cents").fill_null(0) - pl.col("salvage_cents")
    ends = []
    for part in (sides.one, sides.two):
        known = part.drop_nulls("profit_cents")
        sums = known.select(lost=lost.sum(), resold=(pl.col("profit_cents") + lost).mean())
        ends.append(sums.row(0, named=True))
    before, after = ends
    if before["lost"] or after["lost"]:
        change = change_written("cents", after["resold"] - before["resold"])
        yield f"{LOST} the change of profit per episode would be {change}."


def _costs_known(episodes: pl.DataFrame) -> bool:
    return bool(episodes["profit_cents"].is_not_null().any())


def keyed(run: HasEpisodes) -> pl.DataFrame:
    """Decided episodes with what pairs them; the unit is the profile where there is no product."""
    some = estimates.decided(run.episodes)
    return some.with_columns(unit=pl.col("cluster"), product=pl.col("product").fill_null(""))


class _Sides(NamedTuple):
    """Episodes of both runs.

    The pairs are None where nothing pairs; else both sides are what has a partner. Buyers are not
    alike if another seed drew them, or others have their places.
    """

    one: pl.DataFrame
    two: pl.DataFrame
    both: pl.DataFrame | None
    alike: bool

    def where(self, key: str, value: str) -> _Sides:
        """Return those of them that have a value; pairs have it on both sides.

        Seats of one stream may have other names.
        """
        some, both = pl.col(key) == value, self.both
        if both is not None:
            both = both.filter(some, pl.col(f"{key}_two") == value)
            both = both if both.height > 0 else None
        return self._replace(one=self.one.filter(some), two=self.two.filter(some), both=both)


class _Question(NamedTuple):
    """What is compared."""

    of: str
    compared: Measure
    sides: _Sides

    def test(self, level: float) -> Test:
        """How the measure differs, with an interval of that level."""
        test = _tested(self.compared, self.sides, level)
        between = test.interval
        if between is not None and self.compared.unit == "share":
            # No difference of rates is beyond 100 points, whatever t says of few products.
            between = Interval(max(-1.0, between.low), min(1.0, between.high), between.method)
        return msgspec.structs.replace(test, interval=between)


def _tested(compared: Measure, sides: _Sides, level: float) -> Test:
    if not compared.of_each or (sides.both is not None and not sides.alike):
        return _of_ratio(compared, sides, level)
    if compared.unit == "share":
        return _yes_no(compared, sides, level)
    if sides.both is None:
        return _of_ratio(compared, sides, level)
    before, after = (_paired(compared, sides.both, suffix) for suffix in ("", "_two"))
    return sign_flip(after - before, sides.both["cluster"], seed=SEED, level=level)


def _paired(compared: Measure, both: pl.DataFrame, suffix: str) -> pl.Series:
    """What the episodes of one side add to a measure that each of them has."""
    names = compared.numerator.meta.root_names()
    side = both.select(**{name: pl.col(f"{name}{suffix}") for name in names})
    return side.select(above=compared.above())["above"]


def _yes_no(compared: Measure, sides: _Sides, level: float) -> Test:
    """A yes or no: by whole products; McNemar's or Newcombe's way with a single product."""
    one, two, both = sides.one, sides.two, sides.both
    if both is None:
        if pl.concat((one["cluster"], two["cluster"])).n_unique() > 1:
            return _of_ratio(compared, sides, level)
        first, second = ((_sum(compared, part), part.height) for part in (one, two))
        return two_proportions(second, first, level=level)
    before, after = (_paired(compared, both, suffix) for suffix in ("", "_two"))
    if both["cluster"].n_unique() < 2:
        return mcnemar(after.cast(pl.Boolean), before.cast(pl.Boolean))
    return sign_flip(after - before, both["cluster"], seed=SEED, level=level, most=1.0)


def _sum(compared: Measure, part: pl.DataFrame) -> int:
    return int(part.select(above=compared.above())["above"].sum())


def _of_ratio(compared: Measure, sides: _Sides, level: float) -> Test:
    """The second run's ratio of sums minus the first's, robust to what products share.

    Where the buyers draw otherwise, to what a buyer's episodes share, too.
    """
    two, one = (counted_in(compared, part) for part in (sides.two, sides.one))
    if sides.alike:
        return two_rates(two[:3], one[:3], level=level)
    return crossed_rates(two, one, level=level)


def counted_in(compared: Measure, part: pl.DataFrame) -> Side:
    """What a ratio is made of: above, below, cluster and buyer of the episodes that count."""
    some = part.filter(compared.counted).select(
        "cluster", "buyer_place", above=compared.above(), below=compared.below()
    )
    some = some.filter(pl.col("below") > 0)
    return some["above"], some["below"], some["cluster"], some["buyer_place"]


def _by(key: str, sides: _Sides) -> list[_Question]:
    """Conversion, for each value of a column that both runs have."""
    conversion = measure("conversion_rate")
    named = sorted({*sides.one[key].drop_nulls()} & {*sides.two[key].drop_nulls()})
    return [_Question(f"{key} {name}", conversion, sides.where(key, name)) for name in named]


def _adjusted(
    questions: Sequence[_Question],
    adjust: Callable[[Sequence[float | None]], list[float | None]],
    level_of: Callable[[Sequence[float | None]], float],
) -> tuple[Change, ...]:
    """Answer each alone, and adjust p and interval alike for how many they are."""
    alone = [question.test(LEVEL) for question in questions]
    values = [test.p for test in alone]
    level = level_of(values)
    return tuple(
        Change(
            of=asked.of,
            measure=asked.compared.name,
            first=estimates.estimate(asked.compared, asked.sides.one),
            second=estimates.estimate(asked.compared, asked.sides.two),
            test=test,
            adjusted_p=p,
            simultaneous=asked.test(level).interval,
        )
        for asked, test, p in zip(questions, alone, adjust(values), strict=True)
    )
