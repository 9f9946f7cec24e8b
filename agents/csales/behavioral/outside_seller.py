"""A seller whose options are chosen from outside, by an environment that a policy is learnt in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retailsim.agents.csales.behavioral.action_policy import ActionChoice, Situation
from retailsim.agents.csales.behavioral.seller import PolicySeller
from retailsim.agents.policy.outside import decode_chosen, nobody, take_adaptive
from retailsim.market.protocols.csales.requests import PlanTurn


class OutsideSeller(PolicySeller):
    """Reads, searches and speaks as ``csi`` does; what to do next is chosen from outside.

    Parameters
    ----------
    seat : Seat
        Takes the option ``adaptive``, see `agents.policy.outside.take_adaptive`.

    Raises
    ------
    BadOption
        If there are others.
    """

    waits = True
    trusted = False

    def _take(self, options: Mapping[str, Any]) -> None:
        take_adaptive(self.source, options)

    async def _choice(self, request: PlanTurn, situation: Situation) -> ActionChoice:
        """Ask outside; the recorded answer is the choice when it is played again."""
        answer = await self.outside(request, f"option {request.turn}", nobody)
        chosen = decode_chosen(answer)
        return ActionChoice(
            option=request.table.named(chosen.option),
            options=tuple(option.name for option in situation.options),
            probabilities=chosen.probabilities,
        )
