"""The seller's conduct in a sales conversation, as rules see it: while it goes on, or from its log.

The facts, beside ``turns_since_NAME`` of what is heard:

- ``shown``: items shown so far; ``selected``: whether one is, and ``selected_for_turns``;
- ``average_rating``, ``rating_number``: the lowest of the items spoken of, if all have one;
- ``fee_named``: whether the buyer was told what shipping costs; of an order: for that item;
- ``seller_is_person``;
- of an order: ``unit_price_cents``, ``shown_price_cents``, ``shipping_cents``,
  ``budget_max_cents``.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from retailsim.events.messages import (
    ClaimFound,
    EpisodeOpened,
    Event,
    MessageSent,
    OrderPlaced,
)
from retailsim.market.catalogue.product import Product
from retailsim.market.claims.reader import sentences
from retailsim.market.core.money import dollars
from retailsim.market.protocols.csales.action_table import option_chosen
from retailsim.market.protocols.csales.events import (
    ActionChosen,
    BuyerProfiled,
    ItemSelected,
    ItemsShown,
    PriceLowered,
    ShippingNamed,
)
from retailsim.market.protocols.csales.market_words import price_lowered, shipping_named, without
from retailsim.market.rules.conditions import Fact
from retailsim.market.rules.conduct import Heard, Products, ear_for, rating
from retailsim.market.rules.judging import Act
from retailsim.market.rules.rule import RuleSet


class SalesConduct:
    """One conversation.

    Parameters
    ----------
    rules : RuleSet
        For what is heard.
    products : mapping of id to Product
    """

    def __init__(self, rules: RuleSet, products: Products) -> None:
        self._products = products
        self._heard = Heard(ear_for(rules.heard))
        self._episode: str | None = None
        self._person = False
        self._budget_cents: int | None = None
        self._shown: dict[str, int] = {}
        self._selected: str | None = None
        self._selected_in = 0
        self._candidate: str | None = None
        self._named: set[str] = set()
        self._turn = 1
        self._added: tuple[str, ...] = ()

    def tell(self, event: Event) -> Sequence[Act]:
        """Take in the next event, and return what the seller did by it."""
        self.note(event)
        match event:
            case ActionChosen():
                return [self._act(event.turn, option=option_chosen(event).name)]
            case MessageSent(role="seller"):
                own = without(event.text, self._added)
                return [self._act(event.turn, said=tuple(sentences(own)), added=self._added)]
            case ClaimFound():
                return [self._act(event.turn, claim=(event.sentence, event.verdict))]
            case OrderPlaced(product=str(product)):
                return [self._ordered(event, product)]
            case PriceLowered():
                self._add_lowered(event)
            case ShippingNamed():
                self._add_fees(event)
        return ()

    def note(self, event: Event) -> None:
        """Take in the next event, whatever the seller did by it."""
        match event:
            case ActionChosen():
                self._turn, self._added = event.turn, ()
            case MessageSent(role="buyer"):
                self._turn = event.turn
                self._heard.listen(event.text, event.turn)
            case EpisodeOpened():
                self._episode, self._person = event.episode, event.seller_kind == "person"
            case BuyerProfiled():
                self._budget_cents = event.budget_max_cents
            case ItemsShown():
                self._shown |= dict(zip(event.products, event.prices_cents, strict=True))
            case PriceLowered():
                self._shown[event.product] = event.price_cents
            case ItemSelected():
                self._selected, self._selected_in = event.product, event.turn
                self._candidate = event.candidate
            case ShippingNamed():
                self._named |= set(event.products)

    def _add_lowered(self, event: PriceLowered) -> None:
        """Keep what the market says of a lowered price: these are not the seller's words."""
        item = self._products.get(event.product)
        if item is not None:
            now = msgspec.structs.replace(item, price_cents=event.price_cents)
            self._added = (*self._added, price_lowered(now, event.percent))

    def _add_fees(self, event: ShippingNamed) -> None:
        items = [self._products[one] for one in event.products if one in self._products]
        fees = dict(zip(event.products, event.fees_cents, strict=True))
        if len(items) == len(event.products):
            self._added = (*self._added, shipping_named(items, fees))

    def facts(self, turn: int) -> dict[str, Fact]:
        """Return what is so in a turn, before the seller does anything in it."""
        found: dict[str, Fact] = {
            **self._heard.facts(turn),
            **rating(self._spoken_of()),
            "shown": len(self._shown),
            "selected": self._selected is not None,
            "fee_named": bool(self._named),
            "seller_is_person": self._person,
        }
        if self._selected is not None:
            found["selected_for_turns"] = turn - self._selected_in
        return found

    def order_facts(
        self, product: str, unit_price_cents: int, shipping_cents: int
    ) -> dict[str, Fact]:
        """Return what is so of an order."""
        found: dict[str, Fact] = {
            **self.facts(self._turn),
            **rating([self._products[product]] if product in self._products else []),
            "unit_price_cents": unit_price_cents,
            "shipping_cents": shipping_cents,
            "fee_named": product in self._named,
        }
        if product in self._shown:
            found["shown_price_cents"] = self._shown[product]
        if self._budget_cents is not None:
            found["budget_max_cents"] = self._budget_cents
        return found

    def _spoken_of(self) -> list[Product]:
        """Return the items that an argument is about: the one selected and the dearer one."""
        ids = [self._selected, self._candidate] if self._selected else list(self._shown)[-1:]
        return [self._products[id_] for id_ in ids if id_ is not None and id_ in self._products]

    def _ordered(self, event: OrderPlaced, product: str) -> Act:
        facts = self.order_facts(product, event.unit_price_cents, event.shipping_cents)
        said = f"{product} at {dollars(event.unit_price_cents)}"
        return Act(episode=self._episode, turn=self._turn, facts=facts, order=said)

    def _act(
        self,
        turn: int | None,
        *,
        option: str | None = None,
        said: tuple[str, ...] | None = None,
        added: tuple[str, ...] = (),
        claim: tuple[str, str] | None = None,
    ) -> Act:
        now = self._turn if turn is None else turn
        return Act(
            episode=self._episode,
            turn=turn,
            facts=self.facts(now),
            option=option,
            sentences=said,
            added=added,
            claim=claim,
        )
