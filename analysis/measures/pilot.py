"""What a run says about how many episodes another one needs: its rate, and who is alike."""

from __future__ import annotations

from itertools import combinations, islice

import msgspec
import polars as pl

from retailsim.analysis.statistics.clusters import intraclass

_MOST_PAIRS = 45
"""Pairs of seats that are looked at; ten seats have so many."""


class Pilot(msgspec.Struct, frozen=True, kw_only=True):
    """What purchases of a run have in common.

    Parameters
    ----------
    rate : float
        Share of episodes with a purchase.
    intraclass : float
        How alike episodes of one product (or profile) are.
    interactions : mapping of {"seller", "buyer"} to float
        How much more alike episodes of one product and one such seat are: 0 where a seat's
        purchases rise and fall with the product as everybody's do. Missing where no product meets
        a seat twice.
    """

    rate: float
    intraclass: float
    interactions: dict[str, float]


def pilot(some: pl.DataFrame) -> Pilot | None:
    """Measure episodes; None where they cannot say how alike products are.

    Parameters
    ----------
    some : polars.DataFrame
        As `estimates.decided` returns them.
    """
    bought = (some["orders"] > 0).cast(pl.Int64)
    alike = intraclass(bought, some["cluster"])
    if alike is None:
        return None
    found = {seat: _interaction(some, seat, alike) for seat in ("seller", "buyer")}
    return Pilot(
        rate=int(bought.sum()) / some.height,
        intraclass=alike,
        interactions={seat: value for seat, value in found.items() if value is not None},
    )


def _interaction(some: pl.DataFrame, seat: str, alike: float) -> float | None:
    """From the variance of differences between two seats over the same products."""
    each = some.height / max(1, some.select("cluster", seat).n_unique())
    names = sorted(some[seat].drop_nulls().unique())
    if len(names) < 2 or each <= 1.0:
        return None
    sums = some.group_by("cluster", seat).agg(
        bought=(pl.col("orders") > 0).sum().cast(pl.Float64), n=pl.len().cast(pl.Float64)
    )
    robust = independent = 0.0
    for one, two in islice(combinations(names, 2), _MOST_PAIRS):
        sides = [_scores(sums.filter(pl.col(seat) == name)) for name in (one, two)]
        both = sides[0][0].join(sides[1][0], on="cluster", suffix="_two")
        if both.height < 2:
            continue
        gaps = both["score"] - both["score_two"]
        robust += float((gaps**2).sum()) * both.height / (both.height - 1)
        independent += sides[0][1] + sides[1][1]
    if independent <= 0.0:
        return None
    return max(0.0, (robust / independent - (1.0 - max(0.0, alike))) / (each - 1.0))


def _scores(side: pl.DataFrame) -> tuple[pl.DataFrame, float]:
    """What each product adds to the error of a seat's rate, and its variance were there no more."""
    n = float(side["n"].sum())
    rate = float(side["bought"].sum()) / n
    scores = side.select("cluster", score=(pl.col("bought") - rate * pl.col("n")) / n)
    return scores, rate * (1.0 - rate) / n
