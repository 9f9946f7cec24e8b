"""An order as a state machine: placed, delivered, an issue open, settled."""

from __future__ import annotations

from enum import Enum

from retailsim.events.messages import Outcome
from retailsim.market.errors import MarketError


class OrderState(Enum):
    """Where an order stands; an issue may be opened before delivery."""

    PLACED = "placed"
    DELIVERED = "delivered"
    ISSUE_OPEN = "issue open"
    SETTLED = "settled"


_NEXT: dict[OrderState, frozenset[OrderState]] = {
    OrderState.PLACED: frozenset({OrderState.DELIVERED, OrderState.ISSUE_OPEN}),
    OrderState.DELIVERED: frozenset({OrderState.ISSUE_OPEN}),
    OrderState.ISSUE_OPEN: frozenset({OrderState.SETTLED}),
    OrderState.SETTLED: frozenset(),
}


class OrderError(MarketError):
    """A step that the order's state does not allow."""


class OrderLife:
    """One order's state, and the outcome once it is settled."""

    __slots__ = ("id", "outcome", "state")

    def __init__(self, order: str) -> None:
        self.id = order
        self.state = OrderState.PLACED
        self.outcome: Outcome | None = None

    def deliver(self) -> None:
        """The goods reached the buyer."""
        self._step(OrderState.DELIVERED)

    def open_issue(self) -> None:
        """Something is wrong."""
        self._step(OrderState.ISSUE_OPEN)

    def settle(self, outcome: Outcome) -> None:
        """Close the issue for good: a settled order cannot be settled again."""
        self._step(OrderState.SETTLED)
        self.outcome = outcome

    def _step(self, state: OrderState) -> None:
        if state not in _NEXT[self.state]:
            raise OrderError(f"order {self.id} is {self.state.value}, not to be {state.value}")
        self.state = state
