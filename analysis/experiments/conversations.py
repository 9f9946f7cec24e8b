"""Sellers of conversations side by side: the published measures, and corrected ones beside them.

``SR``: conversations that end in a purchase / all. ``SWR (published)``: purchases of the dearer
candidate / *successful* conversations, as the paper has it; ``SWR (of all)``: / all. ``AT
(published)``: mean turns over successes; ``turns (all)``: over all, those without a purchase
counted up to where they ended. Intervals are by profile.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from analysis.experiments.outcomes import Finding, Outcome, Row, Value
from analysis.sales import Conversations, conversations
from analysis.statistics.clusters import mean, rate
from analysis.statistics.differences import sign_flip
from analysis.statistics.multiplicity import holm
from analysis.statistics.values import Estimate
from events.sales import ACTIONS, OPENNESS, STYLES, TACTICS

SEED = 1
_CLUSTER = "profile"


def table(run: Path) -> Outcome:
    """Return the comparison of a run's sellers."""
    found = conversations(run)
    some = found.conversations.with_columns(sold=pl.col("bought").is_not_null())
    sellers = sorted(some["seller"].unique())
    rows = [_row(seller, some.filter(seller=seller), found) for seller in sellers]
    rows += [
        _split(seller, some.filter(pl.col("seller") == seller, pl.col(key) == value), value)
        for seller in sellers
        for key, values in (("openness", OPENNESS), ("style", STYLES))
        for value in values
    ]
    rows += [_shares(seller, found) for seller in sellers]
    return Outcome(
        title="Conversational sales",
        rows=tuple(rows),
        findings=tuple(_contrasts(some, sellers)),
        notes=(_improves(found), _thin(some)),
    )


def _ones(part: pl.DataFrame) -> pl.Series:
    return pl.Series("ones", [1] * part.height, dtype=pl.Int64)


def _share(part: pl.DataFrame, column: str) -> Estimate:
    return rate(part[column].cast(pl.Int64), _ones(part), part[_CLUSTER])


def _row(seller: str, part: pl.DataFrame, found: Conversations) -> Row:
    sold = part.filter("sold")
    lost = sold.drop_nulls("surplus_lost_cents")
    values = [
        ("SR", "share", _share(part, "sold")),
        ("SWR (published)", "share", _share(sold, "upsold")),
        ("SWR (of all)", "share", _share(part, "upsold")),
        ("AT (published)", "number", mean(sold["turns"], sold[_CLUSTER])),
        ("turns (all)", "number", mean(part["turns"], part[_CLUSTER])),
        ("over budget", "share", _share(part, "over_budget")),
        ("surplus lost", "cents", mean(lost["surplus_lost_cents"], lost[_CLUSTER])),
        ("style read", "share", balanced(found, seller, "style")),
        ("openness read", "share", balanced(found, seller, "openness")),
    ]
    return Row(
        label=seller,
        values=tuple(Value(name=name, unit=unit, measured=m) for name, unit, m in values),
    )


def _split(seller: str, part: pl.DataFrame, value: str) -> Row:
    sold = part.filter("sold")
    values = (
        Value(name="SR", unit="share", measured=_share(part, "sold")),
        Value(name="SWR (of all)", unit="share", measured=_share(part, "upsold")),
        Value(name="AT (published)", unit="number", measured=mean(sold["turns"], sold[_CLUSTER])),
    )
    return Row(label=f"{seller}, {value}", values=values)


def balanced(found: Conversations, seller: str, what: str, turn: int | None = None) -> Estimate:
    """Balanced accuracy of what a seller inferred: the mean over the true classes.

    Plain accuracy says nothing where four fifths of all profiles are of one class. Chance is one
    third. What was not inferred yet is wrong.

    Parameters
    ----------
    what : {"style", "openness"}
    turn : int or None
        None: the last of each conversation.
    """
    rows = found.inferences.filter(seller=seller)
    if turn is None:
        rows = rows.sort("turn").group_by("episode", maintain_order=True).last()
    else:
        rows = rows.filter(turn=turn)
    if rows.is_empty():
        return Estimate(value=None, n=0, note="nothing was inferred")
    right = (pl.col(f"inferred_{what}") == pl.col(what)).fill_null(False)
    profiles = rows.join(
        found.conversations.select("episode", _CLUSTER), on="episode", how="inner"
    ).with_columns(right=right)
    # Each class weighs the same: its rows weigh the inverse of their number.
    weighed = profiles.with_columns(weight=1.0 / pl.len().over(what))
    one = mean(
        weighed["right"].cast(pl.Float64) * weighed["weight"],
        weighed[_CLUSTER],
        weights=weighed["weight"],
    )
    return Estimate(
        value=one.value,
        n=profiles.height,
        interval=one.interval,
        clusters=one.clusters,
        note=one.note,
    )


def _contrasts(some: pl.DataFrame, sellers: list[str]) -> list[Finding]:
    """The first CSI seller against each other one, over the same profiles."""
    ours = next((seller for seller in sellers if seller.startswith("csi")), None)
    if ours is None:
        return []
    key = [_CLUSTER, "buyer"]
    base = some.filter(seller=ours).unique(key).select(*key, sold_here="sold")
    found = []
    for other in sellers:
        if other == ours:
            continue
        pairs = base.join(some.filter(seller=other).unique(key), on=key)
        moved = pairs["sold_here"].cast(pl.Int64) - pairs["sold"].cast(pl.Int64)
        test = sign_flip(moved, pairs[_CLUSTER], seed=SEED)
        found.append(Finding(claim=f"SR of {ours} minus {other}", test=test))
    adjusted = holm([finding.test.p for finding in found])
    return [
        Finding(claim=finding.claim, test=finding.test, adjusted_p=p)
        for finding, p in zip(found, adjusted, strict=True)
    ]


def _shares(seller: str, found: Conversations) -> Row:
    """What a seller did, of all its turns; tactics of its persuasions."""
    part = found.actions.filter(seller=seller)
    persuading = part.drop_nulls("tactic")
    values = [_plain(action, part.filter(action=action).height, part.height) for action in ACTIONS]
    values += [
        _plain(tactic, part.filter(tactic=tactic).height, persuading.height) for tactic in TACTICS
    ]
    return Row(label=f"{seller}, what it did", values=tuple(values))


def _plain(name: str, count: int, of: int) -> Value:
    share = Estimate(value=count / of if of else None, n=of)
    return Value(name=name, unit="share", measured=share)


def _improves(found: Conversations) -> str:
    """Say how the inference goes on over the turns."""
    said = []
    for seller in sorted(found.inferences["seller"].unique()):
        for what in ("style", "openness"):
            by_turn = (balanced(found, seller, what, turn) for turn in (1, 2, 3, 5))
            shares = (f"{one.value:.0%}" if one.value is not None else "-" for one in by_turn)
            said.append(f"{seller} {what} {' / '.join(shares)}")
    return "Balanced accuracy at turns 1 / 2 / 3 / 5 (chance 33 %): " + "; ".join(said)


def _thin(some: pl.DataFrame) -> str:
    few = int((some["few_shown"] > 0).sum())
    lone = some.filter(pl.col("selected").is_not_null(), pl.col("candidate").is_null()).height
    return (
        f"{few:,} conversations had a suggestion with fewer than three fitting items; in {lone:,} "
        "no dearer candidate was to be had."
    )
