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
    speakers: dict[tuple[str, str], _Line] = {}
    said: dict[tuple[tuple[str, str], Role, str], list[str]] = defaultdict(list)
    for line in _lines(run):
        if line.type == "EpisodeOpened":
            seats[line.episode or ""] = line
            if len(seats) > MOST_EPISODES:
                break
            continue
        for role, stage, text in _said(line):
            if text:
                # What a seller says to all its market has no episode, but says whose it is.
                who = line if line.episode is None else seats.get(line.episode)
                if who is not None:
                    key = (line.market, line.episode or f"\n{line.seller}")
                    speakers[key] = who
                    said[key, role, stage].append(text)
    rows = [
        (role, *_who(speakers[key], role), stage, "\n".join(texts))
        for (key, role, stage), texts in said.items()
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


def _who(line: _Line, role: Role) -> tuple[str, str]:
    """Seat and product, as the event says them that opens an episode, or speaks to all."""
    return (line.seller if role == "seller" else line.buyer) or "", line.product or ""
