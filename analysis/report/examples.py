"""Example conversations: a few episodes of each kind, from all over the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from retailsim.analysis.conversation.remarks import EXAMPLES
from retailsim.analysis.conversation.speech import SPOKEN, Speech, spoken
from retailsim.analysis.exhibits.parts import ExampleConversation, SpokenMessage
from retailsim.analysis.lookup.episode import episode_lines
from retailsim.analysis.lookup.index import LogIndex
from retailsim.analysis.protocol import Remark, Told

READ = frozenset(("episode", "market", "orders", "outcome", "status", "rejected_outputs"))
"""The columns of the episodes by which examples are chosen."""

_EACH = 2
_TEXT = 4_000

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def examples(
    run: Path, episodes: pl.DataFrame, told: Mapping[str, Told]
) -> tuple[ExampleConversation, ...]:
    """Return up to two episodes of each kind of end, from all over the run.

    The same ones of the same episodes, in whatever order the log has them. Memory holds the lines
    of one episode.

    Parameters
    ----------
    episodes : polars.DataFrame
        Those of the run's projection, sorted by their names.
    told : mapping of str to callable
        What the protocol says of its own events, by their type.

    Raises
    ------
    LogDamaged
        If the log does not hold what was written.
    """
    wanted = _chosen(episodes)
    if not wanted:
        return ()
    index = LogIndex.open(run)
    found = (
        (how, [_decode(line) for line in episode_lines(index, market, episode)])
        for (episode, market), how in wanted.items()
    )
    return tuple(_conversation(how, lines, {**_TOLD, **told}) for how, lines in found if lines)


def _chosen(episodes: pl.DataFrame) -> dict[tuple[str, str], str]:
    """Episode and market -> how it ended, a few of each, as far from one another as can be."""
    kinds: dict[str, pl.Expr] = {
        "bought and refunded": (pl.col("orders") > 0) & (pl.col("outcome") == "refunded"),
        "bought and exchanged": (pl.col("orders") > 0) & (pl.col("outcome") == "exchanged"),
        "bought and kept": (pl.col("orders") > 0)
        & (pl.col("outcome").is_null() | (pl.col("outcome") == "delivered")),
        "not bought": (pl.col("orders") == 0) & (pl.col("status") == "closed"),
        "failed": pl.col("status") == "failed",
        "with a rejected answer": pl.col("rejected_outputs") > 0,
    }
    found: dict[tuple[str, str], str] = {}
    for how, which in kinds.items():
        at = episodes.select(pl.arg_where(which)).to_series()
        places = {len(at) * (2 * turn + 1) // (2 * _EACH) for turn in range(_EACH) if len(at)}
        some = at.gather(sorted(places))
        for row in episodes.select("episode", "market")[some].iter_rows():
            found.setdefault(row, how)
    return found


def _conversation(
    how: str, lines: list[dict[str, Any]], told: Mapping[str, Told]
) -> ExampleConversation:
    opened = next(line for line in lines if line["type"] == "EpisodeOpened")
    product = opened.get("title") or "the catalogue"
    parties = " and ".join(name for name in (opened["seller"], opened["buyer"]) if name)
    title = f"{how}: {parties}, {product}"
    ordered = sorted((line for line in lines if "seq" in line), key=lambda line: line["seq"])
    messages = (message for line in ordered for message in _messages(line, told))
    return ExampleConversation(title=title[:200], messages=tuple(messages))


def _messages(line: Mapping[str, Any], told: Mapping[str, Told]) -> Iterator[SpokenMessage]:
    kind = line["type"]
    if kind in SPOKEN:
        # A pitch left out of the log is left out here; a message has to have been said.
        said = (one for one in spoken(line) if one.text or kind != "PitchPresented")
        yield from (SpokenMessage(one.who, _written(one)[:_TEXT]) for one in said)
    elif kind in told:
        yield SpokenMessage("market", told[kind](line)[:_TEXT])


def _written(said: Speech) -> str:
    label = f"[{said.label}]" if said.label else ""
    parts = (label, "★" * said.stars, said.text or "(left out of the log)")
    return " ".join(filter(None, parts))


def _told(remark: Remark) -> Told:
    """Return what an example says by a remark: its sentence with the first of its reasons."""

    def told(line: Mapping[str, Any]) -> str:
        says = remark.says(line)
        return f"{says}: {line[remark.why[0]]}" if remark.why else says

    return told


_TOLD: Mapping[str, Told] = {kind: _told(remark) for kind, remark in EXAMPLES.items()}
