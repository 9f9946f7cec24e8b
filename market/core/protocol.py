"""What a protocol is in the market: its events, its requests with what answers them, its rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from retailsim.events.messages import Event
from retailsim.events.streams import Seed
from retailsim.market.core.admission import Admission
from retailsim.market.core.market import Market
from retailsim.market.core.request import AgentRequest
from retailsim.market.core.spec import MarketSpec, ProductSpec


class MarketRules(msgspec.Struct, frozen=True, kw_only=True):
    """One protocol, as the market layer knows it.

    Parameters
    ----------
    spec : type
        What one of its markets is made of; by default one product, sellers and buyers.
    open : callable
        ``(spec, rules, seed) -> Market``, such as the class itself: the live rules of one market;
        `rules` are what holds in all markets of a run.
    admissions : mapping of request class to Admission
        What answers each of its requests, and what the market writes of it.
    events : tuple of event classes
        Its own events, beside those of `events.messages`: each has a tag that no other has.
    conduct : callable, optional
        An `market.rules.conduct.OpenConduct`, ``(rules, products) -> Conduct``: what a seller of
        one market does, as rules see it. None: no rules are held against its sellers.
    """

    spec: type[MarketSpec] = ProductSpec
    open: Callable[[Any, Any, Seed], Market]
    admissions: Mapping[type[AgentRequest], Admission]
    events: tuple[type[Event], ...] = ()
    conduct: Any = None
