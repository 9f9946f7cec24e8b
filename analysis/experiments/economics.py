"""Do the agents behave as shops have long found people to: three regularities, judged one by one.

Who fits buys more, what costs more is bought less, who minds the price answers more to it.
A regularity is *reproduced* if its interval lies beyond zero on the expected side and its p, over
all that is judged, stays below 5 %; *not reproduced* if the whole interval lies below the smallest
effect that anybody would care for; else *undecided* at this size.
"""

from __future__ import annotations

import msgspec
import polars as pl

from retailsim.analysis.experiments.demand import cells, mean_size
from retailsim.analysis.experiments.outcomes import (
    Arms,
    ExperimentOutcome,
    JudgedClaim,
    OutcomeRow,
    Value,
    bought_of,
    decided_of,
    estimate_of,
    one_table,
    published,
    share_of,
    with_holm,
)
from retailsim.analysis.statistics.differences import two_rates
from retailsim.analysis.statistics.elasticity import by_group, grouped
from retailsim.analysis.statistics.values import Estimate, Interval, Test

FIT = 0.03
"""Smallest difference of purchase rates that counts as fit mattering."""
ELASTIC = 0.2
"""Smallest elasticity, and difference of elasticities, that counts as an answer to the price."""
REPRODUCED, NOT_REPRODUCED, UNDECIDED = "reproduced", "not reproduced", "undecided at this size"
ALPHA = 0.05


def economics(arms: Arms) -> ExperimentOutcome:
    """The three regularities, for each agent that plays the buyers (`PART@AGENT`)."""
    runs = {label: _by_actor(decided_of(projection)) for label, projection in arms.items()}
    actors = sorted({actor for parts in runs.values() for actor in parts})
    rows, judged = [], []
    for actor in actors:
        fashion, prices, groups = (
            runs[name].get(actor, runs[name][actors[0]].clear())
            for name in ("demographic", "price-demand", "elasticity")
        )
        said = f"{actor}: " if actor else ""
        for finding, row, least in (
            _fit(said, fashion),
            _falls(said, prices),
            _minds(said, groups),
        ):
            rows.append(row)
            judged.append((finding, least))
    adjusted = with_holm([finding for finding, _ in judged])
    return ExperimentOutcome(
        title="Economic regularities",
        tables=one_table(rows),
        findings=tuple(
            msgspec.structs.replace(finding, verdict=verdict(finding, least))
            for finding, (_, least) in zip(adjusted, judged, strict=True)
        ),
        notes=(
            f"Not reproduced: the whole interval lies below {FIT:.0%} (fit) or {ELASTIC} "
            "(elasticities). p by Holm over all rows.",
        ),
    )


def verdict(finding: JudgedClaim, least: float) -> str:
    """Judge a finding whose expected sign is plus; `least` is the smallest effect that counts."""
    interval, p = finding.test.interval, finding.adjusted_p
    if interval is None or p is None:
        return UNDECIDED
    if interval.low > 0.0 and p < ALPHA:
        return REPRODUCED
    return NOT_REPRODUCED if interval.high < least else UNDECIDED


def _by_actor(some: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Episodes by who plays the buyer, what stands behind the last @ of its seat; "" for none."""
    actor = pl.col("buyer").str.extract(r"@(.+)$").fill_null("")
    parts = some.with_columns(actor=actor).partition_by("actor", as_dict=True)
    return {str(key[0]): part for key, part in parts.items()}


def _fit(said: str, some: pl.DataFrame) -> tuple[JudgedClaim, OutcomeRow, float]:
    gendered = some.filter(pl.col("audience").is_in(["men", "women"]))
    own = (pl.col("audience") == "men") == (pl.col("buyer_gender") == "male")
    fits, other = gendered.filter(own), gendered.filter(~own)
    men, women = (published()["demographic"][audience] for audience in ("men", "women"))
    fitting, others = (men[0] + women[1]) / 200, (men[1] + women[0]) / 200
    finding = JudgedClaim(
        claim=f"{said}what is made for one's gender is bought more",
        test=two_rates(bought_of(fits), bought_of(other)),
        unit="share",
        published=f"{100 * (fitting - others):+.1f} points",
    )
    values = (
        Value(name="fits", unit="share", measured=share_of(fits), published=fitting),
        Value(name="does not fit", unit="share", measured=share_of(other), published=others),
    )
    return finding, OutcomeRow(label=f"{said}bought", values=values), FIT


def _falls(said: str, some: pl.DataFrame) -> tuple[JudgedClaim, OutcomeRow, float]:
    found = _turned(grouped(cells(some))) if some.height else _nothing("grouped binomial")
    figure = -published()["economics"]["elasticity"]
    value = Value(name="|elasticity|", unit="number", measured=estimate_of(found), published=figure)
    finding = JudgedClaim(
        claim=f"{said}the dearer, the fewer buy (-elasticity)", test=found, published=f"{figure}"
    )
    return finding, OutcomeRow(label=f"{said}all buyers", values=(value,)), ELASTIC


def _minds(said: str, some: pl.DataFrame) -> tuple[JudgedClaim, OutcomeRow, float]:
    groups, figures = ("sensitive", "indifferent"), published()["elasticity"]
    found, sides = _nothing("paired t"), [Estimate(value=None, n=0)] * 2
    if not some.is_empty():
        slopes = by_group(cells(some, "buyer_price_consciousness"), *groups)
        found, sides = slopes.test, [mean_size(slopes, place) for place in (0, 1)]
    values = tuple(
        Value(name=name, unit="number", measured=side, published=figure)
        for name, side, figure in zip(
            ("price-sensitive", "indifferent"),
            sides,
            [figures[group] for group in groups],
            strict=True,
        )
    )
    finding = JudgedClaim(
        claim=f"{said}the price-sensitive answer more (difference of |elasticity|)",
        test=found,
        published=f"{figures['sensitive'] - figures['indifferent']:+.2f}, p < 0.001",
    )
    return finding, OutcomeRow(label=f"{said}mean |elasticity|", values=values), ELASTIC


def _nothing(method: str) -> Test:
    return Test(method=method, note="no episodes")


def _turned(test: Test) -> Test:
    """The same test of minus the estimate."""
    interval = test.interval and Interval(
        -test.interval.high, -test.interval.low, test.interval.method
    )
    estimate = None if test.estimate is None else -test.estimate
    return msgspec.structs.replace(test, estimate=estimate, interval=interval)
