"""What a learner goes through: conversations with simulated buyers, one after another."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import msgspec

from retailsim.agents.csales.policy.features import policy_table
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.csales.spec import ConversationSpec
from retailsim.sim.environments.csales.episodes import Episodes
from retailsim.sim.environments.csales.seller_side import SellerSide
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.learning.course import Lessons, SeatCourse
from retailsim.sim.protocols.csales.design import action_table
from retailsim.sim.run.launch import PreparedRun
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.scenario import PARAMETER_SETS


class Course(SeatCourse):
    """A learner's way through conversations.

    Parameters
    ----------
    lessons : Lessons
    meeting : Options or Episodes
        Which scenario, with what laid over it; or its conversations, where there are several
        courses in them.
    """

    def __init__(self, lessons: Lessons, meeting: Options | Episodes) -> None:
        held = meeting if isinstance(meeting, Episodes) else Episodes(meeting)
        self._rules = held.design.rules
        table = policy_table(self._rules.actions)
        super().__init__(lessons, held, table, profiles=len(held.design.profiles))

    def side(self, market: SteppedMarket) -> SellerSide:
        """Return the seller's side of a conversation."""
        return SellerSide(self._rules, self.lessons.reward)

    def met(self, spec: MarketSpec) -> str:
        """Return the buyer's profile."""
        assert isinstance(spec, ConversationSpec)  # the protocol has no other
        return spec.profile.id

    def digest(self, run: PreparedRun) -> str:
        """Return `scenario_digest`."""
        return scenario_digest(run)


def scenario_digest(run: PreparedRun) -> str:
    """Return the SHA-256 of what a learner meets, whatever the files are called it comes from."""
    scenario, design = run.scenario, run.design
    parameters = scenario.behavioral.parameters
    if parameters is not None and parameters not in PARAMETER_SETS:
        parameters = sha256(Path(parameters).read_bytes()).hexdigest()
    met = {
        "design": msgspec.structs.replace(scenario.design, replications=1),
        "actions": action_table(scenario),
        "index": scenario.profiles.index,
        "shipping": scenario.shipping,
        "buyers": scenario.buyers,
        "parameters": parameters,
        "products": design.products,
        "files": {name: sha256(held).hexdigest() for name, held in design.files.items()},
    }
    return sha256(msgspec.json.encode(met, order="sorted")).hexdigest()
