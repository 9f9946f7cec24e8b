"""A buyer who never pays more than a limit, and otherwise behaves like the built-in one.

python -m sim agents check thrifty_buyer:ThriftyBuyer      (in this folder)
python -m sim launch thrifty_buyer.toml
"""

from __future__ import annotations

import msgspec

from retailsim.agents.base import Seat
from retailsim.agents.errors import BadOption
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer
from retailsim.market.protocols.retail.requests import Decide
from retailsim.market.protocols.retail.values import Decision


class ThriftyBuyer(BehavioralBuyer):
    """Refuses whatever costs more than ``options.at_most`` dollars, shipping included."""

    def __init__(self, seat: Seat) -> None:
        options = dict(seat.options)
        at_most = options.pop("at_most", 25)
        super().__init__(msgspec.structs.replace(seat, options=options))
        if not isinstance(at_most, int | float) or at_most <= 0:
            raise BadOption(self.source, f"at_most = {at_most!r}; it must be dollars above 0")
        self.limit_cents = round(100 * at_most)

    async def decide(self, request: Decide) -> Decision:
        """Decide as the behavioral buyer does, unless it costs too much."""
        decision = await super().decide(request)
        cost_cents = request.offer.price_cents + request.offer.shipping_cents
        if cost_cents <= self.limit_cents:
            return decision
        return Decision(
            will_purchase=False,
            quantity=0,
            quantity_reason="I buy none.",
            sentiment="Neutral",
            reason=f"With shipping it costs more than the ${self.limit_cents / 100:.2f} I spend.",
        )
