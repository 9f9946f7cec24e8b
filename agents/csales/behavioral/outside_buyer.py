"""A buyer whose acts are chosen from outside, by an environment."""

from __future__ import annotations

from retailsim.agents.csales.behavioral.buyer import CsUser
from retailsim.agents.csales.behavioral.buyer_acts import legal_acts
from retailsim.agents.csales.behavioral.buyer_state import BuyerState
from retailsim.agents.policy.errors import NotAllowed
from retailsim.agents.policy.outside import decode_chosen, nobody
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.requests import RespondToSeller


class OutsideBuyer(CsUser):
    """Speaks, discloses and values as ``csuser`` does; what to do next is chosen from outside."""

    waits = True
    trusted = False

    async def _act(
        self, request: RespondToSeller, chosen: Product | None, state: BuyerState
    ) -> str:
        """Ask outside; the recorded answer is the act when it is played again."""
        answer = await self.outside(request, f"act {request.turn}", nobody)
        act, legal = decode_chosen(answer).option, legal_acts(request)
        if act not in legal:
            raise NotAllowed(act, legal)
        return act
