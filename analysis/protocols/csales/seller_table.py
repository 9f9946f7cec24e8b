"""Sellers of conversations side by side: the published measures, and corrected ones beside them.

What each measure is, `analysis.protocols.csales.measures` says. Intervals are by profile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from retailsim.analysis.experiments.outcomes import (
    ExperimentOutcome,
    JudgedClaim,
    OutcomeRow,
    OutcomeTable,
    Value,
    ones,
    value_of,
    with_holm,
)
from retailsim.analysis.measures.estimates import estimate
from retailsim.analysis.measures.measure import DECIDED
from retailsim.analysis.measures.rows import MeasureRow, counted, measures
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.protocols.csales.conversations import Conversations, conversations
from retailsim.analysis.protocols.csales.measures import (
    CONVERSATION_MEASURES,
    PROFIT_MEASURE,
    WORTH_MEASURES,
)
from retailsim.analysis.statistics.clusters import by_t, rate, ratio_variance, sums
from retailsim.analysis.statistics.differences import sign_flip
from retailsim.analysis.statistics.values import Estimate, Interval, Test
from retailsim.market.protocols.csales.events import ACTIONS, OPENNESS, STYLES, TACTICS

SEED = 1
_CLUSTER = "profile"


def table(projection: Projection) -> ExperimentOutcome:
    """Return the comparison of a run's sellers."""
    found = conversations(projection)
    some = measurable(found)
    sellers = sorted(some["seller"].unique())
    by_seller = [(seller, some.filter(seller=seller)) for seller in sellers]
    splits = [
        _split(seller, some.filter(pl.col("seller") == seller, pl.col(key) == value), value)
        for seller in sellers
        for key, values in (("openness", OPENNESS), ("style", STYLES))
        for value in values
    ]
    reads = [_read(seller, turn, found) for seller in sellers for turn in _turns(seller, found)]
    return ExperimentOutcome(
        title="Conversational sales",
        tables=(
            _named(
                *("sellers", "Sellers"),
                [seller_row(seller, some.filter(seller=seller), found) for seller in sellers],
            ),
            _named("worth", "Who gains, per conversation", [_worth(*one) for one in by_seller]),
            _named("splits", "By openness and decision style", splits),
            _named("reads", "What sellers read off buyers, turn by turn", reads),
            _named("acts", "What sellers did", [_shares(seller, found) for seller in sellers]),
        ),
        findings=(
            *with_holm(_contrasts(some, sellers)),
            *with_holm(_improvements(found, sellers)),
        ),
        notes=(_READ, _thin(some), *_beside(projection)),
    )


def measurable(found: Conversations) -> pl.DataFrame:
    """Return the conversations with what `analysis.protocols.csales.measures` reads."""
    sold = pl.col("bought").is_not_null()
    return found.conversations.with_columns(
        sold=sold, censored=pl.when(sold).then("turns").otherwise(pl.col("turns").max())
    )


def _named(name: str, title: str, rows: Sequence[OutcomeRow]) -> OutcomeTable:
    return OutcomeTable(name=name, title=title, rows=tuple(rows))


def seller_row(seller: str, part: pl.DataFrame, found: Conversations) -> OutcomeRow:
    """Return a seller's measures over its conversations, and how well it read its buyers."""
    return OutcomeRow(
        label=seller,
        values=(
            *_measures(part),
            Value(name="style read", unit="share", measured=balanced(found, seller, "style")),
            Value(name="openness read", unit="share", measured=balanced(found, seller, "openness")),
        ),
    )


def _worth(seller: str, part: pl.DataFrame) -> OutcomeRow:
    """Return what a seller's conversations come to for it and for its buyers."""
    known = (PROFIT_MEASURE,) if part["profit_cents"].is_not_null().any() else ()
    shown = (*known, *WORTH_MEASURES)
    values = [value_of(one, estimate(one, part, _CLUSTER)) for one in shown]
    return OutcomeRow(label=f"{seller}, per conversation", values=tuple(values))


def _split(seller: str, part: pl.DataFrame, value: str) -> OutcomeRow:
    return OutcomeRow(label=f"{seller}, {value}", values=_measures(part))


def _measures(part: pl.DataFrame) -> tuple[Value, ...]:
    """What conversations came to."""
    return tuple(value_of(one, estimate(one, part, _CLUSTER)) for one in CONVERSATION_MEASURES)


def balanced(found: Conversations, seller: str, what: str, turn: int | None = None) -> Estimate:
    """Balanced accuracy of what a seller inferred: the mean over the true classes.

    Plain accuracy says nothing where four fifths of all profiles are of one class. Chance is one
    third. What was not inferred yet is wrong.

    Parameters
    ----------
    what : {"style", "openness"}
    turn : int or None
        None: the last of each conversation that came to its end.
    """
    rows = _inferred(found, seller, turn).with_columns(right=_right(what))
    if rows.is_empty():
        return Estimate(value=None, n=0, note="nothing was inferred")
    # Classes are strata: a profile is of one, and how many there are of each is no accident.
    classes = [
        sums(part["right"], ones(part), part[_CLUSTER])
        for part in rows.partition_by(what, maintain_order=True)
    ]
    clusters, count = sum(len(below) for _, below in classes), len(classes)
    value = sum(float(above.sum() / below.sum()) for above, below in classes) / count
    alone = any(len(below) < 2 for _, below in classes)
    spread = 0.0 if alone else sum(ratio_variance(*each) for each in classes) ** 0.5 / count
    if spread == 0.0:
        note = "a class of a single profile: no interval" if alone else "no spread: no interval"
        return Estimate(value=value, n=rows.height, clusters=clusters, note=note)
    around = by_t(value, spread, clusters - count)
    ends = Interval(max(0.0, around.low), min(1.0, around.high), around.method)
    effective = min(float(rows.height), value * (1.0 - value) / spread**2)
    return Estimate(
        value=value, n=rows.height, interval=ends, clusters=clusters, effective_n=effective
    )


