"""CSUser: a buyer that needs no model, with a profile, a reservation price and a will.

It knows items only from what the seller shows. Its openness governs how much it says and what it
gives away, its style which tactics move it.
"""

from __future__ import annotations

from typing import Any

from retailsim.agents.base import Seat
from retailsim.agents.csales.base import SalesBuyer
from retailsim.agents.csales.behavioral import buyer_lines as say
from retailsim.agents.csales.behavioral.reservation_price import (
    LURE,
    PATIENCE,
    buys,
    fit,
    reservation_cents,
    surplus_share,
    willingness,
)
from retailsim.agents.errors import BadOption
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.events import Leaving
from retailsim.market.protocols.csales.requests import OpenConversation, RespondToSeller
from retailsim.market.protocols.csales.values import Response

APPEALS = 0.55
"""Least fit of an item that the buyer selects."""
LEAVES = 0.35
"""Chance of leaving in a turn beyond the buyer's patience, with nothing selected."""


class CsUser(SalesBuyer):
    """A buyer of the sales conversation; see ``docs/csales.md``.

    Parameters
    ----------
    seat : Seat
        ``options.one_preference_per_turn`` (default true): disclose at most one thing a turn.

    Raises
    ------
    BadOption
        If there are other options.
    """

    trusted = True

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        unknown = set(seat.options) - {"one_preference_per_turn"}
        one = seat.options.get("one_preference_per_turn", True)
        if unknown or not isinstance(one, bool):
            raise BadOption(
                self.source, "one_preference_per_turn, true or false, is all that is taken"
            )
        self._disclosed = 1 if one else 3

    async def open(self, request: OpenConversation) -> str:
        """Say what is needed, as openly as it is the buyer's way."""
        return say.opening(request.profile)

    async def respond(self, request: RespondToSeller) -> Response:
        """Judge what was shown and said, and answer."""
        notes = self.memory(request)
        notes.setdefault("deeds", []).append((request.action, request.tactic))
        if request.selected is not None:
            return self._weigh(request, request.selected, notes)
        chosen = self._chosen(request)
        if chosen is not None:
            reservation = {
                product.id: self._reservation(request, product) for product in request.shown
            }
            text = say.selecting(request.profile, chosen)
            return Response(text=text, select=chosen.id, reservation_cents=reservation)
        return self._go_on(request, notes)

    def _reservation(self, request: RespondToSeller, product: Product) -> int:
        return reservation_cents(request.profile, product, self.seat.seed)

    def _chosen(self, request: RespondToSeller) -> Product | None:
        """The shown item that leaves most, if one fits at all."""
        gains = {
            product.id: (self._reservation(request, product) - product.price_cents, product)
            for product in request.presented
            if fit(request.profile, product) >= APPEALS
        }
        best = max(gains.values(), key=lambda gain: (gain[0], gain[1].id), default=None)
        return best[1] if best is not None and best[0] > 0 else None

    # -- with an item selected -----------------------------------------------------------------

    def _weigh(
        self, request: RespondToSeller, selected: Product, notes: dict[str, Any]
    ) -> Response:
        reservation = {selected.id: self._reservation(request, selected)}
        if request.candidate is not None:
            reservation[request.candidate.id] = self._reservation(request, request.candidate)
        idle = notes.get("idle", 0)
        willing = willingness(request.profile, notes["deeds"], shown_fitting=True, idle_turns=idle)
        bought = self._bought(request, selected, reservation, willing) if request.may_buy else None
        if bought is not None:
            text = say.buying(request.profile, bought)
            return Response(text=text, buy=bought.id, reservation_cents=reservation)
        if request.last:
            how: Leaving = "defer" if willing > 0.0 else "leave"
            reason = "not convinced in the end"
            return Response(text=say.leaving(request.profile), leave=how, reason=reason)
        text = say.hesitating(request.profile, self.stream(request, f"say {request.turn}"))
        return Response(text=text, reservation_cents=reservation)

    def _bought(
        self,
        request: RespondToSeller,
        selected: Product,
        reservation: dict[str, int],
        willing: float,
    ) -> Product | None:
        """The item bought now, if any: the dearer one where it seems to leave more."""
        # One draw an episode: a buyer that is not persuaded stays so until something changes.
        draw = self.stream(request, "decision").uniform()
        surplus = surplus_share(reservation[selected.id], selected.price_cents)
        if not buys(willing, surplus, draw):
            return None
        dearer = request.candidate
        if dearer is None:
            return selected
        seems = reservation[dearer.id] * (1.0 + LURE * max(0.0, willing))
        gain = seems - dearer.price_cents
        return dearer if gain > reservation[selected.id] - selected.price_cents else selected

    # -- without ---------------------------------------------------------------------------------

    def _go_on(self, request: RespondToSeller, notes: dict[str, Any]) -> Response:
        profile, stream = request.profile, self.stream(request, f"say {request.turn}")
        notes["idle"] = notes.get("idle", 0) + 1
        beyond = request.turn - 1 > PATIENCE[profile.dialogue_openness]
        if request.last or (beyond and stream.chance(LEAVES)):
            reason = "nothing that fits was shown" if request.shown else "nothing was shown"
            return Response(text=say.leaving(profile), leave="leave", reason=reason)
        told = notes.get("told", 0)
        notes["told"] = told + self._disclosed
        facts = say.facts(profile)[told : told + self._disclosed]
        return Response(text=say.telling(profile, facts, request.presented, stream))
