"""What two arms of a pilot say of the difference between them: how it varies by product."""

from __future__ import annotations

import msgspec
import polars as pl

from retailsim.analysis.measures import estimates
from retailsim.analysis.measures.arms import episodes_in_all
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.statistics.planning import Spread, spread

_CELL = ("seller", "buyer", "price_multiplier", "discount")
"""What the replications of one episode of a product have in common."""


class PilotSpread(msgspec.Struct, frozen=True, kw_only=True):
    """Of one measure.

    Parameters
    ----------
    level : float
        What the measure came to in the first arm.
    change : float
        What it changed by in the second.
    paired : Spread or None
        Of the difference of a product's means, in episodes that both arms have.
    unpaired : Spread
        Of a product's mean in both arms together, were their products different ones.
    episodes_each : float
        Of a product, in one replication.
    flips : float or None
        Of a yes or no in pairs: the share of episodes in which it differs, either way.
    """

    level: float
    change: float
    paired: Spread | None
    unpaired: Spread
    episodes_each: float
    flips: float | None = None

    def paired_for(self, difference: float) -> Spread | None:
        """Return the spread that pairs would have, were the change as large as `difference`.

        A smaller change of a yes or no turns fewer episodes: as many against it as in the pilot,
        and as many fewer in its favour as the difference is smaller (Connor 1987 plans McNemar's
        test by these two shares). Amounts are taken to vary as they did.
        """
        if self.paired is None or self.flips is None:
            return self.paired
        wanted = max(abs(difference), self.flips + abs(difference) - abs(self.change))
        if not self.flips:
            return msgspec.structs.replace(self.paired, within=wanted / self.episodes_each)
        share = wanted / self.flips
        return msgspec.structs.replace(
            self.paired, between=self.paired.between * share, within=self.paired.within * share
        )


def pilot_spread(first: pl.DataFrame, second: pl.DataFrame, by: Measure) -> PilotSpread | None:
    """Measure two arms; None where a measure has no value, or there are fewer than two products.

    Parameters
    ----------
    first, second : polars.DataFrame
        Episodes as `estimates.decided` returns them.
    """
    levels = [estimates.estimate(by, part).value for part in (first, second)]
    if levels[0] is None or levels[1] is None:
        return None
    worth = [_worth(part, by) for part in (first, second)]
    alone = [spread(part["worth"], part["cluster"], _cell(part)) for part in worth]
    one, two = alone
    if one is None or two is None:
        return None
    both = episodes_in_all(worth)
    paired = flips = None
    if both[0].height:
        difference = both[1]["worth"] - both[0]["worth"]
        paired = spread(difference, both[0]["cluster"], _cell(both[0]))
        if by.of_each and by.unit == "share":
            flips = float(difference.abs().mean())  # type: ignore[arg-type]
    replications = first["replication"].n_unique()
    return PilotSpread(
        level=levels[0],
        change=levels[1] - levels[0],
        paired=paired,
        unpaired=Spread(
            mean=one.mean,
            between=one.between + two.between,
            within=one.within + two.within,
            clusters=one.clusters,
        ),
        episodes_each=first.height / first["cluster"].n_unique() / replications,
        flips=flips,
    )


def run_spread(part: pl.DataFrame, by: Measure) -> PilotSpread | None:
    """Measure a single run, as if another one of its products were all chance but for these.

    That is the most that pairs by product can vary where a change is alike for all products.

    Parameters
    ----------
    part : polars.DataFrame
        As for `pilot_spread`.
    """
    found = pilot_spread(part, part, by)
    worth = _worth(part, by)
    alike = spread(worth["worth"], worth["cluster"], worth["cluster"])
    if found is None or alike is None:
        return None
    paired = Spread(
        mean=0.0,
        between=0.0,
        within=2.0 * alike.within / found.episodes_each,
        clusters=alike.clusters,
    )
    return msgspec.structs.replace(found, paired=paired, flips=None)


def _cell(part: pl.DataFrame) -> pl.Series:
    return part.select(cell=pl.struct(pl.col(*_CELL))).to_series()


def _worth(part: pl.DataFrame, by: Measure) -> pl.DataFrame:
    """What each episode adds to the measure: of a ratio, linearised around its value."""
    counts = by.counted.fill_null(value=False)
    above = pl.when(counts).then(by.above()).cast(pl.Float64)
    if by.weighs_alike and by.of_each:
        return part.with_columns(worth=above)
    below = pl.when(counts).then(by.below()).otherwise(0).cast(pl.Float64)
    filled = above.fill_null(0.0)
    ratio = filled.sum() / below.sum()
    return part.with_columns(worth=ratio + (filled - ratio * below) / below.mean())
