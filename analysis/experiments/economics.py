"""Do the agents behave as shops have long found people to: three regularities, judged one by one.

Who fits buys more, what costs more is bought less, who minds the price answers more to it. What
*reproduced*, *not reproduced*, *undecided* and *put in* mean, `verdicts` says.
"""

from __future__ import annotations

import msgspec
import polars as pl

from retailsim.analysis.experiments.demand import (
    LEVELS_MAKE_GAPS,
    cells,
    mean_size,
    steepness,
    turned,
)
from retailsim.analysis.experiments.outcomes import (
    Arms,
    ExperimentOutcome,
    JudgedClaim,
    OutcomeRow,
    Value,
    decided_of,
    estimate_of,
    one_table,
    published,
    share_of,
    with_holm,
)
from retailsim.analysis.experiments.put_in import put_in
from retailsim.analysis.experiments.verdicts import STEEPER_SLOPE, by_elasticity, by_points
from retailsim.analysis.statistics.elasticity import Slopes, by_group, grouped, slope_gap
from retailsim.analysis.statistics.strata import stratified_difference
from retailsim.analysis.statistics.values import Estimate, Test

_Judged = tuple[JudgedClaim, tuple[OutcomeRow, ...]]


def economics(arms: Arms) -> ExperimentOutcome:
    """The three regularities, for each agent that plays the buyers (`PART@AGENT`)."""
    runs = {label: _by_actor(decided_of(projection)) for label, projection in arms.items()}
    actors = sorted({actor for parts in runs.values() for actor in parts})
    rows: list[OutcomeRow] = []
    findings, rules = [], []
    for actor in actors:
        fashion, prices, groups = (
            runs[name].get(actor, runs[name][actors[0]].clear())
            for name in ("demographic", "price-demand", "elasticity")
        )
        said = f"{actor}: " if actor else ""
        counts = cells(groups, "buyer_price_consciousness")
        rule = by_group(counts, "sensitive", "indifferent")
        rules.append(_papers_rule(said, rule.test))
        for finding, shown in (
            _fit(said, fashion),
            _falls(said, prices),
            _minds(said, groups, counts, rule),
        ):
            rows += shown
            findings.append(finding)
    return ExperimentOutcome(
        title="Economic regularities",
        tables=one_table(rows),
        findings=with_holm(findings),
        notes=("p by Holm over all rows, two-sided.", *rules, LEVELS_MAKE_GAPS),
    )


def _by_actor(some: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Episodes by who plays the buyer, what stands behind the last @ of its seat; "" for none."""
    actor = pl.col("buyer").str.extract(r"@(.+)$").fill_null("")
    parts = some.with_columns(actor=actor).partition_by("actor", as_dict=True)
    return {str(key[0]): part for key, part in parts.items()}


_FIT = tuple(
    f"Table 2: {cell}" for cell in ("men, male", "men, female", "women, male", "women, female")
)


def _fit(said: str, some: pl.DataFrame) -> _Judged:
    gendered = some.filter(pl.col("audience").is_in(["men", "women"]))
    own = (pl.col("audience") == "men") == (pl.col("buyer_gender") == "male")
    fits, other = gendered.filter(own), gendered.filter(~own)
    men, women = (published()["demographic"][audience] for audience in ("men", "women"))
    fitting, others = (men[0] + women[1]) / 200, (men[1] + women[0]) / 200
    finding = JudgedClaim(
        claim=f"{said}what is made for one's gender is bought more",
        test=stratified_difference(
            (gendered["orders"] > 0).cast(pl.Int64),
            gendered.select(own=own)["own"],
            gendered["cluster"],
            gendered["audience"],
        ),
        unit="share",
        published=f"{100 * (fitting - others):+.1f} points",
        expected=by_points(1),
        put_in=put_in(gendered, "Table 2: gender"),
    )
    sides = (("fits", fits, fitting, _FIT[::3]), ("does not fit", other, others, _FIT[1:3]))
    values = tuple(
        Value(
            name=name,
            unit="share",
            measured=share_of(part),
            published=figure,
            put_in=put_in(part, *made_of),
        )
        for name, part, figure, made_of in sides
    )
    return finding, (OutcomeRow(label=f"{said}bought", values=values),)


def _falls(said: str, some: pl.DataFrame) -> _Judged:
    found = turned(grouped(cells(some))) if some.height else _nothing("grouped binomial")
    figure, mark = -published()["economics"]["elasticity"], put_in(some, "Table 3: price")
    value = Value(
        name="|elasticity|",
        unit="number",
        measured=estimate_of(found),
        published=figure,
        put_in=mark,
    )
    finding = JudgedClaim(
        claim=f"{said}the dearer, the fewer buy (-elasticity)",
        test=found,
        published=f"{figure}",
        expected=by_elasticity(1),
        put_in=mark,
    )
    return finding, (OutcomeRow(label=f"{said}all buyers", values=(value,)),)


_GROUPS = (("price-sensitive", "sensitive"), ("indifferent", "indifferent"))


def _minds(said: str, some: pl.DataFrame, counts: pl.DataFrame, rule: Slopes) -> _Judged:
    found, sizes = _nothing("price x group"), [Estimate(value=None, n=0)] * 2
    if not some.is_empty():
        found = slope_gap(counts, "sensitive", "indifferent")
        sizes = [mean_size(rule, place) for place in (0, 1)]
    finding = JudgedClaim(
        claim=f"{said}the price-sensitive answer more (difference of slopes)",
        test=found,
        published="2.58 v 0.76 in |elasticity|",
        expected=STEEPER_SLOPE,
        put_in=put_in(some, "Elasticity: gap"),
    )
    parts = [some.filter(buyer_price_consciousness=group) for _, group in _GROUPS]
    steep = tuple(
        msgspec.structs.replace(steepness(part), name=name)
        for part, (name, _) in zip(parts, _GROUPS, strict=True)
    )
    mean_sizes = tuple(
        Value(
            name=name,
            unit="number",
            measured=size,
            published=published()["elasticity"][group],
            put_in=put_in(part, f"Elasticity: {group}"),
        )
        for size, part, (name, group) in zip(sizes, parts, _GROUPS, strict=True)
    )
    return finding, (
        OutcomeRow(label=f"{said}-slope (log odds)", values=steep),
        OutcomeRow(label=f"{said}mean |elasticity|", values=mean_sizes),
    )


def _papers_rule(said: str, test: Test) -> str:
    """The paper's own test, which judges nothing here."""
    found = test.note
    if test.estimate is not None and test.p is not None:
        p = "< 0.001" if test.p < 0.0005 else f"{test.p:.3f}"
        found = f"{test.estimate:.2f} more for the price-sensitive, one-tailed p {p}"
    return (
        f"{said}the paper's rule, shown and not judged: mean |elasticity| is {found} "
        "(published: 2.58 v 0.76, p < 0.001)."
    )


def _nothing(method: str) -> Test:
    return Test(method=method, note="no episodes")
