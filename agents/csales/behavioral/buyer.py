"""CSUser: a buyer that needs no model, with a profile, a reservation price and a will.

It knows items only from what the seller shows. Its openness governs how much it says and what it
gives away, its style which tactics move it.
"""

from __future__ import annotations

from typing import Any

from retailsim.agents.base import Seat
from retailsim.agents.csales.base import SalesBuyer
from retailsim.agents.csales.behavioral import buyer_lines as say
from retailsim.agents.csales.behavioral.buyer_state import BuyerState, Deed, after, at_first
from retailsim.agents.csales.behavioral.decision import Errors, Item, choice, walks_away
from retailsim.agents.csales.behavioral.parameters import TABLES, parameters_of
from retailsim.agents.csales.behavioral.reservation_price import fit, reservation_cents
from retailsim.agents.errors import BadOption
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.events import Leaving
from retailsim.market.protocols.csales.requests import OpenConversation, RespondToSeller
from retailsim.market.protocols.csales.values import Response


class CsUser(SalesBuyer):
    """A buyer of the sales conversation; see ``docs/csales.md``.

    Parameters
    ----------
    seat : Seat
        ``options.one_preference_per_turn`` (default true): disclose at most one thing a turn.
        Tables of ``agents/data/csales.toml``, such as ``options.persuasion``, with the keys that
        differ for this buyer.

    Raises
    ------
    BadOption
        If there are other options, or values that cannot be.

    Notes
    -----
    Streams used: ``buyer/decision`` and ``buyer/dearer`` once a conversation, ``buyer/worth`` once
    for each item, ``buyer/say TURN`` and ``buyer/leave TURN``.
    """

    trusted = True

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        unknown = set(seat.options) - {"one_preference_per_turn", *TABLES}
        one = seat.options.get("one_preference_per_turn", True)
        if unknown or not isinstance(one, bool):
            raise BadOption(
                self.source,
                "one_preference_per_turn, true or false, and tables of parameters "
                f"({', '.join(TABLES)}) are all that is taken",
            )
        self._disclosed = 1 if one else 3
        self._parameters = parameters_of(seat.options, self.source)

    async def open(self, request: OpenConversation) -> str:
        """Say what is needed, as openly as it is the buyer's way."""
        return say.opening(request.profile)

    async def respond(self, request: RespondToSeller) -> Response:
        """Judge what was shown and said, and answer."""
        notes = self.memory(request)
        chosen = None if request.selected is not None else self._chosen(request)
        state = self._moved(request, notes, fits=chosen is not None)
        if request.selected is not None:
            return self._weigh(request, request.selected, state)
        if chosen is None:
            return self._go_on(request, state)
        reservation = {product.id: self._reservation(request, product) for product in request.shown}
        text = say.selecting(request.profile, chosen)
        return Response(text=text, select=chosen.id, reservation_cents=reservation)

    def _moved(self, request: RespondToSeller, notes: dict[str, Any], *, fits: bool) -> BuyerState:
        """Take in the seller's turn."""
        deed = Deed(
            action=request.action,
            tactic=request.tactic,
            about=request.selected is not None,
            dearer=request.candidate is not None,
            asked=notes.pop("asked", None),
            fits=fits,
        )
        before = notes.get("state") or at_first(self._parameters)
        state: BuyerState = after(before, deed, request.profile, self._parameters)
        notes["state"] = state
        return state

    def _reservation(self, request: RespondToSeller, product: Product) -> int:
        noise = self.seat.seed.stream("buyer/worth", f"{request.unit}/{product.id}").normal()
        return reservation_cents(request.profile, product, noise, self._parameters.worth)

    def _chosen(self, request: RespondToSeller) -> Product | None:
        """The shown item that leaves most, if one fits at all."""
        worth = self._parameters.worth
        gains = {
            product.id: (self._reservation(request, product) - product.price_cents, product)
            for product in request.presented
            if fit(request.profile, product, worth) >= worth.appeals
        }
        best = max(gains.values(), key=lambda gain: (gain[0], gain[1].id), default=None)
        return best[1] if best is not None and best[0] > 0 else None

    # -- with an item selected -----------------------------------------------------------------

    def _weigh(self, request: RespondToSeller, selected: Product, state: BuyerState) -> Response:
        on_the_table = [selected, *([request.candidate] if request.candidate else [])]
        worth = {product.id: self._reservation(request, product) for product in on_the_table}
        items = [
            Item(
                id=product.id, price_cents=product.price_cents, reservation_cents=worth[product.id]
            )
            for product in on_the_table
        ]
        # One draw an episode: a buyer that is not persuaded stays so until something changes.
        errors = Errors(
            buying=self.stream(request, "decision").logistic(),
            dearer=self.stream(request, "dearer").normal(),
        )
        found = choice(state, items, request.profile.budget_cents[1], errors, self._parameters)
        if found.utility > 0.0 and request.may_buy:
            bought = on_the_table[items.index(found.item)]
            text = say.buying(request.profile, bought)
            return Response(text=text, buy=bought.id, reservation_cents=worth)
        draw = self.stream(request, f"leave {request.turn}").uniform()
        if request.last or walks_away(found.utility, draw, self._parameters):
            how: Leaving = "defer" if found.utility > _NEARLY else "leave"
            reason = "not convinced in the end" if request.last else "not convinced"
            text = say.leaving(request.profile)
            return Response(text=text, leave=how, reason=reason, reservation_cents=worth)
        text = say.hesitating(request.profile, self._ask(request))
        return Response(text=text, reservation_cents=worth)

    def _ask(self, request: RespondToSeller) -> str:
        """What the buyer asks now; it remembers whether the seller goes into it."""
        stream = self.stream(request, f"say {request.turn}")
        text, self.memory(request)["asked"] = say.asking(request.profile, stream)
        return text

    # -- without ---------------------------------------------------------------------------------

    def _go_on(self, request: RespondToSeller, state: BuyerState) -> Response:
        profile, notes, leaving = request.profile, self.memory(request), self._parameters.leaving
        patience = self._parameters.openness[profile.dialogue_openness].patience
        fed_up = state.will < self._parameters.will.start - leaving.fed_up
        draw = self.stream(request, f"leave {request.turn}").uniform()
        if request.last or ((fed_up or state.idle > patience) and draw < leaving.beyond):
            reason = "nothing that fits was shown" if request.shown else "nothing was shown"
            return Response(
                text=say.leaving(profile),
                leave="leave",
                reason="was pressed" if fed_up and not request.last else reason,
            )
        told = notes.get("told", 0)
        notes["told"] = told + self._disclosed
        facts = say.facts(profile)[told : told + self._disclosed]
        return Response(text=say.telling(profile, facts, request.presented, self._ask(request)))


_NEARLY = -1.0
"""Utility from which a buyer that leaves says that it will think about it."""
