"""Which episodes are rated: drawn by the seed, evenly over agents, pairs that differ in one trait.

An episode's draw is a hash of the seed, the task and what is rated, so a choice does not depend on
the order of the log, and a larger one holds the smaller.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from types import MappingProxyType

import msgspec
import polars as pl

from retailsim.analysis.annotation.tasks import LIKERT, TRAITS, Trait

Makes = Mapping[str, Mapping[str, str]]
"""Role -> seat -> what plays it; only seats played by the same are ever compared."""


class Pick(msgspec.Struct, frozen=True, kw_only=True):
    """One or two episodes to be shown.

    Parameters
    ----------
    agent : str
        Who is rated.
    episodes : tuple of str
        One; or two, of which the first has the pole that raters are asked to find.
    markets : tuple of str
        The market of each.
    """

    task: str
    agent: str
    product: str
    title: str
    price_cents: int | None
    episodes: tuple[str, ...]
    markets: tuple[str, ...]


_RATED: Mapping[str, tuple[str, pl.Expr, tuple[str, ...]]] = MappingProxyType(
    {
        "pitch": ("market", pl.lit(True), ("seller",)),
        "pre_inquiry": ("episode", pl.col("pre_exchanges") > 0, ("seller", "buyer")),
        "decision": ("episode", pl.col("will_purchase").is_not_null(), ("buyer",)),
        "post_inquiry": ("episode", pl.col("post_exchanges") > 0, ("seller", "buyer")),
        "review": ("episode", pl.col("reviews") > 0, ("buyer",)),
    }
)
"""Task -> what is one item, which episodes have it, who made it."""

_ENOUGH: Mapping[str, pl.Expr] = MappingProxyType(
    {
        "pitch": pl.lit(True),
        "dialogue": pl.col("pre_exchanges") + pl.col("post_exchanges") > 0,
        "decision": pl.col("will_purchase").is_not_null(),
    }
)

_EQUAL = ("product", "replication", "condition", "price_cents")


def usable(episodes: pl.DataFrame) -> pl.DataFrame:
    """Return the episodes about one product that came to their end."""
    told = (pl.col("status") == "closed") & ~pl.col("superseded") & pl.col("product").is_not_null()
    return episodes.filter(told).sort("episode")


def likert_picks(episodes: pl.DataFrame, each: int, seed: int, makes: Makes) -> list[Pick]:
    """Draw up to `each` items of every rated task, in turn from every seat or pair of seats."""
    found: list[Pick] = []
    for task in LIKERT:
        unit, which, roles = _RATED[task.name]
        rows = episodes.filter(which).unique(unit, keep="first", maintain_order=True)
        played = [_played(role, makes, pl.col(role)) for role in roles]
        rows = rows.with_columns(
            agent=pl.concat_str(played, separator=" with "),
            unit=pl.col(unit),
            group=pl.concat_str(roles, separator="/"),
        )
        for row in _drawn(rows, each, f"{seed}/{task.name}").iter_rows(named=True):
            found.append(_pick(task.name, row, (row["episode"],), (row["market"],)))
    return found


def pair_picks(episodes: pl.DataFrame, pairs: int, seed: int, makes: Makes) -> list[Pick]:
    """Draw up to `pairs` pairs of every trait: opposite poles, all else equal."""
    found: list[Pick] = []
    for trait in TRAITS:
        rows = candidates(episodes, trait, makes)
        for row in _drawn(rows, pairs, f"{seed}/{trait.column}").iter_rows(named=True):
            both = (row["episode"], row["episode_right"])
            found.append(_pick(trait.column, row, both, (row["market"], row["market_right"])))
    return found


def candidates(episodes: pl.DataFrame, trait: Trait, makes: Makes) -> pl.DataFrame:
    """Return all pairs of a trait: the same product, counterpart, price and other traits.

    Two pitches are one pair, however many buyers heard them. Columns are those of the episodes,
    ``episode_right`` and ``market_right`` of the one with the opposite pole, ``agent`` (what plays
    both), ``unit`` and ``group`` (the other traits and the agent).
    """
    other = "buyer" if trait.role == "seller" else "seller"
    columns = [t.column for t in TRAITS if t.role == trait.role and t != trait]
    played = _played(trait.role, makes, pl.lit(""))
    rows = episodes.filter(_ENOUGH[trait.shown]).with_columns(agent=played)
    keys = [*_EQUAL, other, *columns, f"{trait.role}_gender", "agent"]
    first, second = (rows.filter(pl.col(trait.column) == pole) for pole in trait.poles)
    right = second.select(*keys, episode_right="episode", market_right="market")
    joined = first.join(right, on=keys, how="inner", nulls_equal=True).sort(
        "episode", "episode_right"
    )
    if trait.shown == "pitch":
        joined = joined.unique(["market", "market_right"], keep="first", maintain_order=True)
    return joined.with_columns(
        unit=pl.concat_str(["episode", pl.lit("/"), "episode_right"]),
        group=pl.concat_str(pl.col(*columns, "agent").fill_null(""), separator="/"),
    )


def _played(role: str, makes: Makes, unknown: pl.Expr) -> pl.Expr:
    """Return what plays a seat, or `unknown` where nobody says."""
    seats = dict(makes.get(role, {}))
    return pl.col(role).replace_strict(seats, default=unknown, return_dtype=pl.String)


def _drawn(rows: pl.DataFrame, most: int, purpose: str) -> pl.DataFrame:
    """Return up to `most` rows, one of each group in turn."""
    draws = [digest(f"{purpose}/{unit}") for unit in rows["unit"]]
    return (
        rows.with_columns(draw=pl.Series("draw", draws, pl.String))
        .sort("draw")
        .with_columns(turn=pl.int_range(pl.len()).over("group"))
        .sort("turn", "draw")
        .head(most)
    )


def digest(text: str) -> str:
    """Return sixteen hex digits that depend on `text` alone."""
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _pick(
    task: str, row: Mapping[str, object], episodes: tuple[str, ...], markets: tuple[str, ...]
) -> Pick:
    price = row["price_cents"]
    return Pick(
        task=task,
        agent=str(row["agent"]),
        product=str(row["product"]),
        title=str(row["title"] or row["product"]),
        price_cents=price if isinstance(price, int) else None,
        episodes=episodes,
        markets=markets,
    )
