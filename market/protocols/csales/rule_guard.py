"""The rules that a sales conversation enforces: the one place where they meet the market."""

from __future__ import annotations

from collections.abc import Mapping

from retailsim.events.messages import Event
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.action_table import ActionTable, Option
from retailsim.market.protocols.csales.conduct import SalesConduct
from retailsim.market.protocols.csales.events import Action, ItemSelected, ItemsShown
from retailsim.market.protocols.csales.spec import SalesRules
from retailsim.market.rules.enforcing import SpeechRules, enforced

LISTENING: tuple[Action, ...] = ("Preference Probing",)
"""What is left to a seller to whom every argument is forbidden."""


class Guard:
    """A guard of no rules: everything is allowed."""

    def tell(self, event: Event) -> None:
        """Take in what happened."""

    def selected(self, event: ItemSelected, candidate: Product | None) -> None:
        """Take in the buyer's choice, with the dearer item that goes with it."""

    def allowed(
        self, legal: tuple[Option, ...], table: ActionTable, turn: int
    ) -> tuple[Option, ...]:
        """Return the options that no rule forbids; where all are, those of listening."""
        return legal

    def speech(self, turn: int) -> SpeechRules | None:
        """Return the rules for what the seller says now."""
        return None

    def fee_to_name(self, offered: tuple[Product, ...]) -> tuple[Product, ...]:
        """Return the items of which the market has to name the fee when they are shown."""
        return ()

    def refuses_order(self, product: Product, fee_cents: int) -> str | None:
        """Say which rule an order would break, or None."""
        return None


class RuleGuard(Guard):
    """Enforces rules; what is so is read off the same events as from a finished log.

    Parameters
    ----------
    rules : SalesRules
    shown : mapping of id to Product
        The items shown, as they stand in the conversation.
    """

    def __init__(self, rules: SalesRules, shown: Mapping[str, Product]) -> None:
        self._enforced = enforced(rules.enforced.rules)
        self._shown = shown
        self._sheets: dict[str, Product] = {}
        self._conduct = SalesConduct(rules.enforced, self._sheets)
        self._charges = rules.shipping.rate > 0.0 and rules.shipping.cap_cents > 0

    def tell(self, event: Event) -> None:
        """Take in what happened."""
        self._conduct.note(event)
        if isinstance(event, ItemsShown):
            self._sheets |= self._shown

    def selected(self, event: ItemSelected, candidate: Product | None) -> None:
        """Take in the buyer's choice, with the dearer item that goes with it."""
        if candidate is not None:
            self._sheets[candidate.id] = candidate
        self.tell(event)

    def allowed(
        self, legal: tuple[Option, ...], table: ActionTable, turn: int
    ) -> tuple[Option, ...]:
        """Return the options that no rule forbids; where all are, those of listening."""
        facts = self._conduct.facts(turn)
        if not self._enforced.allowed(facts).forbidding:
            return legal
        forbidden = self._enforced.forbidden([one.name for one in legal], facts)
        if not forbidden:
            return legal
        found = tuple(one for one in legal if one.name not in forbidden)
        return found or table.legal(LISTENING, discounts=False)

    def speech(self, turn: int) -> SpeechRules:
        """Return the rules for what the seller says now."""
        return self._enforced.allowed(self._conduct.facts(turn)).speech

    def fee_to_name(self, offered: tuple[Product, ...]) -> tuple[Product, ...]:
        """Return the items of which the market has to name the fee when they are shown."""
        if not (self._charges and self._enforced.wants_fee_named):
            return ()
        return tuple(one for one in offered if one.id not in self._shown)

    def refuses_order(self, product: Product, fee_cents: int) -> str | None:
        """Say which rule an order would break, or None."""
        facts = self._conduct.order_facts(product.id, product.price_cents, fee_cents)
        rule = self._enforced.refuses_order(facts)
        return None if rule is None else f"rule {rule} forbids this order"


def guard_of(rules: SalesRules, shown: Mapping[str, Product]) -> Guard:
    """Return what enforces the rules of a run in one conversation."""
    return RuleGuard(rules, shown) if rules.enforced.rules else Guard()
