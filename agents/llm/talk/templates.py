"""The prompts: text files, filled in, with foreign text fenced so that it stays data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files

import msgspec

from retailsim.agents.llm.talk.reply import replies_of
from retailsim.agents.llm.talk.shape import bounded, portable
from retailsim.agents.persona import Persona
from retailsim.agents.protocol import agents_of
from retailsim.events.messages import Role
from retailsim.market.claims.reader import sentences
from retailsim.market.core.dialogue import Transcript, Turn
from retailsim.market.protocols.registry import BUILT_IN, imported

SUMMARY_CHARACTERS = 160
"""How much of a seller's message a summary of a dialogue keeps; of a buyer's, half as much."""
_TERMS = re.compile(
    r"[$€£%]|\d+|\b(?:refund|exchang|replac|return|repair|credit|discount|coupon|shipp|deliver"
    r"|warrant|guarant|free|label|offer|agree|accept|polic|price|cost|full|half)\w*",
    re.IGNORECASE,
)
"""What terms and offers are made of."""

_POLES: Mapping[tuple[Role, str], str] = {
    ("seller", "assertive"): "You are assertive: you lead, press for a decision, and say so.",
    ("seller", "passive"): "You are passive: you leave the decision to others and never press.",
    ("seller", "friendly"): "You are friendly: warm, personal, glad to help.",
    ("seller", "reserved"): "You are reserved: correct, brief, without small talk.",
    ("seller", "rational"): "You argue by facts, figures and comparisons.",
    ("seller", "emotional"): "You speak to feelings: stories, pictures, moods.",
    ("buyer", "picky"): "You are picky: details matter, and little is good enough.",
    ("buyer", "easygoing"): "You are easygoing: good enough is good enough.",
    ("buyer", "sensitive"): "You watch prices closely: every dollar counts.",
    ("buyer", "indifferent"): "Prices matter little to you.",
    ("buyer", "rational"): "You decide by reasons and evidence.",
    ("buyer", "emotional"): "You decide by feeling and impulse.",
}


@cache
def text(name: str) -> str:
    """Return one prompt as its file has it, without the last line end."""
    return (
        (files("retailsim.agents.llm.prompts") / f"{name}.txt")
        .read_text("utf-8")
        .removesuffix("\n")
    )


@cache
def version() -> str:
    """Return twelve hex digits that change with any word of any prompt and with any schema."""
    folder = files("retailsim.agents.llm.prompts")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".txt"))
    digest = sha256()
    for name in names:
        digest.update(f"{name}\x1f{(folder / name).read_text('utf-8')}\x1f".encode())
    digest.update(repr(sorted(_POLES.items())).encode())
    protocols = [agents_of(protocol) for protocol in BUILT_IN.values()]
    for protocol in protocols:
        for envelope in imported(protocol.envelopes):
            digest.update(msgspec.json.encode(portable(envelope)))
            for kind in replies_of(envelope):
                digest.update(msgspec.json.encode(bounded(kind)))
    for protocol in protocols:
        if protocol.specimen is not None:
            digest.update(imported(protocol.specimen)().encode())
    return digest.hexdigest()[:12]


def fenced(what: str, foreign: str) -> str:
    """Put text of others between marks that it cannot contain, without control characters."""
    plain = foreign
    if not plain.replace("\n", "").replace("\t", "").isprintable():
        plain = "".join(c if c.isprintable() or c in "\n\t" else " " for c in plain)
    while "<<<" in plain or ">>>" in plain:
        plain = plain.replace("<<<", "< < <").replace(">>>", "> > >")
    return f"<<<{what}\n{plain}\n{what}>>>"


def persona(role: Role, traits: Persona | None, gender: str | None) -> str:
    """Return the persona block; without traits one line that asks for none."""
    lines = [_POLES[role, pole] for pole in (traits or {}).values()]
    if not lines:
        lines = [text("persona_none")]
    if gender is not None:
        lines.append(f"You are {gender}.")
    return "\n".join(lines)


def dialogue(transcript: Transcript, what: str = "CONVERSATION") -> str:
    """Return a dialogue, fenced, a line a message."""
    return fenced(what, "\n".join(f"{turn.role}: {turn.text}" for turn in transcript))


def summary(transcript: Transcript, what: str) -> str:
    """Return of each message what says most of terms and offers, fenced; empty without any.

    Sentences with money, numbers and words of the trade stay, in their order, as far as
    `SUMMARY_CHARACTERS` allows; greetings and regrets only where a message has none of these.
    """
    room = {"seller": SUMMARY_CHARACTERS, "buyer": SUMMARY_CHARACTERS // 2}
    turns = tuple(Turn(turn.role, _cut(turn.text, room[turn.role])) for turn in transcript)
    return dialogue(turns, what) if turns else ""


@lru_cache(maxsize=1_024)  # both sides of a dialogue are shown it
def _cut(said: str, room: int) -> str:
    if len(said) <= room:
        return said
    told = sentences(said)
    weights = [len(_TERMS.findall(one)) for one in told]
    ranked = sorted(range(len(told)), key=lambda index: (-weights[index], index))
    if weights[ranked[0]]:
        ranked = [index for index in ranked if weights[index]]
    kept, left = [], room
    for index in ranked:
        if len(told[index]) <= left:
            kept.append(index)
            left -= len(told[index]) + 1
    whole = " ".join(told[index] for index in sorted(kept))
    cut = told[ranked[0]][:room]
    return f"{whole or cut.rpartition(' ')[0] or cut} ..."


def paragraphs(parts: Iterable[str]) -> str:
    """Join what is not empty."""
    return "\n\n".join(filter(None, parts))
