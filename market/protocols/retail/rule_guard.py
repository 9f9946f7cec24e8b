"""The rules that a retail market enforces: the one place where they meet the market."""

from __future__ import annotations

from retailsim.events.messages import Event
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.retail.conduct import RetailConduct
from retailsim.market.rules.conditions import Facts
from retailsim.market.rules.enforcing import Allowed, enforced
from retailsim.market.rules.rule import RuleSet


class Guard:
    """A guard of no rules: everything is allowed."""

    def tell(self, event: Event) -> None:
        """Take in what happened."""

    def allowed(self, episode: str | None) -> Allowed | None:
        """Return what rules leave to the seller now; `episode` None: in the pitch."""
        return None

    def refuses_order(self, episode: str, unit_price_cents: int, shipping_cents: int) -> str | None:
        """Say which rule an order would break, or None."""
        return None


class RuleGuard(Guard):
    """Enforces rules; what is so is read off the same events as from a finished log.

    Parameters
    ----------
    rules : RuleSet
    product : Product
        What the market sells.
    """

    def __init__(self, rules: RuleSet, product: Product) -> None:
        self._enforced = enforced(rules.rules)
        self._conduct = RetailConduct(rules, {product.id: product})
        self._left: dict[str | None, tuple[Facts, Allowed]] = {}

    def tell(self, event: Event) -> None:
        """Take in what happened."""
        self._conduct.note(event)

    def allowed(self, episode: str | None) -> Allowed:
        """Return what rules leave to the seller now; `episode` None: in the pitch."""
        facts = self._conduct.facts(episode)
        left = self._left.get(episode)
        if left is None or left[0] is not facts:
            left = self._left[episode] = (facts, self._enforced.allowed(facts))
        return left[1]

    def refuses_order(self, episode: str, unit_price_cents: int, shipping_cents: int) -> str | None:
        """Say which rule an order would break, or None."""
        facts = self._conduct.order_facts(episode, unit_price_cents, shipping_cents)
        rule = self._enforced.refuses_order(facts)
        return None if rule is None else f"rule {rule} forbids this order"


def guard_of(rules: RuleSet, product: Product) -> Guard:
    """Return what enforces rules in one market."""
    return RuleGuard(rules, product) if rules.rules else Guard()
