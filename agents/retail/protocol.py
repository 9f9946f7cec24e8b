"""The retail protocol's agents."""

from __future__ import annotations

from retailsim.agents.protocol import MODEL, ProtocolAgents
from retailsim.agents.retail.base import BuyerAgent, SellerAgent

AGENTS = ProtocolAgents(
    bases={"seller": SellerAgent, "buyer": BuyerAgent},
    built_in={
        ("behavioral", "seller"): "retailsim.agents.retail.behavioral.seller:BehavioralSeller",
        ("behavioral", "buyer"): "retailsim.agents.retail.behavioral.buyer:BehavioralBuyer",
        ("policy", "seller"): "retailsim.agents.retail.policy.seller:LearntSeller",
        ("script", "seller"): "retailsim.agents.retail.behavioral.script:ScriptSeller",
    },
    models={
        (MODEL, "seller"): "retailsim.agents.retail.model.seller:ModelSeller",
        (MODEL, "buyer"): "retailsim.agents.retail.model.buyer:ModelBuyer",
    },
    outside={("outside", "seller"): "retailsim.agents.retail.policy.seller:OutsideSeller"},
    repertoire="retailsim.agents.retail.samples:REPERTOIRE",
    envelopes="retailsim.agents.retail.model.replies:ENVELOPES",
    specimen="retailsim.agents.retail.model.wording:specimen",
    people="retailsim.agents.retail.people.side:PEOPLE",
    telling="retailsim.agents.retail.behavioral.chances:telling_buyers",
    footing="retailsim.agents.retail.behavioral.footings:footing_buyers",
)