def _inferred(found: Conversations, seller: str, turn: int | None) -> pl.DataFrame:
    """What a seller inferred at a turn, or last (None), with the profile it was about.

    A conversation that failed has no last turn; those that it came to count.
    """
    rows = found.inferences.filter(seller=seller)
    if turn is not None:
        return rows.filter(turn=turn)
    return rows.filter(DECIDED).sort("turn").group_by("episode", maintain_order=True).last()


def _right(what: str) -> pl.Expr:
    return (pl.col(f"inferred_{what}") == pl.col(what)).fill_null(False)


def _turns(seller: str, found: Conversations) -> list[int]:
    return found.inferences.filter(seller=seller)["turn"].unique().sort().to_list()


def _read(seller: str, turn: int, found: Conversations) -> OutcomeRow:
    rows = _inferred(found, seller, turn)
    values = (
        ("style read", balanced(found, seller, "style", turn)),
        ("openness read", balanced(found, seller, "openness", turn)),
        ("category read", rate(rows["category_share"], ones(rows), rows[_CLUSTER])),
    )
    return OutcomeRow(
        label=f"{seller}, turn {turn}",
        values=tuple(Value(name=name, unit="share", measured=m) for name, m in values),
    )


_READ = (
    "Style and openness read: balanced accuracy (chance 33%), at a turn of those conversations "
    "that got so far; category read: how much of the true path the inferred one begins with."
)


_OFFLINE = (
    "No model was asked: the ReAct-style and PC-CRS-style sellers need one, and CSI can be one; "
    "docs/csales.md has the command."
)


def _beside(projection: Projection) -> Iterator[str]:
    """Say what is in no rate, and who is not here."""
    rows = measures(counted(projection.episodes), ("seller",))
    lost = [_lost(row) for row in rows if row.conversion_rate_low != row.conversion_rate_high]
    if lost:
        yield (
            "Conversations that failed before their end count in the turns they had and in no SR; "
            f"had none or all of them ended in a purchase, SR would be: {', '.join(lost)}."
        )
    if projection.calls.is_empty():
        yield _OFFLINE


def _lost(row: MeasureRow) -> str:
    low, high = row.conversion_rate_low, row.conversion_rate_high
    return f"{row.seller} ({row.failed:,} failed) {low:.1%} or {high:.1%}"


def _contrasts(some: pl.DataFrame, sellers: list[str]) -> list[JudgedClaim]:
    """The first CSI seller against each other one, over the same profiles."""
    ours = next((seller for seller in sellers if seller.startswith("csi")), None)
    if ours is None:
        return []
    return [contrast(some, ours, other) for other in sellers if other != ours]


def contrast(some: pl.DataFrame, ours: str, other: str) -> JudgedClaim:
    """Return what one seller's SR is above another's, over the same profiles and buyers."""
    key = [_CLUSTER, "buyer"]
    rates = some.group_by("seller", *key).agg(pl.col("sold").mean()).sort(key)
    base = rates.filter(seller=ours).select(*key, sold_here="sold")
    pairs = base.join(rates.filter(seller=other), on=key, maintain_order="left")
    test = sign_flip(pairs["sold_here"] - pairs["sold"], pairs[_CLUSTER], seed=SEED)
    return JudgedClaim(claim=f"SR of {ours} minus {other}", test=test, unit="share")


def _improvements(found: Conversations, sellers: list[str]) -> list[JudgedClaim]:
    """How much better a conversation's last inference is than its first, classes weighing alike."""
    return [
        JudgedClaim(
            claim=f"{what} read by {seller}, last turn minus first",
            test=_improvement(found, seller, what),
            unit="share",
        )
        for seller in sellers
        for what in ("style", "openness")
    ]


def _improvement(found: Conversations, seller: str, what: str) -> Test:
    first, last = (
        _inferred(found, seller, turn).with_columns(right=_right(what).cast(pl.Float64))
        for turn in (1, None)
    )
    pairs = last.join(first.select("episode", before="right"), on="episode").sort("episode")
    weight = pl.len() / (pl.len().over(what) * pl.col(what).n_unique())
    moved = pairs.select(moved=(pl.col("right") - pl.col("before")) * weight)["moved"]
    return sign_flip(moved, pairs[_CLUSTER], seed=SEED)


def _shares(seller: str, found: Conversations) -> OutcomeRow:
    """What a seller did, of all its turns; tactics of its persuasions."""
    part = found.actions.filter(seller=seller)
    persuading = part.drop_nulls("tactic")
    values = [_plain("action", action, part) for action in ACTIONS]
    values += [_plain("tactic", tactic, persuading) for tactic in TACTICS]
    return OutcomeRow(label=f"{seller}, what it did", values=tuple(values))


def _plain(column: str, name: str, part: pl.DataFrame) -> Value:
    chosen = (part[column] == name).cast(pl.Int64)
    return Value(name=name, unit="share", measured=rate(chosen, ones(part), part[_CLUSTER]))


def _thin(some: pl.DataFrame) -> str:
    few = int((some["few_shown"] > 0).sum())
    lone = some.filter(pl.col("selected").is_not_null(), pl.col("candidate").is_null()).height
    return (
        f"{few:,} conversations had a suggestion that showed fewer than three items; in {lone:,} "
        "no dearer candidate was to be had."
    )
