"""Reading one episode out of a run, however large its log is."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import polars as pl

from retailsim.analysis.conversation.conversation import Conversation, conversation
from retailsim.analysis.conversation.lines import scanned_lines
from retailsim.analysis.lookup.episode import episode_lines
from retailsim.analysis.lookup.index import LogIndex
from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocol import analysis_of
from retailsim.events.log.seal import SEAL

MOST = 4
"""Runs whose indexes are kept."""


def lines_of(run: Path, episode: str) -> list[bytes]:
    """Return the lines of an episode and those of its market that belong to no episode.

    While a market is open its events are not in the log, and no table names it: then the log is
    gone through for the answers that were recorded. Empty where nothing names the episode.

    Raises
    ------
    RetailSimError
        What is wrong with the log, as `analysis.projection.loader.load`.
    """
    markets = load(run, ("episode", "market")).episodes.filter(pl.col("episode") == episode)
    market = next(iter(markets["market"]), None)
    if market is not None:
        index = _index(run)
        index.refresh()
        return episode_lines(index, market, episode)
    return [] if (run / "events" / SEAL).is_file() else scanned_lines(run, episode)


def read(run: Path, episode: str) -> Conversation | None:
    """Return one conversation; None where nothing names the episode. Raises as `lines_of`."""
    found = lines_of(run, episode)
    return conversation(episode, found, analysis_of(run)) if found else None


def market_lines(run: Path, market: str) -> list[bytes]:
    """Return all lines of a market, in the order of the log; raises as `lines_of`."""
    index = _index(run)
    index.refresh()
    return index.lines(market)


@lru_cache(maxsize=MOST)
def _index(run: Path) -> LogIndex:
    return LogIndex.open(run)
