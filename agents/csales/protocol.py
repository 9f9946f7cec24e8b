"""The agents of sales conversations."""

from __future__ import annotations

from retailsim.agents.csales.base import SalesBuyer, SalesSeller
from retailsim.agents.protocol import MODEL, ProtocolAgents

_BEHAVIORAL = "retailsim.agents.csales.behavioral"
_MODEL = "retailsim.agents.csales.model"

AGENTS = ProtocolAgents(
    bases={"seller": SalesSeller, "buyer": SalesBuyer},
    built_in={
        ("behavioral", "seller"): f"{_BEHAVIORAL}.seller:CsiSeller",
        ("csi", "seller"): f"{_BEHAVIORAL}.seller:CsiSeller",
        ("fixed-script", "seller"): f"{_BEHAVIORAL}.seller:ScriptedSalesSeller",
        ("random-action", "seller"): f"{_BEHAVIORAL}.seller:RandomActionSeller",
        ("policy", "seller"): "retailsim.agents.csales.policy.seller:LearntSeller",
        ("behavioral", "buyer"): f"{_BEHAVIORAL}.buyer:CsUser",
        ("csuser", "buyer"): f"{_BEHAVIORAL}.buyer:CsUser",
    },
    models={
        (MODEL, "seller"): f"{_MODEL}.seller:ModelSalesSeller",
        ("react", "seller"): f"{_MODEL}.seller:ReactSeller",
        ("pc-crs", "seller"): f"{_MODEL}.seller:CredibleSeller",
        (MODEL, "buyer"): f"{_MODEL}.buyer:ModelSalesBuyer",
    },
    outside={
        ("outside", "seller"): f"{_BEHAVIORAL}.outside_seller:OutsideSeller",
        ("outside", "buyer"): f"{_BEHAVIORAL}.outside_buyer:OutsideBuyer",
    },
    repertoire="retailsim.agents.csales.samples:REPERTOIRE",
    people="retailsim.agents.csales.people.side:PEOPLE",
    envelopes=f"{_MODEL}.replies:ENVELOPES",
)
