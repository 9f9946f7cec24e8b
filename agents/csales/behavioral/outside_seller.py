"""A seller whose options are chosen from outside, by an environment that a policy is learnt in."""

from __future__ import annotations

import msgspec

from retailsim.agents.csales.behavioral.action_policy import ActionChoice, Situation
from retailsim.agents.csales.behavioral.seller import PolicySeller
from retailsim.market.protocols.csales.requests import PlanTurn


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered from outside, as JSON, and kept in the log as such.

    Parameters
    ----------
    option : str
        The name of one in the run's table; the market refuses one that is not legal now.
    probabilities : tuple or None
        How likely each legal option was, where the chooser knows; see
        `market.protocols.csales.values.Plan`.
    """

    option: str
    probabilities: tuple[int | float, ...] | None = None


_decode = msgspec.json.Decoder(Chosen).decode


class OutsideSeller(PolicySeller):
    """Reads, searches and speaks as ``csi`` does; what to do next is chosen from outside."""

    waits = True
    trusted = False

    async def _choice(self, request: PlanTurn, situation: Situation) -> ActionChoice:
        """Ask outside; the recorded answer is the choice when it is played again."""
        answer = await self.outside(request, f"option {request.turn}", _nobody)
        chosen = _decode(answer)
        return ActionChoice(
            option=request.table.named(chosen.option),
            options=tuple(option.name for option in situation.options),
            probabilities=chosen.probabilities,
        )


async def _nobody() -> str:
    raise LookupError("only an environment plays this seat, see docs/environments.md")
