"""From the log to what raters read: the parts of chosen episodes, without names or personas."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from retailsim.analysis.conversation.turns import in_words
from retailsim.analysis.lookup.index import LogIndex
from retailsim.analysis.projection.log_lines import Head
from retailsim.market.core.money import dollars

_TOLD = frozenset(
    {
        *("PitchPresented", "MessageSent", "DecisionMade", "OrderPlaced", "IssueRaised"),
        *("IssueResolved", "RefundIssued", "ReviewPosted"),
    }
)
_WHO = {"seller": "Seller", "buyer": "Buyer"}

Line = dict[str, Any]

_whole = msgspec.json.Decoder(Line).decode


class Excerpt(msgspec.Struct, frozen=True):
    """One message or fact: who, and what."""

    who: str
    text: str


class Heard(msgspec.Struct, frozen=True):
    """The events of the chosen episodes, and the pitches of their markets."""

    episodes: Mapping[str, list[Line]]
    pitches: Mapping[str, Line]

    def pitch(self, market: str) -> tuple[Excerpt, ...]:
        """Return the presentation, a message a section."""
        sections = self.pitches.get(market, {}).get("sections") or {}
        return tuple(Excerpt(in_words(name), text) for name, text in sections.items() if text)

    def dialogue(self, episode: str, *stages: str) -> tuple[Excerpt, ...]:
        """Return what both said in some stages, in order."""
        lines = self._of(episode, "MessageSent")
        return _filled(
            Excerpt(_WHO[line["role"]], line["text"]) for line in lines if line["stage"] in stages
        )

    def questions(self, episode: str) -> tuple[Excerpt, ...]:
        """Return what the buyer asked before the purchase."""
        return tuple(said for said in self.dialogue(episode, "pre_inquiry") if said.who == "Buyer")

    def decision(self, episode: str) -> tuple[Excerpt, ...]:
        """Return what was decided, and why; nothing where no reason is in the log."""
        for line in self._of(episode, "DecisionMade"):
            if not line["reason"]:
                return ()
            what = f"Buys {line['quantity']}" if line["will_purchase"] else "Does not buy"
            mood = f" (mood: {line['sentiment'].lower()})" if line["sentiment"] else ""
            quantity = line["quantity_reason"]
            return _filled(
                [
                    Excerpt("Decision", what + mood),
                    Excerpt("Reason", line["reason"]),
                    Excerpt("Quantity", quantity if line["will_purchase"] else ""),
                ]
            )
        return ()

    def order(self, episode: str) -> tuple[Excerpt, ...]:
        """Return what was ordered and what went wrong."""
        return (
            *(Excerpt("Order", _ordered(line)) for line in self._of(episode, "OrderPlaced")),
            *(Excerpt("Problem", line["issue"]) for line in self._of(episode, "IssueRaised")),
        )

    def outcome(self, episode: str) -> tuple[Excerpt, ...]:
        """Return how support ended."""
        refunds = self._of(episode, "RefundIssued")
        return (
            *(Excerpt("Outcome", _settled(line)) for line in self._of(episode, "IssueResolved")),
            *(Excerpt("Refund", dollars(line["amount_cents"])) for line in refunds),
        )

    def reviews(self, episode: str) -> tuple[Excerpt, ...]:
        """Return the reviews with their stars; only those with words."""
        return tuple(
            Excerpt(
                f"Review of {_subject(line['aspect'])}", f"{line['rating']} of 5: {line['text']}"
            )
            for line in self._of(episode, "ReviewPosted")
            if line["text"]
        )

    def _of(self, episode: str, kind: str) -> Iterator[Line]:
        return (line for line in self.episodes.get(episode, ()) if line["type"] == kind)


def hear(run: Path, episodes: Collection[str], markets: Collection[str]) -> Heard:
    """Read the chosen episodes, which are of these markets; memory holds what raters may see.

    Raises
    ------
    LogDamaged, LogUnreadable
        If the log does not hold what was written.
    """
    told = frozenset(episodes)

    def wanted(head: Head) -> bool:
        return head.type in _TOLD and (head.type == "PitchPresented" or head.episode in told)

    index = LogIndex.open(run)
    found: dict[str, list[Line]] = {}
    pitches: dict[str, Line] = {}
    for market in sorted(set(markets)):
        for head, raw in index.chosen_lines(market, wanted):
            if head.type == "PitchPresented":
                pitches[market] = _whole(raw)
            elif head.episode is not None:
                found.setdefault(head.episode, []).append(_whole(raw))
    for lines in found.values():
        lines.sort(key=lambda line: line["seq"])
    return Heard(found, pitches)


def _filled(said: Iterable[Excerpt]) -> tuple[Excerpt, ...]:
    return tuple(one for one in said if one.text)


def _subject(aspect: str) -> str:
    return {
        "pitch": "the presentation",
        "pre_inquiry": "the answers before buying",
        "post_inquiry": "the support",
        "product": "the product",
    }.get(aspect, aspect)


def _ordered(line: Line) -> str:
    price, shipping = dollars(line["unit_price_cents"]), dollars(line["shipping_cents"])
    return f"{line['quantity']} at {price} each, shipping {shipping}"


def _settled(line: Line) -> str:
    return ": ".join(filter(None, (line["outcome"], line["resolution"], line["reason"])))
