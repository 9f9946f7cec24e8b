"""What the suite asks of a protocol's agents, and how it puts what it finds."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any, cast

import msgspec

from retailsim.agents.errors import NothingToTry
from retailsim.agents.protocol import agents_of
from retailsim.events.messages import Role
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.registry import Protocol, imported

Script = Generator[AgentRequest, Any, None]
"""Requests in order; it is sent the value that answers each, None where there was none to admit."""


def _nothing(role: Role) -> Script:
    yield from ()


def _all_good(request: Any, value: Any) -> Iterable[str]:
    return ()


class Repertoire(msgspec.Struct, frozen=True, kw_only=True):
    """One protocol's samples, and the words that differ with it.

    Parameters
    ----------
    episodes : int
        How many of each sample show everything; an agent that waits gets one, as it may cost.
    everything : callable
        (role, episodes) -> scripts, each with what it is about.
    opening : callable
        What comes before the episodes of `pair`.
    pair : callable
        Two episodes that may go on at once.
    hostile : callable
    hostile_text : str
        What `hostile` is about.
    bad_values : callable
        (request, value) -> what the market would reject in a value that it lets in.
    values : str
        What is said where all values are good.
    dates : str
        Where dates come from.
    """

    episodes: int
    everything: Callable[[Role, int], list[tuple[str, Script]]]
    pair: Callable[[Role], tuple[Script, Script]]
    hostile: Callable[[Role], Script]
    hostile_text: str
    opening: Callable[[Role], Script] = _nothing
    bad_values: Callable[[Any, Any], Iterable[str]] = _all_good
    values: str = "values are ones that the market accepts"
    dates: str = "leave the clock alone"


def repertoire_of(protocol: Protocol) -> Repertoire:
    """Return what a protocol's agents are tried with.

    Raises
    ------
    NothingToTry
        If it offers nothing.
    """
    found = cast("Repertoire | None", imported(agents_of(protocol).repertoire))
    if found is None:
        raise NothingToTry(protocol.name)
    return found
