"""The lines of one episode, found by going through the log: while no table knows its market."""

from __future__ import annotations

from pathlib import Path

import msgspec

from retailsim.events.log.reader import read_lines


class _Head(msgspec.Struct):
    market: str | None = None
    episode: str | None = None


_head = msgspec.json.Decoder(_Head).decode


def scanned_lines(run: Path, episode: str) -> list[bytes]:
    """Return the lines of an episode and those of its market that belong to no episode.

    Empty where the log does not know the episode.

    Raises
    ------
    LogDamaged
        If the log does not hold what was written.
    """
    own = f'"episode":{msgspec.json.encode(episode).decode()}'.encode()
    heads = (_head(line) for line in read_lines(run / "events") if own in line)
    market = next((head.market for head in heads if head.episode == episode), None)
    if market is None:
        return []
    within = f'"market":{msgspec.json.encode(market).decode()}'.encode()
    return [
        line
        for line in read_lines(run / "events")
        if within in line and _belongs(_head(line), market, episode)
    ]


def _belongs(head: _Head, market: str, episode: str) -> bool:
    return head.market == market and head.episode in (None, episode)
