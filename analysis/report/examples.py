"""Example conversations: a few episodes of each kind, read from the beginning of the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from analysis.loading import chunks
from analysis.report.parts import Conversation, Message, dollars
from events.log.segment import segments

MOST_BYTES = 64 << 20
"""How much of the log is looked through for examples."""
_EACH = 2
_TEXT = 4_000


def examples(run: Path, episodes: pl.DataFrame) -> tuple[Conversation, ...]:
    """Return up to two episodes of each kind of end, from the beginning of the log."""
    lines = _first_lines(run)
    known = {line["episode"] for line in lines if line.get("type") == "EpisodeOpened"}
    wanted = _chosen(episodes.filter(pl.col("episode").is_in(list(known))))
    by_market: dict[str, list[dict[str, Any]]] = {}
    by_episode: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        if line.get("episode") in wanted:
            by_episode.setdefault(line["episode"], []).append(line)
        elif line.get("episode") is None and "market" in line:
            by_market.setdefault(line["market"], []).append(line)
    return tuple(
        _conversation(how, [*by_market.get(by_episode[id_][0]["market"], []), *by_episode[id_]])
        for id_, how in wanted.items()
        if id_ in by_episode
    )


def _first_lines(run: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    left = MOST_BYTES
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for segment in segments(run / "events"):
        for block in chunks(segment):
            found += [decode(line) for line in block.splitlines() if line.startswith(b'{"type"')]
            left -= len(block)
            if left <= 0:
                return found
    return found


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
        for id_ in episodes.filter(which).head(_EACH)["episode"]:
            found.setdefault(id_, how)
    return found


def _conversation(how: str, lines: list[dict[str, Any]]) -> Conversation:
    opened = next(line for line in lines if line["type"] == "EpisodeOpened")
    product = opened.get("title") or "the catalogue"
    title = f"{how}: {opened['seller']} and {opened['buyer']}, {product}"
    ordered = sorted((line for line in lines if "seq" in line), key=lambda line: line["seq"])
    messages = (message for line in ordered for message in _messages(line))
    return Conversation(title=title[:200], messages=tuple(messages))


def _messages(line: Mapping[str, Any]) -> Iterator[Message]:
    match line["type"]:
        case "PitchPresented":
            for section, text in line["sections"].items():
                if text:
                    yield Message("seller", f"[{section.replace('_', ' ')}] {text}"[:_TEXT])
        case "MessageSent" | "ReviewPosted":
            yield from _spoken(line)
        case kind if kind in _TOLD:
            yield Message("market", _TOLD[str(kind)](line)[:_TEXT])


def _spoken(line: Mapping[str, Any]) -> Iterator[Message]:
    text = line["text"] or "(left out of the log)"
    if line["type"] == "MessageSent":
        yield Message(line["role"], text[:_TEXT])
    else:
        stars = "★" * line["rating"]
        yield Message("buyer", f"[review of {line['aspect']}] {stars} {text}"[:_TEXT])


def _decided(line: Mapping[str, Any]) -> str:
    what = f"buys {line['quantity']}" if line["will_purchase"] else "does not buy"
    return f"The buyer {what}: {line['reason']}"


_TOLD: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "DecisionMade": _decided,
    "OrderPlaced": lambda line: (
        f"Order of {line['quantity']} at {dollars(line['unit_price_cents'])} each."
    ),
    "IssueRaised": lambda line: f"Something is wrong: {line['issue']}.",
    "IssueResolved": lambda line: f"Resolved, {line['outcome']}: {line['reason']}",
    "RefundIssued": lambda line: f"Refund of {dollars(line['amount_cents'])}.",
    "CommandRejected": lambda line: f"Rejected, {line['command']}: {line['reason']}",
    "OutputRejected": lambda line: f"Unusable answer ({line['reason']}): {line['raw']}",
    "EpisodeFailed": lambda line: f"The episode failed in {line['stage']}: {line['reason']}",
    "ActionChosen": lambda line: f"The seller chooses {line['action']}.",
    "ItemsShown": lambda line: f"Shown: {', '.join(line['products'])}.",
    "ItemSelected": lambda line: f"Selected: {line['product']}.",
    "BuyerLeft": lambda line: f"The buyer leaves: {line['reason']}.",
}
