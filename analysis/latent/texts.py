"""What each seat said, stage by stage, read from a log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec
import polars as pl

from retailsim.analysis.projection.columns import BUYER_TRAITS, SELLER_TRAITS
from retailsim.events.log.reader import read_lines
from retailsim.events.messages import Role

STAGES: Mapping[Role, tuple[str, ...]] = MappingProxyType(
    {
        "seller": ("pitch", "pre_inquiry", "post_inquiry", "dialogues"),
        "buyer": ("pre_inquiry", "decision", "post_inquiry", "reviews"),
    }
)
"""Where a role's persona may show. ``dialogues`` are both inquiries together."""

TRAITS: Mapping[Role, tuple[str, ...]] = MappingProxyType(
    {"seller": SELLER_TRAITS, "buyer": BUYER_TRAITS}
)

MOST_EPISODES = 20_000
"""Episodes read of one run, from the beginning of its log: texts are held in memory."""


class _Line(msgspec.Struct):
    """What is read of an event."""

    type: str
    market: str = ""
    episode: str | None = None
    seller: str | None = ""
    buyer: str = ""
    product: str | None = None
    sections: dict[str, str] = {}
    stage: str = ""
    role: str = ""
    text: str | None = None
    reason: str = ""
    quantity_reason: str = ""


_KINDS = tuple(
    b'{"type":"%s"' % kind
    for kind in (
        *(b"EpisodeOpened", b"PitchPresented", b"MessageSent"),
        *(b"DecisionMade", b"ReviewPosted"),
    )
)


def stage_texts(run: Path) -> pl.DataFrame:
    """Return what every seat said about each product.

    Returns
    -------
    polars.DataFrame
        ``role``, ``seat``, ``product``, ``stage``, ``text``: one row for each different text of
        one seat, product and stage; sorted. Texts left out of the log have no row.

    Raises
    ------
    LogDamaged
        If the log does not hold what was written.
    """
    seats: dict[str, _Line] = {}
    said: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for line in _lines(run):
        if line.type == "EpisodeOpened":
            seats[line.episode or ""] = line
            if len(seats) > MOST_EPISODES:
                break
            continue
        for role, stage, text in _said(line):
            if text:
                said[line.episode or f"{line.market}\n{line.seller}", role, stage].append(text)
    rows = [
        (role, *_who(key, role, seats), stage, "\n".join(texts))
        for (key, role, stage), texts in said.items()
        if "\n" in key or key in seats
    ]
    names = ("role", "seat", "product", "stage", "text")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return frame.unique().sort(names)


def labels(episodes: pl.DataFrame, role: Role, trait: str) -> pl.DataFrame:
    """Return ``seat`` and ``pole`` of the seats of a role whose persona names the trait."""
    found = episodes.select(seat=role, pole=f"{role}_{trait}").unique().drop_nulls()
    return found.sort("seat", "pole")


def _lines(run: Path) -> Iterator[_Line]:
    decode = msgspec.json.Decoder(_Line).decode
    return (decode(line) for line in read_lines(run / "events") if line.startswith(_KINDS))


def _said(line: _Line) -> Iterator[tuple[Role, str, str]]:
    """Yield role, stage and text of what an event says."""
    match line.type:
        case "PitchPresented":
            yield "seller", "pitch", "\n".join(line.sections.values())
        case "MessageSent":
            role: Role = "seller" if line.role == "seller" else "buyer"
            yield role, line.stage, line.text or ""
            if role == "seller":
                yield role, "dialogues", line.text or ""
        case "DecisionMade":
            yield "buyer", "decision", f"{line.reason} {line.quantity_reason}".strip()
        case "ReviewPosted":
            yield "buyer", "reviews", line.text or ""


def _who(key: str, role: str, seats: Mapping[str, _Line]) -> tuple[str, str]:
    """Seat and product of an episode, or of what a market's seller said to all."""
    market, _, seller = key.partition("\n")
    if seller:
        return seller, market.partition("/")[0]
    opened = seats[key]
    return (opened.seller if role == "seller" else opened.buyer) or "", opened.product or ""
