"""What a protocol is in the market: its events, its requests with what answers them, its rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

import msgspec

from retailsim.events.messages import Event, LoggedEvent
from retailsim.events.streams import Seed
from retailsim.market.core.admission import Admission
from retailsim.market.core.market import Market
from retailsim.market.core.request import AgentRequest
from retailsim.market.core.spec import MarketSpec


class MarketRules(msgspec.Struct, frozen=True, kw_only=True):
    """One protocol, as the market layer knows it.

    Parameters
    ----------
    spec : type
        What one of its markets is made of.
    open : callable
        ``(spec, rules, seed) -> Market``: the live rules of one market; `rules` are what holds in
        all markets of a run.
    admissions : mapping of request class to Admission
        What answers each of its requests, and what the market writes of it.
    events : tuple of event classes
        Its own events, beside those of `events.messages`: each has a tag that no other has.
    """

    spec: type[MarketSpec]
    open: Callable[[Any, Any, Seed], Market]
    admissions: Mapping[type[AgentRequest], Admission]
    events: tuple[type[Event], ...] = ()

    def __post_init__(self) -> None:
        """Refuse events that cannot be told from others in a log."""
        taken = {tag_of(kind) for kind in get_args(LoggedEvent)}
        kinds: tuple[Any, ...] = self.events
        for kind in kinds:
            if not (isinstance(kind, type) and issubclass(kind, Event)):
                raise TypeError(f"{kind!r} in events is not a class of events")
            tag = tag_of(kind)
            if tag in taken:
                raise ValueError(f"two kinds of events have the tag {tag}")
            taken.add(tag)


def tag_of(kind: type[Event]) -> str:
    """Return what the log calls this kind of events."""
    return str(kind.__struct_config__.tag)
