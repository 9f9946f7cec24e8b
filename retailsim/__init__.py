"""RetailSim: an async, event-driven multi-agent simulator of retail.

>>> import retailsim
>>> run = retailsim.run("pairwise", settings={"products.per_category": 1})
>>> run.measures()["overall"]["conversion_rate"]

``docs/python.md`` is the guide, ``docs/api.md`` the reference. A name is imported when it is first
asked for, so that `import retailsim` itself costs nothing.
"""

from __future__ import annotations

import sys as _sys
from typing import TYPE_CHECKING

from retailsim.lazy_names import lazy_names as _lazy_names

if TYPE_CHECKING:
    from retailsim.agents.base import Agent as Agent
    from retailsim.agents.base import Seat as Seat
    from retailsim.agents.csales.base import SalesBuyer as SalesBuyer
    from retailsim.agents.csales.base import SalesSeller as SalesSeller
    from retailsim.agents.retail.base import BuyerAgent as BuyerAgent
    from retailsim.agents.retail.base import SellerAgent as SellerAgent
    from retailsim.events.errors import RetailSimError as RetailSimError
    from retailsim.market.core.request import AgentRequest as AgentRequest
    from retailsim.market.protocols.csales.requests import OpenConversation as OpenConversation
    from retailsim.market.protocols.csales.requests import PlanTurn as PlanTurn
    from retailsim.market.protocols.csales.requests import RespondToSeller as RespondToSeller
    from retailsim.market.protocols.csales.requests import SpeakTurn as SpeakTurn
    from retailsim.market.protocols.csales.values import Inferred as Inferred
    from retailsim.market.protocols.csales.values import Left as Left
    from retailsim.market.protocols.csales.values import Line as Line
    from retailsim.market.protocols.csales.values import Plan as Plan
    from retailsim.market.protocols.csales.values import Profile as Profile
    from retailsim.market.protocols.csales.values import Response as Response
    from retailsim.market.protocols.retail.requests import AnswerBuyer as AnswerBuyer
    from retailsim.market.protocols.retail.requests import AskSeller as AskSeller
    from retailsim.market.protocols.retail.requests import ChooseTopics as ChooseTopics
    from retailsim.market.protocols.retail.requests import Complain as Complain
    from retailsim.market.protocols.retail.requests import Decide as Decide
    from retailsim.market.protocols.retail.requests import FormStrategy as FormStrategy
    from retailsim.market.protocols.retail.requests import GiveSupport as GiveSupport
    from retailsim.market.protocols.retail.requests import PresentPitch as PresentPitch
    from retailsim.market.protocols.retail.requests import SettleIssue as SettleIssue
    from retailsim.market.protocols.retail.requests import WriteReview as WriteReview
    from retailsim.market.protocols.retail.values import Answer as Answer
    from retailsim.market.protocols.retail.values import Choice as Choice
    from retailsim.market.protocols.retail.values import Decision as Decision
    from retailsim.market.protocols.retail.values import Offer as Offer
    from retailsim.market.protocols.retail.values import Order as Order
    from retailsim.market.protocols.retail.values import Pitch as Pitch
    from retailsim.market.protocols.retail.values import Review as Review
    from retailsim.market.protocols.retail.values import Settlement as Settlement
    from retailsim.market.protocols.retail.values import Strategy as Strategy
    from retailsim.market.protocols.retail.values import Support as Support
    from retailsim.market.protocols.retail.values import Topics as Topics
    from retailsim.sim.api.chat import Chat as Chat
    from retailsim.sim.api.front import arun as arun
    from retailsim.sim.api.front import load as load
    from retailsim.sim.api.front import run as run
    from retailsim.sim.api.loaded_run import Run as Run
    from retailsim.sim.api.loaded_run import RunInterrupted as RunInterrupted
    from retailsim.sim.api.loaded_run import RunStopped as RunStopped
    from retailsim.sim.api.studies import Experiment as Experiment
    from retailsim.sim.api.studies import compare as compare
    from retailsim.sim.api.studies import experiment as experiment
    from retailsim.sim.scenario.scenario import Scenario as Scenario

_MODULES = {
    "retailsim.agents.base": ("Agent", "Seat"),
    "retailsim.agents.retail.base": ("BuyerAgent", "SellerAgent"),
    "retailsim.agents.csales.base": (
        "SalesBuyer",
        "SalesSeller",
    ),
    "retailsim.events.errors": ("RetailSimError",),
    "retailsim.market.core.request": ("AgentRequest",),
    "retailsim.market.protocols.csales.requests": (
        "OpenConversation",
        "PlanTurn",
        "RespondToSeller",
        "SpeakTurn",
    ),
    "retailsim.market.protocols.csales.values": (
        "Inferred",
        "Left",
        "Line",
        "Plan",
        "Profile",
        "Response",
    ),
    "retailsim.market.protocols.retail.requests": (
        "AnswerBuyer",
        "AskSeller",
        "ChooseTopics",
        "Complain",
        "Decide",
        "FormStrategy",
        "GiveSupport",
        "PresentPitch",
        "SettleIssue",
        "WriteReview",
    ),
    "retailsim.market.protocols.retail.values": (
        "Answer",
        "Choice",
        "Decision",
        "Offer",
        "Order",
        "Pitch",
        "Review",
        "Settlement",
        "Strategy",
        "Support",
        "Topics",
    ),
    "retailsim.sim.api.chat": ("Chat",),
    "retailsim.sim.api.front": (
        "arun",
        "load",
        "run",
    ),
    "retailsim.sim.api.loaded_run": ("Run", "RunInterrupted", "RunStopped"),
    "retailsim.sim.api.studies": (
        "Experiment",
        "compare",
        "experiment",
    ),
    "retailsim.sim.scenario.scenario": ("Scenario",),
}

if _sys.platform == "win32":  # locks of files and signals are those of POSIX
    raise ImportError(
        "retailsim runs on Linux and macOS; on Windows install and run it in WSL, "
        "see learn.microsoft.com/windows/wsl"
    )

_found, __dir__, __all__ = _lazy_names(__name__, _MODULES)

if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = _found
