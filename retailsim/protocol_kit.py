"""What a protocol of one's own is made of, each name from where it stands.

>>> from retailsim import protocol_kit as kit
>>> kit.Protocol.__name__
'Protocol'

``tests/protocols/sealed_bid.py`` in the repository is a whole protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retailsim.lazy_names import lazy_names as _lazy_names

if TYPE_CHECKING:
    from retailsim.agents.base import Agent as Agent
    from retailsim.agents.base import RoleAgent as RoleAgent
    from retailsim.agents.person.form import Field as Field
    from retailsim.agents.person.form import Option as Option
    from retailsim.agents.person.side import Fact as Fact
    from retailsim.agents.person.side import PersonSide as PersonSide
    from retailsim.agents.person.side import Said as Said
    from retailsim.agents.person.side import Seen as Seen
    from retailsim.agents.person.side import Sheet as Sheet
    from retailsim.agents.person.side import Step as Step
    from retailsim.agents.protocol import ProtocolAgents as ProtocolAgents
    from retailsim.analysis.exhibits.beside import Beside as Beside
    from retailsim.analysis.exhibits.beside import Thought as Thought
    from retailsim.analysis.exhibits.beside import ThoughtRow as ThoughtRow
    from retailsim.analysis.measures.measure import BOUGHT as BOUGHT
    from retailsim.analysis.measures.measure import CLOSED as CLOSED
    from retailsim.analysis.measures.measure import EVERY_VIEW as EVERY_VIEW
    from retailsim.analysis.measures.measure import Measure as Measure
    from retailsim.analysis.projection.tables import RowTable as RowTable
    from retailsim.analysis.projection.tables import count as count
    from retailsim.analysis.projection.tables import last as last
    from retailsim.analysis.projection.tables import total as total
    from retailsim.analysis.protocol import ProtocolAnalysis as ProtocolAnalysis
    from retailsim.analysis.protocol import Remark as Remark
    from retailsim.events.kernel import Post as Post
    from retailsim.events.messages import DecisionMade as DecisionMade
    from retailsim.events.messages import Event as Event
    from retailsim.events.messages import MessageSent as MessageSent
    from retailsim.events.messages import OrderPlaced as OrderPlaced
    from retailsim.events.messages import RefundIssued as RefundIssued
    from retailsim.market.core.admission import Admission as Admission
    from retailsim.market.core.market import EpisodeState as EpisodeState
    from retailsim.market.core.market import Market as Market
    from retailsim.market.core.market import episode_opened as episode_opened
    from retailsim.market.core.participants import EpisodeSpec as EpisodeSpec
    from retailsim.market.core.product_market import ProductEpisode as ProductEpisode
    from retailsim.market.core.product_market import ProductMarket as ProductMarket
    from retailsim.market.core.product_market import ProductRequest as ProductRequest
    from retailsim.market.core.protocol import MarketRules as MarketRules
    from retailsim.market.core.request import AgentRequest as AgentRequest
    from retailsim.market.core.spec import MarketSpec as MarketSpec
    from retailsim.market.core.spec import ProductSpec as ProductSpec
    from retailsim.market.protocols.registry import Protocol as Protocol
    from retailsim.sim.scenario.design import Design as Design
    from retailsim.sim.scenario.pairing import participant as participant
    from retailsim.sim.scenario.protocol import ProtocolRun as ProtocolRun

_found, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "retailsim.agents.base": ("Agent", "RoleAgent"),
        "retailsim.agents.person.form": ("Field", "Option"),
        "retailsim.agents.person.side": (*("Fact", "PersonSide", "Said", "Seen", "Sheet", "Step"),),
        "retailsim.agents.protocol": ("ProtocolAgents",),
        "retailsim.analysis.exhibits.beside": ("Beside", "Thought", "ThoughtRow"),
        "retailsim.analysis.measures.measure": ("BOUGHT", "CLOSED", "EVERY_VIEW", "Measure"),
        "retailsim.analysis.projection.tables": ("RowTable", "count", "last", "total"),
        "retailsim.analysis.protocol": ("ProtocolAnalysis", "Remark"),
        "retailsim.events.kernel": ("Post",),
        "retailsim.events.messages": (
            *("DecisionMade", "Event", "MessageSent", "OrderPlaced", "RefundIssued"),
        ),
        "retailsim.market.core.admission": ("Admission",),
        "retailsim.market.core.market": ("EpisodeState", "Market", "episode_opened"),
        "retailsim.market.core.participants": ("EpisodeSpec",),
        "retailsim.market.core.product_market": (
            "ProductEpisode",
            "ProductMarket",
            "ProductRequest",
        ),
        "retailsim.market.core.protocol": ("MarketRules",),
        "retailsim.market.core.request": ("AgentRequest",),
        "retailsim.market.core.spec": ("MarketSpec", "ProductSpec"),
        "retailsim.market.protocols.registry": ("Protocol",),
        "retailsim.sim.scenario.design": ("Design",),
        "retailsim.sim.scenario.pairing": ("participant",),
        "retailsim.sim.scenario.protocol": ("ProtocolRun",),
    },
)

if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = _found
