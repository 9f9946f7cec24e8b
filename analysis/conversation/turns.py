"""The turns of a conversation: every event once, below the heading of its stage."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from retailsim.analysis.conversation.remarks import REMARKS, STAGES
from retailsim.analysis.conversation.speech import SPOKEN, Side, spoken
from retailsim.analysis.conversation.text import Text, visible
from retailsim.analysis.protocol import ProtocolAnalysis, Remark

Event = Mapping[str, Any]
ENVELOPE = frozenset({"type", "market", "episode", "seq", "t", "source"})
"""The fields that every event has."""

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FIRST = "Opening"
_REVIEWS: Mapping[str, str] = {
    "review of pitch": "review of the pitch",
    "review of pre_inquiry": "review of the answers before the purchase",
    "review of post_inquiry": "review of the support",
    "review of product": "review of the product",
}
LEFT_OUT = "(left out of the log)"
"""What stands for a text of a log that was made without them."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A text of a turn, with its label and, of a review, its stars."""

    text: Text
    label: str = ""
    stars: int = 0


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One event in the conversation.

    Parameters
    ----------
    seq, t : int
        Of the event.
    kind : str
        Its type.
    who : {"seller", "buyer", "market"}
        Whose side it stands on.
    tone : {"speech", "review", "act", "warn", "quiet"}
    says : str
        A sentence, where it is no speech; what nobody sees is written out in it, or a name with a
        mark of direction would turn the words around it.
    said : tuple of Said
        What was spoken or written.
    why : tuple of Said
        Its reasons, to be opened.
    fold : str
        By what.
    """

    seq: int
    t: int
    kind: str
    who: Side | Literal["market"]
    tone: Literal["speech", "review", "act", "warn", "quiet"]
    says: str = ""
    said: tuple[Said, ...] = ()
    why: tuple[Said, ...] = ()
    fold: str = "Why"


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A heading and the turns below it."""

    name: str
    turns: tuple[Turn, ...]


def stages(events: Iterable[Event], protocol: ProtocolAnalysis) -> tuple[Stage, ...]:
    """Return the turns of one episode, an event a turn.

    Parameters
    ----------
    events : iterable of mappings
        As they stand in the log, in the order of ``seq``; of any type.
    protocol : ProtocolAnalysis
        Whose words are used of events of its own.
    """
    remarks = _remarks(protocol)
    found: list[tuple[str, list[Turn]]] = []
    for event in events:
        name = _stage(event, remarks) or (found[-1][0] if found else _FIRST)
        if not found or found[-1][0] != name:
            found.append((name, []))
        found[-1][1].append(_turn(event, remarks))
    return tuple(Stage(name=name, turns=tuple(turns)) for name, turns in found)


def _remarks(protocol: ProtocolAnalysis) -> Mapping[str, Remark]:
    examples = {kind: Remark(says=told) for kind, told in protocol.examples.items()}
    return {**REMARKS, **examples, **protocol.remarks}


def _stage(event: Event, remarks: Mapping[str, Remark]) -> str:
    match event["type"]:
        case "PitchPresented":
            return STAGES["pitch"]
        case "MessageSent":
            return STAGES.get(event.get("stage", ""), "")
        case "ReviewPosted":
            return STAGES["reviews"]
        case kind:
            return remarks[kind].stage if kind in remarks else ""


def _turn(event: Event, remarks: Mapping[str, Remark]) -> Turn:
    kind = event["type"]
    try:
        if kind in SPOKEN:
            return _speech(event)
        if kind in remarks:
            return _remark(event, remarks[kind])
    except Exception as error:  # noqa: BLE001 - a protocol's words, or an event of another version
        return _plainly(event, f"Fields; its words failed: {error!r:.200}")
    return _plainly(event)


def _speech(event: Event) -> Turn:
    parts = tuple(spoken(event))
    review = event["type"] == "ReviewPosted"
    who = parts[0].who if parts else "seller"
    said = (
        Said(text=Text(one.text), label=_REVIEWS.get(one.label, one.label), stars=one.stars)
        for one in parts
    )
    tone: Literal["review", "speech"] = "review" if review else "speech"
    return Turn(**_place(event), who=who, tone=tone, said=tuple(said))


def _remark(event: Event, remark: Remark) -> Turn:
    why = tuple(
        Said(text=Text(written(event[name])), label=in_words(name))
        for name in remark.why
        if event.get(name)
    )
    more = (Said(text=Text(text), label=name) for name, text in remark.more(event))
    return Turn(
        **_place(event),
        who="market",
        tone=remark.tone,
        says=visible(remark.says(event)),
        why=(*why, *more),
        fold=remark.fold,
    )


def _plainly(event: Event, fold: str = "Fields") -> Turn:
    """Return an event that nobody has words for: its type, and its fields to be opened."""
    return Turn(
        **_place(event),
        who="market",
        tone="quiet",
        says=f"{in_words(event['type'])}.",
        why=tuple(fields(event)),
        fold=fold,
    )


def _place(event: Event) -> dict[str, Any]:
    return {"seq": event["seq"], "t": event.get("t", 0), "kind": event["type"]}


def fields(event: Event) -> Iterator[Said]:
    """Yield an event's own fields that hold anything."""
    for name, value in event.items():
        if name not in ENVELOPE and value is not None and value not in ("", [], {}):
            yield Said(text=Text(written(value)), label=in_words(name))


def in_words(name: str) -> str:
    """Return the name of a type or a field as words: ``Order placed``, ``Unit price cents``."""
    if name == "qa_integration":
        return "Q&A"  # the one name with an abbreviation in it
    words = _WORDS.sub(" ", name).replace("_", " ").lower()
    return words[:1].upper() + words[1:]


def written(value: Any) -> str:
    """Return the value of a field as text."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
