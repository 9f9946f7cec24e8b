"""A conversation as text, to be read or kept without a browser."""

from __future__ import annotations

from collections.abc import Iterator

from retailsim.analysis.conversation.clock import clock
from retailsim.analysis.conversation.conversation import Conversation
from retailsim.analysis.conversation.turns import LEFT_OUT, Turn

_END = ".:!?"


def transcript(shown: Conversation) -> str:
    """Return what was said and what the market did, a paragraph a turn, with its reasons."""
    return "\n".join(_lines(shown))


def _lines(shown: Conversation) -> Iterator[str]:
    yield f"Episode {shown.episode}"
    for stage in shown.stages:
        yield f"\n== {stage.name} =="
        for turn in stage.turns:
            yield from _turn(turn)


def _turn(turn: Turn) -> Iterator[str]:
    head = f"\n[{turn.seq}; {clock(turn.t)}] {turn.who}"
    says = turn.says if turn.says.endswith(tuple(_END)) else f"{turn.says}."
    yield f"{head}: {says}" if turn.says else f"{head}:"
    for one in turn.said:
        label = f"({one.label}) " if one.label else ""
        stars = f"{one.stars} of 5 stars: " if one.stars else ""
        yield f"{label}{stars}{one.text.whole or LEFT_OUT}"
    for one in turn.why:
        yield f"  {one.label}: {one.text.whole}"
