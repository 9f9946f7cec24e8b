"""Reading one episode out of a run, however large its log is."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec
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


def lines_of(run: Path, episode: str, market: str = "") -> list[bytes]:
    """Return the lines of an episode and those of its market that belong to no episode.

    While a market is open its events are not in the log, and no table names it: then the log is
    gone through for the answers that were recorded, unless `market` says where they are. Empty
    where nothing names the episode.

    Parameters
    ----------
    episode : str
        Empty, with a market: only what belongs to none of its episodes.

    Raises
    ------
    RetailSimError
        What is wrong with the log, as `analysis.projection.loader.load`.
    """
    if market:
        return [line for line in market_lines(run, market) if _heard(line) in (None, episode)]
    markets = load(run, ("episode", "market")).episodes.filter(pl.col("episode") == episode)
    found = next(iter(markets["market"]), None)
    if found is not None:
        index = _index(run)
        index.refresh()
        return episode_lines(index, found, episode)
    return [] if (run / "events" / SEAL).is_file() else scanned_lines(run, episode)


def read(run: Path, episode: str, market: str = "") -> Conversation | None:
    """Return one conversation; None where nothing names the episode. Otherwise as `lines_of`."""
    found = lines_of(run, episode, market)
    return conversation(episode, found, analysis_of(run)) if found else None


def market_lines(run: Path, market: str) -> list[bytes]:
    """Return all lines of a market, in the order of the log; raises as `lines_of`."""
    index = _index(run)
    index.refresh()
    return index.lines(market)


class _Head(msgspec.Struct):
    episode: str | None = None


def _heard(line: bytes) -> str | None:
    return msgspec.json.decode(line, type=_Head).episode


@lru_cache(maxsize=MOST)
def _index(run: Path) -> LogIndex:
    return LogIndex.open(run)
