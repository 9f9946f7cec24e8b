"""What the numbers of a run say something about: what intervals generalise to, and who played."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import polars as pl

ILLUSTRATION = (
    "Behavioral agents took part: what they do is an illustration of the built-in assumptions, "
    "not evidence about people."
)
"""Stands wherever they did."""

KINDS = ("seller_kind", "buyer_kind")
"""The columns that say what took the seats."""

SHARED_BY = ("product", "profile")
"""The columns that say what episodes share: the first one that an episode has is its cluster."""


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What intervals are about.

    Parameters
    ----------
    interval : str
        What every interval generalises to, such as ``new products of this kind, with these
        sellers and buyers``.
    two_way : str
        What those generalise to that allow for other buyers too.
    shared : str
        What episodes share: ``product``, ``profile`` or, without either, ``episode``.
    """

    interval: str
    two_way: str
    shared: str

    def __str__(self) -> str:
        """Return it as a short sentence."""
        return f"Intervals are for {self.interval}."


def scope(episodes: pl.DataFrame | pl.LazyFrame) -> Scope:
    """Return what the intervals over these episodes are about.

    Parameters
    ----------
    episodes : polars.DataFrame or polars.LazyFrame
        As a projection has them; what they share is the product or, without any, the profile.
    """
    there = episodes.collect_schema()
    said = [pl.col(name).is_not_null().any() for name in SHARED_BY if name in there]
    known = episodes.lazy().select(said).collect(engine="streaming")
    shared = next((name for name in known.columns if known[name].any()), "episode")
    kind = f"new {shared}s of this kind"
    return Scope(
        interval=f"{kind}, with these sellers and buyers",
        two_way=f"{kind} and new buyers, with these sellers",
        shared=shared,
    )


def illustration(*runs: pl.DataFrame | pl.LazyFrame) -> Iterator[str]:
    """Yield the sentence that has to be read where behavioral agents took part; else nothing.

    Parameters
    ----------
    *runs : polars.DataFrame or polars.LazyFrame
        Episodes. Logs of versions that did not write what takes a seat say nothing.
    """
    if any(_behavioral(run) for run in runs):
        yield ILLUSTRATION


def _behavioral(run: pl.DataFrame | pl.LazyFrame) -> bool:
    there = run.collect_schema()
    said = [(pl.col(kind) == "behavioral").any() for kind in KINDS if kind in there]
    found = run.lazy().select(said).collect(engine="streaming")
    return any(found[name].any() for name in found.columns)
