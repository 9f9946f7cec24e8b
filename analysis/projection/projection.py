"""From event lines to one row per episode, market and kind of model call.

A log is read a segment at a time, so memory holds one segment and the rows so far, however
long the log is. Each segment gives partial rows; partial rows of the same episode are folded
into one by the rules in `columns`. Folding is the same operation at both levels, and does not
depend on how events are spread over batches, segments and shards.

What it relies on: the events of one market stand in the log in the order of their ``seq``, so
the pieces of an episode that straddles segments can be ordered by their last ``seq``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, overload

import polars as pl

from retailsim.analysis.projection.call_stages import placed
from retailsim.analysis.projection.finished import (
    Others,
    finished_episodes,
    finished_markets,
)
from retailsim.analysis.projection.joined import in_order, join, packed_rows
from retailsim.analysis.projection.packed import (
    Packed,
    PackedTables,
    Stored,
    in_memory,
    packed,
    scanned,
    unpacked,
    unpacked_of,
)
from retailsim.analysis.projection.pieces import Pieces, extract
from retailsim.analysis.projection.protocol_tables import TableSet, table_set
from retailsim.analysis.projection.tables import ROW_KEY, ColumnTable
from retailsim.events.log.reader import LogCheck


@dataclass(frozen=True, slots=True)
class Projection:
    """What a log says, as frames.

    Parameters
    ----------
    episodes : polars.DataFrame
        One row per episode, sorted by ``episode``: the columns of `columns.EPISODES` and

        - ``status``: ``closed``, ``failed``, ``open``, or ``unopened`` for an episode that
          events name though its opening is not in the log. An episode left open by a market
          that failed is failed, with the market's stage and reason.
        - ``superseded``: another episode retries this one; it counts nowhere.
        - ``decided``: whether it is known if the buyer bought, however the episode ended; a
          decision to buy whose order is not in the log is not known to have come to anything.
        - ``settled``: whether there is an order and it is known what became of it.
        - ``net_revenue_cents``: gross revenue minus refunds of goods.
        - ``returned_cost_cents``, ``goods_cost_cents``, ``delivery_cost_cents``, ``tax_cents`` and
          ``profit_cents``: see `money_columns`.
        - ``rating_ASPECT``: stars of the aspect's reviews, 1 to 5 with one review; null
          without any.
        - ``reviews``: number of rated reviews.
        - ``unsupported_claims``: what the market found in the pitch that the episode shares with
          others, and in its own answers.

        Counts and cents are Int64 and 0 where there was nothing; what was never said is null.
    markets : polars.DataFrame
        One row per market, sorted by ``market``: the columns of `columns.MARKETS` and
        ``status`` (``closed``, ``failed``, ``open``). Rejections are those that belong to the
        whole market; those within an episode are in ``episodes``.
    calls : polars.DataFrame
        One row per (model, role, stage) of the recorded model calls: the columns of
        `columns.CALLS`. ``cost_nanousd`` sums the calls with a price; ``unpriced_calls`` counts
        the others; ``cost_nanousd`` is what was paid, ``saved_nanousd`` what answers from the
        shared cache would have cost.
    episode_calls : polars.DataFrame
        The same per (market, episode, model); ``episode`` is null for what belongs to the whole
        market, as the broadcast does.
    answerers : polars.DataFrame
        One row per model and who answered in its name (``answered_by``: model, fingerprint,
        upstream; null where the provider tells nothing), with the number of ``calls``.
    tables : PackedTables
        A mapping of the protocol's own tables by name, a row an event, sorted by ``market`` and
        ``seq``: what `protocol_tables.ProtocolTables` declares. A frame is unpacked each time it is
        asked for. The protocol's columns of the episodes are in ``episodes``.
    log : LogCheck or None
        The log as it was found whole; None: nobody checked it.
    """

    episodes: pl.DataFrame
    markets: pl.DataFrame
    calls: pl.DataFrame
    episode_calls: pl.DataFrame
    answerers: pl.DataFrame = field(default_factory=pl.DataFrame)
    tables: PackedTables = field(default_factory=PackedTables)
    log: LogCheck | None = None

    def lazy(self) -> LazyProjection:
        """Return it as what is read some rows at a time."""
        frames = {name: getattr(self, name).lazy() for name in _LAZY}
        return LazyProjection(**frames, calls=self.calls, answerers=self.answerers, log=self.log)


@dataclass(frozen=True, slots=True)
class LazyProjection:
    """What a log says, as frames of which only some rows are at hand at a time.

    Parameters
    ----------
    episodes, markets, episode_calls : polars.LazyFrame
        As those of `Projection`.
    calls, answerers, log
        As those of `Projection`: there are few rows, however long the log is.
    """

    episodes: pl.LazyFrame
    markets: pl.LazyFrame
    episode_calls: pl.LazyFrame
    calls: pl.DataFrame
    answerers: pl.DataFrame
    log: LogCheck | None = None

    def lazy(self) -> LazyProjection:
        """Return itself."""
        return self


_LAZY = ("episodes", "markets", "episode_calls")
"""Tables with more rows the more episodes there are."""


def merge(pieces: Iterable[Pieces], tables: TableSet | None = None) -> Projection:
    """Fold partial rows, in any order, into the projection; None: of the shared tables."""
    tables = tables or table_set()
    return opened(merged(pieces, tables), tables)


def merged(
    pieces: Iterable[Pieces], tables: TableSet, place: Path | None = None
) -> dict[str, Stored]:
    """Fold partial rows, in any order, into the tables of a projection, each packed.

    What is at hand is some thousand rows of one table, and the markets that say something of their
    episodes.

    Parameters
    ----------
    place : Path or None
        A folder for the tables that grow with the episodes; None: memory.
    """
    listed = list(pieces) or [extract(b"", tables)]

    def parts(name: str) -> Sequence[Packed]:
        return _Parts(
            [piece.rows if name in tables.rows else piece.folded for piece in listed], name
        )

    def whole(name: str) -> Iterator[pl.DataFrame]:
        return join(tables.folded[name], parts(name))

    def stored(name: str, rows: Iterator[pl.DataFrame]) -> Stored:
        return packed_rows(rows, None if place is None else place / f"{name}.parquet")

    markets = stored("markets", (finished_markets(some) for some in whole("markets")))
    run = Others.of(parts("episodes"), scanned(markets))
    calls, unplaced = (pl.concat(whole(name)) for name in ("calls", "unplaced_calls"))
    decided = _decided_at(tables.folded["episodes"], parts("episodes"), unplaced)
    return {
        "episodes": stored(
            "episodes", (finished_episodes(some, run) for some in whole("episodes"))
        ),
        "markets": markets,
        "calls": packed(placed(calls, unplaced, decided).drop("seq")),
        "episode_calls": stored(
            "episode_calls", (some.drop("seq") for some in whole("episode_calls"))
        ),
        "answerers": packed(pl.concat(whole("answerers")).drop("seq")),
        **{name: stored(name, in_order(ROW_KEY, parts(name))) for name in tables.rows},
    }


class _Parts(Sequence[Packed]):
    """One table's part of each piece, taken when it is asked for: it may be on disk."""

    def __init__(self, pieces: Sequence[Mapping[str, Packed]], name: str) -> None:
        self._pieces, self._name = pieces, name

    @overload
    def __getitem__(self, at: int) -> Packed: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Packed]: ...

    def __getitem__(self, at: int | slice) -> Packed | Sequence[Packed]:
        if isinstance(at, slice):
            return _Parts(self._pieces[at], self._name)
        return self._pieces[at][self._name]

    def __len__(self) -> int:
        return len(self._pieces)


