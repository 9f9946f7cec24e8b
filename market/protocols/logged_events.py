"""The events in the log of a run, by its protocol, and what reads them back as typed values."""

from __future__ import annotations

from typing import Union

import msgspec

from retailsim.events.messages import Event
from retailsim.market.core.event_tags import SHARED_EVENTS
from retailsim.market.protocols.registry import Protocol, rules_of


def logged_events(protocol: Protocol) -> tuple[type[Event], ...]:
    """Return the events that every protocol has, then the protocol's own."""
    return (*SHARED_EVENTS, *rules_of(protocol).events)


def event_decoder(protocol: Protocol) -> msgspec.json.Decoder[Event]:
    """Return a decoder of the event lines that this version writes for a protocol.

    Lines of other kinds, such as recorded answers, and events of other protocols it refuses.
    """
    return msgspec.json.Decoder(Union[logged_events(protocol)])  # noqa: UP007 - made at run time
