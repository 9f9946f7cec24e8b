"""The money of one episode: double-entry rows, made again from its events.

The accounts ``buyer``, ``goods``, ``shipping`` and ``returns`` are those of `market.core.ledger`.
To these come the four that make a profit of it: carriers, payment fees, taxes, and the stock that
goods come from at their cost. Every row moves an amount from one account to another, so all
accounts together sum to 0; the seller's are ``goods`` and ``shipping``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from retailsim.events.messages import (
    EpisodeOpened,
    Event,
    IssueResolved,
    OrderPlaced,
    RefundIssued,
)

BUYER, GOODS, SHIPPING, RETURNS = "buyer", "goods", "shipping", "returns"
CARRIER, FEES, TAX, STOCK = "carrier", "payment fees", "tax", "stock"
ACCOUNTS = (BUYER, GOODS, SHIPPING, RETURNS, CARRIER, FEES, TAX, STOCK)
SELLERS = (GOODS, SHIPPING)
"""What is in these is the seller's."""


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the books.

    Parameters
    ----------
    seq, t : int
        Of the event that it comes from.
    what : str
        What was paid.
    source, target : str
        The accounts that the money left and reached.
    cents : int
        The amount, not below 0 in any log of ours.
    balance_cents : int
        What the seller's accounts hold behind it.
    """

    seq: int
    t: int
    what: str
    source: str
    target: str
    cents: int
    balance_cents: int


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """An episode's rows and what they come to.

    Parameters
    ----------
    accounts : mapping of str to int
        What each of `ACCOUNTS` holds at the end, in cents; they sum to 0.
    gross_cents, refunded_cents : int
        Of goods alone.
    cost_known : bool
        Whether what the goods cost stands in the log; without it there are no rows of the stock.
    """

    postings: tuple[Posting, ...]
    accounts: Mapping[str, int]
    gross_cents: int
    refunded_cents: int
    cost_known: bool

    @property
    def net_cents(self) -> int:
        """Net revenue: goods sold minus refunds."""
        return self.gross_cents - self.refunded_cents

    @property
    def profit_cents(self) -> int | None:
        """What the seller's accounts hold at the end; None where goods cost nobody knows what."""
        sold = any(one.what == SALE for one in self.postings)
        if sold and not self.cost_known:
            return None
        return sum(self.accounts[name] for name in SELLERS)


SALE = "sale"
_REFUND = "refund"


def books(events: Iterable[Mapping[str, Any]]) -> Books:
    """Book the events of one episode, in their order.

    Parameters
    ----------
    events : iterable of mappings
        As they stand in the log; those without money are passed over.

    Raises
    ------
    msgspec.ValidationError
        If an event that moves money is not as `events.messages` says.
    """
    ledger = _Ledger()
    for event in events:
        if (book := _BOOKED.get(event["type"])) is not None:
            kind, add = book
            add(ledger, msgspec.convert(event, kind))
    rows = ledger.rows
    return Books(
        postings=tuple(rows),
        accounts=ledger.accounts,
        gross_cents=sum(one.cents for one in rows if one.what == SALE),
        refunded_cents=sum(one.cents for one in rows if one.what == _REFUND),
        cost_known=ledger.unit_cost_cents is not None,
    )


class _Ledger:
    """The books while they are written."""

    def __init__(self) -> None:
        self.rows: list[Posting] = []
        self.accounts = dict.fromkeys(ACCOUNTS, 0)
        self.unit_cost_cents: int | None = None
        self._orders: dict[str, OrderPlaced] = {}

    def opened(self, event: EpisodeOpened) -> None:
        self.unit_cost_cents = event.unit_cost_cents

    def ordered(self, event: OrderPlaced) -> None:
        self._orders[event.order] = event
        if event.unit_cost_cents is not UNSET:
            self.unit_cost_cents = event.unit_cost_cents
        self._move(event, SALE, BUYER, GOODS, event.quantity * event.unit_price_cents)
        self._move(event, "shipping", BUYER, SHIPPING, event.shipping_cents)
        self._move(event, "carrier", SHIPPING, CARRIER, _carrier(event))
        self._move(event, "payment fee", GOODS, FEES, event.payment_fee_cents)
        self._move(event, "tax in the price", GOODS, TAX, event.tax_cents)
        self._cost(event, "cost of the goods", event.quantity)

    def refunded(self, event: RefundIssued) -> None:
        payer = BUYER if event.return_shipping_payer == "buyer" else GOODS
        self._move(event, _REFUND, GOODS, BUYER, event.amount_cents)
        self._move(event, "refund of shipping", SHIPPING, BUYER, event.shipping_refund_cents)
        self._move(event, "return shipping", payer, RETURNS, event.return_shipping_cents)
        self._move(event, "tax of the refund", TAX, GOODS, event.tax_refund_cents)
        self._move(event, "worth of what came back", STOCK, GOODS, event.salvage_cents)

    def resolved(self, event: IssueResolved) -> None:
        order = self._orders.get(event.order)
        if event.outcome == "exchanged" and order is not None:
            self._move(event, "carrier, both ways", SHIPPING, CARRIER, 2 * _carrier(order))
            self._cost(event, "cost of the new goods", order.quantity)
        self._move(event, "worth of what came back", STOCK, GOODS, event.salvage_cents)

    def _cost(self, event: Event, what: str, units: int) -> None:
        self._move(event, what, GOODS, STOCK, (self.unit_cost_cents or 0) * units)

    def _move(
        self, event: Event, what: str, source: str, target: str, cents: int | UnsetType
    ) -> None:
        if cents is UNSET or (not cents and what != SALE):
            return
        self.accounts[source] -= cents
        self.accounts[target] += cents
        balance = sum(self.accounts[name] for name in SELLERS)
        self.rows.append(
            Posting(
                seq=event.seq,
                t=event.t,
                what=what,
                source=source,
                target=target,
                cents=cents,
                balance_cents=balance,
            )
        )


def _carrier(order: OrderPlaced) -> int:
    """What a carrier is paid for one way: as much as the buyer pays, where the log says no more."""
    return order.shipping_cents if order.carrier_cents is UNSET else order.carrier_cents


_BOOKED: Mapping[str, tuple[type[Event], Callable[[_Ledger, Any], None]]] = {
    "EpisodeOpened": (EpisodeOpened, _Ledger.opened),
    "OrderPlaced": (OrderPlaced, _Ledger.ordered),
    "RefundIssued": (RefundIssued, _Ledger.refunded),
    "IssueResolved": (IssueResolved, _Ledger.resolved),
}