def _decided_at(
    episodes: ColumnTable, pieces: Sequence[Packed], unplaced: pl.DataFrame
) -> pl.DataFrame:
    """When the episodes of calls of old logs were decided; no others are looked for."""
    if unplaced.is_empty():
        return pl.DataFrame()
    when = replace(episodes, columns={"decided_t": episodes.columns["decided_t"]})
    named = unplaced["episode"].unique().implode()
    return pl.concat(some.filter(pl.col("episode").is_in(named)) for some in join(when, pieces))


def opened(
    contents: Mapping[str, Stored], tables: TableSet, columns: Collection[str] | None = None
) -> Projection:
    """Unpack a projection; of the episodes, the columns that are wanted if they exist (None: all).

    Raises
    ------
    KeptUnreadable
        If a table is not what was packed.
    """
    frames: dict[str, Any] = {
        name: unpacked(contents[name])
        if columns is None or name != "episodes"
        else unpacked_of(contents[name], columns)
        for name in tables.frames
    }
    own = {name: in_memory(contents[name]) for name in tables.rows}
    return Projection(**frames, tables=PackedTables(own))


@dataclass(frozen=True, slots=True)
class StoredProjection:
    """A projection that is read as often, and as much of it, as is wanted.

    Parameters
    ----------
    contents : mapping of str to bytes or Path
        Its tables, as `merged` gives them.
    tables : TableSet
        Which these are.
    log : LogCheck
        The log as it was found whole.
    """

    contents: Mapping[str, Stored]
    tables: TableSet
    log: LogCheck

    def load(self, columns: Collection[str] | None = None) -> Projection:
        """Return it as frames; raises what `opened` raises.

        Parameters
        ----------
        columns : collection of str or None
            Of the episodes, those that are wanted if they exist; None: all.
        """
        return replace(opened(self.contents, self.tables, columns), log=self.log)

    def lazy(self) -> LazyProjection:
        """Return it as what is read some rows at a time; raises what `opened` raises."""
        episodes, markets, episode_calls = (scanned(self.contents[name]) for name in _LAZY)
        return LazyProjection(
            episodes=episodes,
            markets=markets,
            episode_calls=episode_calls,
            calls=unpacked(self.contents["calls"]),
            answerers=unpacked(self.contents["answerers"]),
            log=self.log,
        )
