"""`replay`: what a run's log says, as one value that is also the JSON of ``replay --json``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl

from retailsim.analysis.measures import table
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.profit_statement import READS as PROFIT_READS
from retailsim.analysis.measures.profit_statement import ProfitStatement, profit_statement
from retailsim.analysis.measures.rows import COUNTS, MeasureRow, MeasureSums
from retailsim.analysis.measures.scope import KINDS, SHARED_BY
from retailsim.analysis.projection.loader import scan
from retailsim.analysis.projection.projection import LazyProjection, Projection
from retailsim.analysis.projection.registered import own_measures, planned_episodes
from retailsim.analysis.replay.beginning import Beginning, beginning
from retailsim.analysis.replay.cost import Attempts, Cost, cost
from retailsim.analysis.replay.headline_intervals import HeadlineIntervals
from retailsim.analysis.replay.telemetry import attempts
from retailsim.events.log.seal import is_sealed
from retailsim.market.core.money import DOLLARS

READ = frozenset(
    (
        *("episode", "market", "retries", "seller", "buyer", "category", *SHARED_BY, *KINDS),
        *("status", "superseded", "decided", "settled", "orders", "rejected_outputs"),
        *("rejected_commands", "failed_stage", "failed_reason"),
        *PROFIT_READS,
    )
)
"""Columns of the episodes that every replay reads, beside those of its measures."""


class EpisodeCounts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many episodes were opened, and how they ended; the rest is still open.

    ``superseded`` are the failed ones that were repeated; they are in no other number. ``planned``
    is there where the run is not finished: how many it is to have, as its folder says. So is
    ``beginning``, where what is done is the beginning of the list of products or profiles.
    """

    opened: int
    closed: int
    failed: int
    superseded: int
    planned: int | None = None
    beginning: Beginning | None = None

    @property
    def asked(self) -> int:
        """How many were asked for; those that were opened, where nobody knows."""
        return self.planned or self.opened


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """A run, measured.

    Parameters
    ----------
    currency : str
        ISO 4217 code of all amounts but those of ``cost``, which are dollars.
    run : str
        The folder, as it was given.
    partial : bool
        Whether the run is not finished: its log is not sealed, or an episode or a market in it
        has not ended.
    episodes : EpisodeCounts
    failed_markets : int
        Markets that ended before they could hold episodes.
    rejected_outputs, rejected_commands : int
        Answers that could not be read, and commands the market's rules forbade.
    overall : MeasureRow
    sellers, buyers, categories, pairs : tuple of MeasureRow
        Sorted by their key. `analysis.measures.table` says what the columns mean; behind them
        stand the measures of the run's protocol.
    kinds : tuple of MeasureRow
        By what took the seats (``seller_kind``, ``buyer_kind``: a person, a model, ...); empty
        where that was the same in all episodes.
    cost : Cost or None
        None without recorded model calls.
    intervals : HeadlineIntervals or None
        Of the whole run. `replay` leaves them to `replay.headline_intervals`, because they need
        the packages of ``retailsim[analysis]``; ``replay --json`` has them.
    profit : ProfitStatement or None
        Of what it is made, beside it; None where no unit cost is known.
    """

    run: str
    partial: bool
    episodes: EpisodeCounts
    failed_markets: int
    rejected_outputs: int
    rejected_commands: int
    overall: MeasureRow
    sellers: tuple[MeasureRow, ...]
    buyers: tuple[MeasureRow, ...]
    categories: tuple[MeasureRow, ...]
    pairs: tuple[MeasureRow, ...]
    cost: Cost | None
    intervals: HeadlineIntervals | None = None
    profit: ProfitStatement | None = None
    currency: str = DOLLARS
    kinds: tuple[MeasureRow, ...] = ()


def replay(run: Path, projection: Projection | LazyProjection | None = None) -> Replay:
    """Measure a run from its log.

    Memory holds some thousand episodes at a time, and sums by sellers, buyers and products.

    Parameters
    ----------
    run : Path
        The run's folder; its log may be unfinished.
    projection : Projection or LazyProjection, optional
        What `load` or `scan` have made of it, where that is at hand already.

    Raises
    ------
    NotARun
        If there is no log in the folder.
    LogDamaged
        If the log does not hold what was written.
    LogUnreadable
        If it does, and an event in it is not as `events.messages` says.
    """
    sealed = is_sealed(run)  # before the log is read, for it may be meanwhile
    own = own_measures(run)

    def told(found: Projection | LazyProjection) -> Replay:
        sent = attempts(run)
        return summarize(str(run), found, sealed=sealed, sent=sent, own=own, folder=run)

    return scan(run, told) if projection is None else told(projection)


def columns_read(own: Sequence[Measure]) -> frozenset[str]:
    """Return the columns of the episodes that a replay reads, with its intervals and cautions."""
    return READ | table.columns_read(table.with_own(own))


def summarize(
    run: str,
    projection: Projection | LazyProjection,
    *,
    sealed: bool,
    sent: Sequence[Attempts] = (),
    own: Sequence[Measure] = (),
    folder: Path | None = None,
) -> Replay:
    """Measure a projection; `sealed` says whether its log can grow no more.

    `sent` are the attempts at model calls, from the telemetry; `own` the protocol's measures;
    `folder` says how many episodes the run is to have, and in which order.
    """
    held = projection.lazy()
    episodes = held.episodes.filter(COUNTS)
    sums = MeasureSums(episodes, own)
    ended, markets = _ended(held.episodes, COUNTS), _ended(held.markets, pl.lit(value=True))
    partial = bool(not sealed or ended.open or markets.open)
    unfinished = folder if partial else None
    superseded = held.episodes.select(pl.col("superseded").sum()).collect(engine="streaming").item()
    # An episode that was never opened still counts its rejections.
    rejecting = held.episodes.filter(~pl.col("superseded"))
    outputs, commands = map(sum, zip(_rejected(rejecting), _rejected(held.markets), strict=True))
    return Replay(
        run=run,
        partial=partial,
        episodes=EpisodeCounts(
            opened=ended.counted,
            closed=ended.closed,
            failed=ended.failed,
            superseded=superseded,
            planned=None if unfinished is None else planned_episodes(unfinished),
            beginning=None if unfinished is None else beginning(unfinished, held.episodes),
        ),
        failed_markets=markets.failed,
        rejected_outputs=outputs,
        rejected_commands=commands,
        overall=sums.overall(),
        sellers=tuple(sums.by(("seller",))),
        buyers=tuple(sums.by(("buyer",))),
        categories=tuple(sums.by(("category",))),
        pairs=tuple(sums.by(("seller", "buyer"))),
        kinds=tuple(sums.by_kind()),
        cost=cost(projection, sent),
        profit=profit_statement(episodes),
    )


class _Ended(NamedTuple):
    """How many episodes or markets there are, and how they ended."""

    counted: int
    closed: int
    failed: int
    open: int


def _ended(some: pl.LazyFrame, which: pl.Expr) -> _Ended:
    status = [(pl.col("status") == name).sum().alias(name) for name in _Ended._fields[1:]]
    found = some.filter(which).select(pl.len(), *status).collect(engine="streaming")
    return _Ended(*map(int, found.row(0)))


def _rejected(some: pl.LazyFrame) -> tuple[int, int]:
    sums = some.select(pl.col("rejected_outputs", "rejected_commands").sum())
    outputs, commands = sums.collect(engine="streaming").row(0)
    return int(outputs), int(commands)
