"""A text in what was said and thought in a run: looked for in the whole log, a batch at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retailsim.analysis.projection.errors import NotARun
from retailsim.events.log.reader import read_batches

_AROUND = 90
"""Characters that are quoted on either side."""
_ENVELOPE = frozenset({"type", "market", "episode", "seq", "t", "source"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """A line of the log that holds the text in one of its fields.

    Parameters
    ----------
    market : str
    episode : str or None
        None for what belongs to the whole market.
    seq : int or None
        Its number in its market; records of outside answers have none.
    kind : str
        The type of the event.
    field : str
        The first field with the text in it.
    before, text, after : str
        As it stands there, with some of what is around it.
    about : dict of str to str
        Seller, product and role, where the event says them.
    """

    market: str
    episode: str | None
    seq: int | None
    kind: str
    field: str
    before: str
    text: str
    after: str
    about: dict[str, str]


def searched(run: Path, text: str) -> Iterator[list[SearchHit]]:
    """Yield the hits of one batch of the log after the other, most of them none, in log order.

    Looked through are the texts of events: not their types, ids and keys. The letters A to Z are
    found in either case, others as they are written.

    Parameters
    ----------
    run : Path
        The run's folder.
    text : str
        At least one character.

    Raises
    ------
    NotARun
        If there is no log in the folder.
    LogDamaged
        Where the log does not hold what was written.
    """
    folder = run / "events"
    if not folder.is_dir():
        raise NotARun(str(run))
    written = json.dumps(text, ensure_ascii=False)[1:-1].encode().lower()
    wanted = re.compile(re.escape(text), re.IGNORECASE)
    for batch in read_batches(folder):
        yield list(_hits(batch.lines, written, wanted))


def _hits(lines: bytes, written: bytes, wanted: re.Pattern[str]) -> Iterator[SearchHit]:
    small = lines.lower()  # of bytes: only A to Z change, so all places stay the same
    at = small.find(written)
    while at >= 0:
        begin, end = lines.rfind(b"\n", 0, at) + 1, lines.find(b"\n", at)
        hit = _hit(json.loads(lines[begin:end]), wanted)
        if hit is not None:
            yield hit
        at = small.find(written, end)


def _hit(event: dict[str, Any], wanted: re.Pattern[str]) -> SearchHit | None:
    for field, text in _texts({k: v for k, v in event.items() if k not in _ENVELOPE}):
        found = wanted.search(text)
        if found is not None:
            begin, end = found.span()
            return SearchHit(
                market=event["market"],
                episode=event.get("episode"),
                seq=event.get("seq"),
                kind=event["type"],
                field=field,
                before=_cut(text[:begin], last=True),
                text=found[0],
                after=_cut(text[end:], last=False),
                about={
                    name: event[name]
                    for name in ("seller", "product", "role")
                    if isinstance(event.get(name), str)
                },
            )
    return None


def _texts(value: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """All texts in a value, with the names of the outermost fields that they stand in."""
    match value:
        case str():
            yield field, value
        case dict():
            for name, inner in value.items():
                yield from _texts(inner, field or name)
        case list():
            for inner in value:
                yield from _texts(inner, field)


def _cut(text: str, *, last: bool) -> str:
    if len(text) <= _AROUND:
        return text
    return f"…{text[-_AROUND:]}" if last else f"{text[:_AROUND]}…"
