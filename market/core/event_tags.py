"""Which events a log may hold, by their tags: those of all protocols, and those of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import msgspec

from retailsim.events.messages import Event, LoggedEvent, LoggedRecord

SHARED_EVENTS: tuple[type[Event], ...] = get_args(LoggedEvent)
"""The events that every protocol has."""
_RECORDS: tuple[type[msgspec.Struct], ...] = get_args(LoggedRecord)
_EVERY_LOG = "the log of every protocol"


def tag_problem(events: Sequence[Any]) -> str | None:
    """Say why lines of a protocol's own events could not be told apart; None where they can."""
    taken = {tag_of(one): _EVERY_LOG for one in (*SHARED_EVENTS, *_RECORDS)}
    for one in events:
        if not (isinstance(one, type) and issubclass(one, Event)):
            return f"{one!r} in its events is not a class derived from Event"
        tag = tag_of(one)
        if not isinstance(tag, str):
            return (
                f"its event {one.__name__} has no tag; write class {one.__name__}(Event, tag=...)"
            )
        if tag in taken:
            return f"its event {one.__name__} has the tag {tag!r}, which {taken[tag]} already has"
        taken[tag] = f"its event {one.__name__}"
    return None


def tag_of(event: type[msgspec.Struct]) -> str | int | None:
    """Return what stands as ``type`` in the lines of an event or record."""
    return event.__struct_config__.tag
