"""How an agent's failure reads in the log: one line, the same on every execution."""

from __future__ import annotations

import re

from retailsim.events.errors import UnusableOutput
from retailsim.events.messages import Message, OutputRejected

REASON_CHARS = 500
"""Longest reason kept of an agent's own error text, in characters."""
RAW_CHARS = 20_000
"""Most that is kept of an answer that could not be read, in characters."""

_ADDRESS = re.compile(r"0x[0-9a-f]+", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def reason_of(error: Exception) -> str:
    """Describe `error` by its class and text, without what differs between executions."""
    try:
        text = str(error)
    except Exception as broken:  # noqa: BLE001 - an agent's error may fail at telling itself
        text = f"its text cannot be read ({type(broken).__name__})"
    return legible(f"{type(error).__name__}: {text}")


def rejections(stage: str, message: Message, error: Exception) -> list[OutputRejected]:
    """Return the event that keeps an answer nobody could read, if that is how an agent failed."""
    if not isinstance(error, UnusableOutput):
        return []
    reason, raw = legible(str(error.reason)), raw_of(error.raw)
    return [OutputRejected(episode=message.episode, stage=stage, reason=reason, raw=raw)]


def legible(text: str) -> str:
    """Put `text` on one line of bounded length; addresses in memory become ``0x...``."""
    line = " ".join(_CONTROL.sub(" ", _encodable(text)).split())
    return _ADDRESS.sub("0x...", line)[:REASON_CHARS]


def raw_of(answer: object) -> str:
    """Return an unreadable answer as it was, as far as a log can hold it."""
    return _encodable(str(answer)[:RAW_CHARS])


def _encodable(text: str) -> str:
    # Half a surrogate pair, which JSON escapes can spell, has no UTF-8.
    return _SURROGATE.sub("\ufffd", text)
