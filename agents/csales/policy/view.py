"""What a seller can know of a conversation, folded from the events of its log.

The buyer's hidden profile stands in the log, too (`BuyerProfiled`, `ItemValued`). Of it the view
takes the budget alone, which the buyer names to every seller in its first message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from retailsim.agents.csales.behavioral.inference import (
    buyer_lines,
    nearest_category,
    openness_of,
    style_of,
    without_price,
    words_of,
)
from retailsim.events.messages import Event, MessageSent
from retailsim.market.protocols.csales.action_table import ActionTable, Option
from retailsim.market.protocols.csales.category_tree import CategoryPath
from retailsim.market.protocols.csales.events import (
    ACTIONS,
    Action,
    ActionChosen,
    BuyerProfiled,
    CategorySearched,
    ItemRule,
    ItemSelected,
    ItemsShown,
    Openness,
    PriceLowered,
    ProfileInferred,
    ShippingNamed,
    Style,
    Tactic,
)
from retailsim.market.protocols.csales.requests import PlanTurn
from retailsim.market.protocols.csales.values import PERSUASION


class SellerView:
    """One conversation as its seller sees it, up to the events told so far.

    Parameters
    ----------
    top : iterable of path
        The top of the catalogue's categories, which every seller is told; an input of the run.

    Attributes
    ----------
    turn : int
        Messages of the buyer so far.
    lines : list of str
        The buyer's messages, without the sentence that names the price range.
    budget_cents : int
        The upper end of that range; 0 before it is named.
    category : path
        Where the seller looks, by its last inference.
    prices_cents : mapping of id to cents
        Of the items shown.
    selected_cents, candidate_cents : int or None
        Prices of the item selected and of the dearer one; `candidate_shown` once it was shown.
    actions, tactics : list
        What the seller did in earlier turns.
    items : ItemRule or None
        By which rule it suggested last.
    lowered : int
        Percent off the price of the item selected so far.
    fee_named : bool
        Whether the buyer was told of a shipping fee.
    """

    def __init__(self, top: Iterable[CategoryPath]) -> None:
        self.turn = 0
        self.lines: list[str] = []
        self.budget_cents = 0
        self.category: CategoryPath = ()
        self.prices_cents: dict[str, int] = {}
        self.selected_cents: int | None = None
        self.candidate_cents: int | None = None
        self.candidate_shown = False
        self.actions: list[Action] = []
        self.tactics: list[Tactic] = []
        self.items: ItemRule | None = None
        self.lowered = 0
        self.fee_named = False
        self.words: frozenset[str] = frozenset()
        self._known = set(top)
        self._sorted: list[CategoryPath] | None = None
        self._candidate: str | None = None

    def tell(self, events: Iterable[Event]) -> None:
        """Take further events of the conversation, in order."""
        for event in events:
            match event:
                case MessageSent(role="buyer"):
                    self.turn = event.turn
                    line = without_price(event.text)
                    self.lines.append(line)
                    self.words |= words_of(line)
                case BuyerProfiled():
                    self.budget_cents = event.budget_max_cents
                case ProfileInferred():
                    self.category = event.category
                case ActionChosen():
                    self.actions.append(event.action)
                    if event.strategy is not None:
                        self.tactics.append(event.strategy)
                    if event.action == "Suggestion":
                        self.items = event.items or "nearest"
                case CategorySearched():
                    self._known.update(event.options)
                    self._sorted = None
                case _:
                    self._tell_of_items(event)

    def _tell_of_items(self, event: Event) -> None:
        match event:
            case ItemsShown():
                self.prices_cents |= zip(event.products, event.prices_cents, strict=True)
                self.candidate_shown |= self._candidate in event.products
            case ItemSelected():
                self.selected_cents = event.price_cents
                self._candidate = event.candidate
                self.candidate_cents = event.candidate_price_cents
            case PriceLowered():
                self.selected_cents = event.price_cents
                self.prices_cents[event.product] = event.price_cents
                self.lowered = event.percent
            case ShippingNamed():
                self.fee_named = True

    @property
    def style(self) -> Style | None:
        """The buyer's style as its messages show it."""
        return style_of(self.lines)

    @property
    def openness(self) -> Openness | None:
        """How open the buyer is, by the length of its messages."""
        return openness_of(self.lines)

    def next_category(self) -> tuple[CategoryPath, float]:
        """Where a search would look, and how well it matches; nothing if the seller looks there."""
        if self._sorted is None:
            self._sorted = sorted(self._known)
        target, fit = nearest_category(self.words, self._sorted)
        return ((), 0.0) if target == self.category else (target, fit)

    def legal_actions(self) -> tuple[Action, ...]:
        """The actions that the market allows now."""
        if self.selected_cents is not None:
            return (PERSUASION,)
        seen = bool(self.prices_cents)
        return tuple(action for action in ACTIONS if seen or action != PERSUASION)

    def legal_options(self, table: ActionTable) -> tuple[Option, ...]:
        """The options of a table that the market allows now."""
        discounts = self.selected_cents is not None and not self.lowered
        return table.legal(self.legal_actions(), discounts=discounts)


def seen(
    request: PlanTurn,
    known: Iterable[CategoryPath],
    actions: Sequence[Action],
    tactics: Sequence[Tactic],
    items: ItemRule | None = None,
) -> SellerView:
    """Return the view of a seller in its seat: the same as from the log up to this request.

    Parameters
    ----------
    request : PlanTurn
        What the seller is asked, with all that it is told.
    known : iterable of path
        Categories that it was told of, in this request and in earlier ones.
    actions, tactics : sequence
        What it did in earlier turns.
    items : ItemRule or None
        By which rule it suggested last.
    """
    view = SellerView(known)
    view.turn = request.turn
    view.lines = buyer_lines(request.transcript)
    view.words = words_of(" ".join(view.lines))
    view.budget_cents = request.price_range_cents[1]
    view.category = request.inferred.category
    view.prices_cents = {product.id: product.price_cents for product in request.shown}
    view.actions, view.tactics, view.items = list(actions), list(tactics), items
    view.lowered, view.fee_named = request.lowered, request.fee_named
    if request.selected is not None:
        view.selected_cents = request.selected.price_cents
    if request.candidate is not None:
        view.candidate_cents = request.candidate.price_cents
        view.candidate_shown = request.candidate.id in view.prices_cents
    return view
