"""CSUser: a buyer that needs no model, with a profile, a reservation price and a will.

It knows items only from what the seller shows. Its openness governs how much it says and what it
gives away, its style which tactics move it.
"""

from __future__ import annotations

from retailsim.agents.base import Seat
from retailsim.agents.csales.base import SalesBuyer
from retailsim.agents.csales.behavioral import buyer_lines as say
from retailsim.agents.csales.behavioral.buyer_acts import (
    BUY,
    BUY_DEARER,
    DEFER,
    LEAVE,
    SAY,
    SELECTS,
    object_of,
    selection,
)
from retailsim.agents.csales.behavioral.buyer_state import BuyerState, Deed, after, at_first
from retailsim.agents.csales.behavioral.decision import Errors, Item, choice, walks_away
from retailsim.agents.csales.behavioral.parameters import TABLES, parameters_of
from retailsim.agents.csales.behavioral.reservation_price import fit, own_worth_cents
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
        chosen = self._chosen(request)
        state = self._moved(request, fits=chosen is not None)
        return self._carry_out(request, await self._act(request, chosen, state), state)

    async def _act(
        self, request: RespondToSeller, chosen: Product | None, state: BuyerState
    ) -> str:
        """Choose what to do.

        Parameters
        ----------
        chosen : Product or None
            What it would select.
        """
        if request.selected is not None:
            return self._weigh(request, request.selected, state)
        return self._go_on(request, state) if chosen is None else selection(request, chosen)

    def _moved(self, request: RespondToSeller, *, fits: bool) -> BuyerState:
        """Take in the seller's turn."""
        notes = self.memory(request)
        deed = Deed(
            action=request.action,
            tactic=request.tactic,
            about=request.selected is not None,
            dearer=request.candidate is not None,
            asked=notes.pop("asked", None),
            fits=fits,
            unsupported=len(request.unsupported),
        )
        before = notes.get("state") or at_first(self._parameters)
        state: BuyerState = after(before, deed, request.profile, self._parameters)
        notes["state"] = state
        return state

    def _reservation(self, request: RespondToSeller, product: Product) -> int:
        seed, worth = self.seat.seed, self._parameters.worth
        return own_worth_cents(seed, request.unit, request.profile, product, worth)

    def _chosen(self, request: RespondToSeller) -> Product | None:
        """The shown item that leaves most, if one fits at all; None once one is selected."""
        if request.selected is not None:
            return None
        worth = self._parameters.worth
        gains = {
            product.id: (self._reservation(request, product) - product.price_cents, product)
            for product in request.presented
            if fit(request.profile, product, worth) >= worth.appeals
        }
        best = max(gains.values(), key=lambda gain: (gain[0], gain[1].id), default=None)
        return best[1] if best is not None and best[0] > 0 else None

    # -- with an item selected -----------------------------------------------------------------

    def _weigh(self, request: RespondToSeller, selected: Product, state: BuyerState) -> str:
        items = [
            Item(
                id=product.id,
                price_cents=product.price_cents,
                reservation_cents=self._reservation(request, product),
            )
            for product in (selected, request.candidate)
            if product is not None
        ]
        # One draw an episode: a buyer that is not persuaded stays so until something changes.
        errors = Errors(
            buying=self.stream(request, "decision").logistic(),
            dearer=self.stream(request, "dearer").normal(),
        )
        found = choice(state, items, request.profile.budget_cents[1], errors, self._parameters)
        if found.utility > 0.0 and request.may_buy:
            return (BUY, BUY_DEARER)[items.index(found.item)]
        draw = self.stream(request, f"leave {request.turn}").uniform()
        if request.last or walks_away(found.utility, draw, self._parameters):
            return DEFER if found.utility > _NEARLY else LEAVE
        return SAY

    def _ask(self, request: RespondToSeller) -> str:
        """What the buyer asks now; it remembers whether the seller goes into it."""
        stream = self.stream(request, f"say {request.turn}")
        text, self.memory(request)["asked"] = say.asking(request.profile, stream)
        return text

    # -- without ---------------------------------------------------------------------------------

    def _go_on(self, request: RespondToSeller, state: BuyerState) -> str:
        patience = self._parameters.openness[request.profile.dialogue_openness].patience
        draw = self.stream(request, f"leave {request.turn}").uniform()
        tired = self._fed_up(state) or state.idle > patience
        if request.last or (tired and draw < self._parameters.leaving.beyond):
            return LEAVE
        return SAY

    def _fed_up(self, state: BuyerState) -> bool:
        return state.will < self._parameters.will.start - self._parameters.leaving.fed_up

    # -- doing it --------------------------------------------------------------------------------

    def _carry_out(self, request: RespondToSeller, act: str, state: BuyerState) -> Response:
        """Say what was chosen to do, and what the items that it is about are worth."""
        profile, product = request.profile, object_of(request, act)
        worth = self._stated(request, act)
        if act in (LEAVE, DEFER):
            reason = self._reason(request, state)
            how: Leaving = "defer" if act == DEFER else "leave"
            text = say.leaving(profile)
            return Response(text=text, leave=how, reason=reason, reservation_cents=worth)
        if product is None:
            return Response(text=self._goes_on(request), reservation_cents=worth)
        if act in SELECTS:
            text = say.selecting(profile, product)
            return Response(text=text, select=product.id, reservation_cents=worth)
        text = say.buying(profile, product)
        return Response(text=text, buy=product.id, reservation_cents=worth)

    def _stated(self, request: RespondToSeller, act: str) -> dict[str, int]:
        """What items are worth, as far as the turn is about them."""
        about: tuple[Product | None, ...] = (request.selected, request.candidate)
        if request.selected is None:
            about = request.shown if act in SELECTS else ()
        return {one.id: self._reservation(request, one) for one in about if one is not None}

    def _reason(self, request: RespondToSeller, state: BuyerState) -> str:
        if request.selected is not None:
            return "not convinced in the end" if request.last else "not convinced"
        if self._fed_up(state) and not request.last:
            return "was pressed"
        return "nothing that fits was shown" if request.shown else "nothing was shown"

    def _goes_on(self, request: RespondToSeller) -> str:
        profile, notes = request.profile, self.memory(request)
        if request.selected is not None:
            return say.hesitating(profile, self._ask(request))
        told = notes.get("told", 0)
        notes["told"] = told + self._disclosed
        facts = say.facts(profile)[told : told + self._disclosed]
        return say.telling(profile, facts, request.presented, self._ask(request))


_NEARLY = -1.0
"""Utility from which a buyer that leaves says that it will think about it."""
