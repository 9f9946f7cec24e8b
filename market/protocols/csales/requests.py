"""What the market asks of an agent in a sales conversation, and what agents command."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

import msgspec

from retailsim.events.messages import Message
from retailsim.market.catalogue.product import Product
from retailsim.market.core.dialogue import Transcript
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.csales.action_table import DEFAULT_TABLE, ActionTable, Option
from retailsim.market.protocols.csales.category_tree import CategoryPath
from retailsim.market.protocols.csales.events import Action, Leaving, Style, Tactic
from retailsim.market.protocols.csales.values import PERSUASION, Inferred, Profile
from retailsim.market.rules.enforcing import SpeechRules


class SellerRequest(AgentRequest, kw_only=True):
    """What a seller knows: what was said and shown, and the price range the buyer named.

    ``told_style`` is the buyer's true style, for sellers that `SalesRules.told_style` names, and
    None for all others: a seller has to infer it. ``lowered`` is how many percent are off the price
    of the item selected, ``fee_named`` whether the buyer was told of a shipping fee.
    """

    transcript: Transcript
    turn: int
    shown: tuple[Product, ...]
    selected: Product | None
    candidate: Product | None
    price_range_cents: tuple[int, int]
    inferred: Inferred
    categories: tuple[CategoryPath, ...]
    told_style: Style | None = None
    lowered: int = 0
    fee_named: bool = False


class PlanTurn(SellerRequest, kw_only=True):
    """Seller: infer the buyer's profile and choose one of `options`.

    ``options`` are the legal ones of the run's ``table``, in its order, and ``actions`` what they
    come to.

    ``categories`` are the paths below the category that was found last, or the top of the
    catalogue. Once an item is selected, ``candidate`` is a similar one above the budget, if there
    is one, and persuasion the only action left.
    """

    stage: ClassVar[str] = "planning"

    actions: tuple[Action, ...]
    options: tuple[Option, ...]
    table: ActionTable = DEFAULT_TABLE


class SpeakTurn(SellerRequest, kw_only=True):
    """Seller: carry out the action chosen; ``items`` are those it may show now.

    ``discount`` is how many percent were taken off the item selected for this turn. Its price, and
    the shipping fees of the items that are spoken of, where ``fees_cents`` has any, are added to
    what the seller says. ``speech`` are the rules for its words, None where none are enforced.
    """

    stage: ClassVar[str] = "selling"

    action: Action
    tactic: Tactic | None
    items: tuple[Product, ...]
    discount: int = 0
    fees_cents: dict[str, int] = msgspec.field(default_factory=dict)
    speech: SpeechRules | None = None

    def spoken_of(self, shown: Collection[str]) -> list[Product]:
        """Return the items that a line speaks of which shows these ids.

        They are the ones it shows; of an argument, the item selected and the dearer one, or what
        was shown last.
        """
        known = {product.id: product for product in (*self.shown, *self.items)}
        about = [known[id_] for id_ in shown if id_ in known]
        if self.action != PERSUASION:
            return about
        if self.selected is None:
            return list(self.shown[-1:])
        dearer = [self.candidate] if self.candidate and self.candidate.id in known else []
        return [self.selected, *dearer]


class BuyerRequest(AgentRequest, kw_only=True):
    """What a buyer knows: itself, and what the seller said and showed."""

    profile: Profile
    transcript: Transcript
    turn: int


class OpenConversation(BuyerRequest, kw_only=True):
    """Buyer: say what you are looking for; the price range goes into the message."""

    stage: ClassVar[str] = "opening"


class RespondToSeller(BuyerRequest, kw_only=True):
    """Buyer: answer; select, buy or leave if you like.

    ``shown`` is everything shown so far, ``presented`` what came with the last message, both
    without what only sellers see; ``candidate`` is the dearer item, once it was shown. A purchase
    counts only where ``may_buy``: something is selected, and the seller has made its case.
    ``last`` says that the conversation ends with this message. ``unsupported`` are the sentences
    of the last message that the sheets of the items under discussion, which the buyer has before
    it, do not carry.
    """

    stage: ClassVar[str] = "responding"

    shown: tuple[Product, ...]
    presented: tuple[Product, ...]
    selected: Product | None
    candidate: Product | None
    action: Action
    tactic: Tactic | None
    may_buy: bool
    last: bool
    unsupported: tuple[str, ...] = ()


class PlanCategory(Message, kw_only=True):
    """Seller to market: the path to search, with a category search."""

    path: CategoryPath


class ShowItems(Message, kw_only=True):
    """Seller to market: put these items before the buyer."""

    products: tuple[str, ...]


class StateReservationPrices(Message, kw_only=True):
    """Buyer to market: what items are worth to it; kept in the log, shown to nobody."""

    reservation_cents: dict[str, int]


class SelectItem(Message, kw_only=True):
    """Buyer to market: this one."""

    product: str


class BuyItem(Message, kw_only=True):
    """Buyer to market: I take it."""

    product: str


class LeaveConversation(Message, kw_only=True):
    """Buyer to market: end the conversation without buying."""

    how: Leaving
    reason: str
