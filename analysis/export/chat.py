"""Conversations as chats: one object an episode, with what was said and how it ended.

An episode's lines stand in the log between those of others, and a market that was resumed may go
on in another shard, before or behind. So lines are held by market until the market is whole,
which its numbering says: its last event's ``seq`` is one less than the number of its events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import msgspec
import polars as pl

from retailsim.analysis.export.chat_words import ACTS, SPOKEN, ChatLine, said
from retailsim.analysis.projection.errors import LogUnreadable
from retailsim.analysis.projection.loader import load
from retailsim.analysis.projection.log_lines import ENDS, Line, checked, line_chunks
from retailsim.analysis.protocol import Told, analysis_of
from retailsim.events.messages import Role

KEYS = ("episode", "market", "seller", "buyer", "product", "category", "title")
OUTCOME = (
    *("price_cents", "condition", "replication", "status", "superseded", "will_purchase"),
    *("sentiment", "orders", "units", "gross_revenue_cents", "refunded_cents"),
    *("net_revenue_cents", "issue", "outcome", "would_recommend"),
)
"""Columns of the episodes frame that a transcript repeats, before and behind the messages."""

Transcript = dict[str, Any]

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def transcripts(run: str | Path, assistant: Role = "seller") -> Iterator[Transcript]:
    """Yield each episode of a run as a chat, in the order in which its markets ended.

    Memory is bounded by the markets that are open side by side, beside a row for each episode.

    Parameters
    ----------
    run : str or Path
        The run's folder; its log may be unfinished. Episodes without an end are last.
    assistant : {"seller", "buyer"}
        Who is ``assistant`` in the messages; the other one is ``user``, the market ``system``.

    Yields
    ------
    dict
        The keys `KEYS`, ``messages`` (each with ``role``, ``name``, ``content``), the columns
        `OUTCOME` and ``reviews`` (each with ``aspect``, ``rating``, ``text``).

    Raises
    ------
    NotARun, LogDamaged, LogUnreadable
        As `analysis.projection.loader.load`.
    """
    rows = _Rows(load(Path(run)).episodes)
    for held in _markets(run, {**ACTS, **analysis_of(Path(run)).chat}):
        for episode, entries in held.chats():
            if (row := rows.get(episode)) is not None:
                yield _transcript(row, entries, assistant)


def write_transcripts(run: str | Path, file: Path, assistant: Role = "seller") -> int:
    """Write the transcripts as JSON Lines, sorted by episode; returns how many hold any speech.

    They pass through a file without a name first, so that memory holds only where each begins.

    Raises
    ------
    NotARun, LogDamaged, LogUnreadable
        As `transcripts`.
    OSError
        If the file cannot be written.
    """
    places: list[tuple[str, int, int]] = []
    speaking = 0
    with TemporaryFile(dir=file.parent) as spool, file.open("wb") as out:
        start = 0
        for one in transcripts(run, assistant):
            line = msgspec.json.encode(one) + b"\n"
            spool.write(line)
            places.append((one["episode"], start, len(line)))
            start += len(line)
            speaking += any(m["content"] for m in one["messages"] if m["role"] != "system")
        for _, begin, size in sorted(places):
            spool.seek(begin)
            out.write(spool.read(size))
    return speaking


class _Rows:
    """Rows of the episodes frame by their name."""

    def __init__(self, episodes: pl.DataFrame) -> None:
        self._frame = episodes.select(*KEYS, *OUTCOME)
        self._at = {name: number for number, name in enumerate(episodes["episode"])}

    def get(self, episode: str) -> dict[str, Any] | None:
        number = self._at.get(episode)
        return None if number is None else self._frame.row(number, named=True)


@dataclass(slots=True)
class _Held:
    """What is known of a market so far."""

    acts: Mapping[str, Told]
    events: int = 0
    last: int | None = None
    shared: list[ChatLine] = field(default_factory=list)
    episodes: dict[str, list[ChatLine]] = field(default_factory=dict)

    def add(self, line: Line) -> None:
        head, raw = line
        if head.seq is None:
            return
        self.events += 1
        if head.type in ENDS:
            self.last = head.seq
        if head.episode is not None:
            self.episodes.setdefault(head.episode, [])
        if head.type in SPOKEN or head.type in self.acts:
            part = self.shared if head.episode is None else self.episodes[head.episode]
            part.append(said(head.seq, _decode(raw), self.acts))

    def whole(self) -> bool:
        return self.last is not None and self.events > self.last

    def chats(self) -> Iterator[tuple[str, list[ChatLine]]]:
        for episode, own in self.episodes.items():
            yield episode, sorted([*self.shared, *own], key=lambda one: one.seq)


def _markets(run: str | Path, acts: Mapping[str, Told]) -> Iterator[_Held]:
    held: dict[str, _Held] = {}
    for segment, lines in line_chunks(checked(run)):
        for line in lines:
            market = line[0].market
            if market is None:
                continue
            one = held.setdefault(market, _Held(acts))
            try:
                one.add(line)
            except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
                raise LogUnreadable(segment, f"{line[0].type}: {error!r}") from error
            if one.whole():
                yield held.pop(market)
    yield from held.values()


def _transcript(row: dict[str, Any], entries: Iterable[ChatLine], assistant: Role) -> Transcript:
    messages, reviews = [], []
    for one in entries:
        if one.review is not None:
            reviews.append(one.review)
        else:
            messages.append(
                {"role": _role(one.name, assistant), "name": one.name, "content": one.content}
            )
    return {
        **{key: row[key] for key in KEYS},
        "messages": messages,
        **{key: row[key] for key in OUTCOME},
        "reviews": reviews,
    }


def _role(name: str, assistant: Role) -> str:
    if name == "market":
        return "system"
    return "assistant" if name == assistant else "user"
