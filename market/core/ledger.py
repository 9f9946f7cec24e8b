"""The ledger: double-entry books in integer cents, where every refund points to its sale.

An entry moves money between accounts and its lines sum to zero, so the books balance after every
entry by construction; what is checked is that no sale is refunded beyond what was paid for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from retailsim.market.errors import MarketError


class LedgerError(MarketError):
    """An entry that the books do not admit."""


@dataclass(slots=True)
class Sale:
    """One order's money: what was paid and how much of it went back."""

    order: str
    quantity: int
    goods_cents: int
    shipping_cents: int
    refunded_quantity: int = 0
    refunded_cents: int = 0
    refunded_shipping_cents: int = 0


@dataclass(slots=True)
class Ledger:
    """Accounts ``buyer``, ``goods`` (the seller's), ``shipping`` and ``returns`` in cents."""

    sales: dict[str, Sale] = field(default_factory=dict)
    accounts: dict[str, int] = field(
        default_factory=lambda: {"buyer": 0, "goods": 0, "shipping": 0, "returns": 0}
    )

    def sell(self, order: str, quantity: int, unit_price_cents: int, shipping_cents: int) -> Sale:
        """Book an order: the buyer pays goods and shipping."""
        if order in self.sales:
            raise LedgerError(f"order {order} is booked already")
        if quantity < 1 or unit_price_cents < 0 or shipping_cents < 0:
            raise LedgerError(f"order {order}: quantity and prices must be positive")
        sale = Sale(order, quantity, quantity * unit_price_cents, shipping_cents)
        self.sales[order] = sale
        self._move("buyer", "goods", sale.goods_cents)
        self._move("buyer", "shipping", shipping_cents)
        return sale

    def refund(self, order: str, quantity: int, amount_cents: int, shipping_cents: int) -> None:
        """Book money back for a sale, never beyond what was paid for it.

        Raises
        ------
        LedgerError
            If the order is unknown or the refund exceeds what is left of the sale.
        """
        sale = self.sales.get(order)
        if sale is None:
            raise LedgerError(f"order {order} was never sold")
        if quantity < 1 or quantity > sale.quantity - sale.refunded_quantity:
            raise LedgerError(f"order {order}: {quantity} units are not there to refund")
        if amount_cents < 0 or amount_cents > sale.goods_cents - sale.refunded_cents:
            raise LedgerError(f"order {order}: {amount_cents} cents are more than was paid")
        if not 0 <= shipping_cents <= sale.shipping_cents - sale.refunded_shipping_cents:
            raise LedgerError(f"order {order}: {shipping_cents} cents shipping were not paid")
        sale.refunded_quantity += quantity
        sale.refunded_cents += amount_cents
        sale.refunded_shipping_cents += shipping_cents
        self._move("goods", "buyer", amount_cents)
        self._move("shipping", "buyer", shipping_cents)

    def return_shipping(self, cents: int, payer: str) -> None:
        """Book the cost of sending goods back, paid by ``buyer`` or ``seller``."""
        self._move("buyer" if payer == "buyer" else "goods", "returns", cents)

    def _move(self, source: str, target: str, cents: int) -> None:
        self.accounts[source] -= cents
        self.accounts[target] += cents

    @property
    def balance_cents(self) -> int:
        """The sum of all accounts: 0, always."""
        return sum(self.accounts.values())
