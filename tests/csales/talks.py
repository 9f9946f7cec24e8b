"""Whole conversations between built-in agents, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from retailsim.agents.base import Seat
from retailsim.agents.csales.behavioral.buyer import CsUser
from retailsim.agents.csales.behavioral.seller import CsiSeller
from retailsim.agents.host import Trusted
from retailsim.events.kernel import Kernel
from retailsim.events.messages import Event, OrderPlaced
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product_files import Problems, builtin_catalogue, read_products
from retailsim.market.core.participants import EpisodeSpec, Participant
from retailsim.market.protocols.csales.admission import ADMISSIONS
from retailsim.market.protocols.csales.protocol import SalesMarket
from retailsim.market.protocols.csales.shop import Shop
from retailsim.market.protocols.csales.spec import ConversationSpec, SalesRules
from retailsim.market.protocols.csales.values import Profile

Options = Mapping[str, Any]


def converse(
    profile: Profile,
    seller: type[Any],
    rules: SalesRules,
    *,
    seed: int = 1,
    selling: Options | None = None,
    buying: Options | None = None,
) -> list[Event]:
    """Return the events of one conversation; `selling` and `buying` are the seats' options."""
    drawn = Seed(seed)
    spec = ConversationSpec(
        id=profile.id,
        sellers=(Participant(id="s"),),
        episodes=(EpisodeSpec(episode=f"{profile.id}/b", buyer=Participant(id="b")),),
        profile=profile,
    )
    market = SalesMarket(spec, rules, drawn)
    kernel = Kernel(spec.id, market.failed)
    kernel.add_rules(market.handle)
    agents = (
        seller(Seat(id="s", role="seller", seed=drawn, options=selling or {})),
        CsUser(Seat(id="b", role="buyer", seed=drawn, options=buying or {})),
    )
    for agent in agents:
        kernel.add_agent(agent.source, Trusted(agent, ADMISSIONS).receive, waits=False)
    kernel.post(market.open())
    asyncio.run(kernel.run())
    assert market.finished
    return kernel.events


def of(kind: type[Any], events: list[Event]) -> list[Any]:
    """Return the events of a kind."""
    return [event for event in events if isinstance(event, kind)]


def sells(profile: Profile, rules: SalesRules, **more: Any) -> bool:
    """Whether CSI sells anything to a buyer; `more` as in `converse`."""
    return bool(of(OrderPlaced, converse(profile, CsiSeller, rules, **more)))


def builtin_shop() -> Shop:
    """Return the built-in catalogue as a shop."""
    return Shop(list(read_products(builtin_catalogue(), problems=Problems())))
