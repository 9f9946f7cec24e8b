"""What the suite asks of agents, by protocol, and how it puts what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from retailsim.agents.csales import samples as sales_samples
from retailsim.agents.registry import Protocol
from retailsim.agents.retail import samples
from retailsim.agents.retail.samples import Script
from retailsim.events.messages import Role


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
    values : str
        What is said where all values are good.
    dates : str
        Where dates come from.
    """

    episodes: int
    everything: Callable[[Role, int], list[tuple[str, Script]]]
    opening: Callable[[Role], Script]
    pair: Callable[[Role], tuple[Script, Script]]
    hostile: Callable[[Role], Script]
    hostile_text: str
    values: str
    dates: str


def _nothing(role: Role) -> Script:
    yield from ()


REPERTOIRES: Mapping[Protocol, Repertoire] = MappingProxyType(
    {
        "retail": Repertoire(
            episodes=samples.EPISODES,
            everything=samples.everything,
            opening=samples.opening,
            pair=samples.pair,
            hostile=samples.hostile,
            hostile_text="a product full of hostile text",
            values="quantities, ratings and settlements are such as the market admits",
            dates="take the date from request.offer.date and days from request.order",
        ),
        "csales": Repertoire(
            episodes=sales_samples.EPISODES,
            everything=sales_samples.everything,
            opening=_nothing,
            pair=sales_samples.pair,
            hostile=sales_samples.hostile,
            hostile_text="a conversation full of hostile text",
            values="items shown, selected and bought are such as the market admits",
            dates="conversations have no dates, leave the clock alone",
        ),
    }
)
"""Protocol -> what its agents are tried with."""
