"""What buyers and sellers say in the events that all protocols share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

Side = Literal["seller", "buyer"]
SPOKEN = frozenset({"PitchPresented", "MessageSent", "ReviewPosted"})
"""The event types that hold it."""


class Speech(msgspec.Struct, frozen=True):
    """A text that was said or written.

    Parameters
    ----------
    who : {"seller", "buyer"}
    text : str
        As the log has it: empty where the log was made without transcripts.
    label : str
        What it is where it is no message: a section of a pitch, a review.
    stars : int
        Of a review, else 0.
    """

    who: Side
    text: str
    label: str = ""
    stars: int = 0


def spoken(event: Mapping[str, Any]) -> Iterator[Speech]:
    """Yield the texts of an event as it stands in the log: the sections of a pitch, or one.

    Raises
    ------
    KeyError
        If the event lacks a field.
    """
    match event["type"]:
        case "PitchPresented":
            for section, text in event["sections"].items():
                yield Speech("seller", text, section.replace("_", " "))
        case "MessageSent":
            yield Speech("seller" if event["role"] == "seller" else "buyer", event["text"])
        case "ReviewPosted":
            yield Speech(
                "buyer", event["text"], f"review of {event['aspect']}", int(event["rating"])
            )
