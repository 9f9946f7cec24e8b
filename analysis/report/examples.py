"""Example conversations: a few episodes of each kind, read from the beginning of the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from retailsim.analysis.conversation.remarks import EXAMPLES
from retailsim.analysis.conversation.speech import SPOKEN, Speech, spoken
from retailsim.analysis.exhibits.parts import ExampleConversation, SpokenMessage
from retailsim.analysis.protocol import Remark, Told
from retailsim.events.log.reader import read_lines

MOST_BYTES = 64 << 20
"""How much of the log is looked through for examples."""
_EACH = 2
_TEXT = 4_000
_OPENED = b'{"type":"EpisodeOpened"'


class _Head(msgspec.Struct):
    market: str = ""
    episode: str | None = None


_head = msgspec.json.Decoder(_Head).decode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def examples(
    run: Path, episodes: pl.DataFrame, told: Mapping[str, Told]
) -> tuple[ExampleConversation, ...]:
    """Return up to two episodes of each kind of end, from the beginning of the log.

    Memory holds the chosen episodes and one batch: the lines are gone through twice.

    Parameters
    ----------
    told : mapping of str to callable
        What the protocol says of its own events, by their type.

    Raises
    ------
    LogDamaged
        If the log does not hold what was written.
    """
    markets: dict[str, str] = {}
    for line in _first_lines(run):
        if line.startswith(_OPENED):
            head = _head(line)
            markets[head.episode or ""] = head.market
    wanted = _chosen(episodes.filter(pl.col("episode").is_in(list(markets))))
    found = _lines_of({id_: markets[id_] for id_ in wanted}, run)
    return tuple(
        _conversation(
            how, [*found[markets[id_], None], *found[markets[id_], id_]], {**_TOLD, **told}
        )
        for id_, how in wanted.items()
    )


def _lines_of(
    wanted: Mapping[str, str], run: Path
) -> Mapping[tuple[str, str | None], list[dict[str, Any]]]:
    """Events by market and episode: those of `wanted`, and (None) those of their whole markets."""
    found: dict[tuple[str, str | None], list[dict[str, Any]]] = defaultdict(list)
    heard_in = frozenset(wanted.values())
    for line in _first_lines(run):
        head = _head(line)
        if head.market in heard_in and (head.episode is None or head.episode in wanted):
            found[head.market, head.episode].append(_decode(line))
    return found


def _first_lines(run: Path) -> Iterator[bytes]:
    """Yield the event lines of the log's beginning; what was torn off behind a commit is none."""
    left = MOST_BYTES
    for line in read_lines(run / "events"):
        yield line
        left -= len(line)
        if left <= 0:
            return


def _chosen(episodes: pl.DataFrame) -> dict[str, str]:
    """Episode -> how it ended, a few of each."""
    kinds: dict[str, pl.Expr] = {
        "bought and refunded": (pl.col("orders") > 0) & (pl.col("outcome") == "refunded"),
        "bought and exchanged": (pl.col("orders") > 0) & (pl.col("outcome") == "exchanged"),
        "bought and kept": (pl.col("orders") > 0)
        & (pl.col("outcome").is_null() | (pl.col("outcome") == "delivered")),
        "not bought": (pl.col("orders") == 0) & (pl.col("status") == "closed"),
        "failed": pl.col("status") == "failed",
        "with a rejected answer": pl.col("rejected_outputs") > 0,
    }
    found: dict[str, str] = {}
    for how, which in kinds.items():
        some = episodes.lazy().filter(which).select("episode").head(_EACH).collect()
        for id_ in some["episode"]:
            found.setdefault(id_, how)
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
