"""Shipping: what it costs and how long it takes."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from retailsim.events.streams import Stream


def whole_cents(cents: float) -> int:
    """Round half up; 59.499999999999996, which is what 85 * (1 - 0.3) gives, counts as a half."""
    return int(round(cents, 6) + 0.5)


class ShippingRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shipping fee and delivery times.

    Parameters
    ----------
    rate : float
        Share of the product's list price, in [0, 1].
    cap_cents : int
        Upper limit of the fee, per order.
    order_days, delivery_days : (int, int)
        First and last day from the pitch to the order, and from the order to the expected
        delivery, inclusive.
    delay_days : (int, int)
        How many days late a delayed order arrives.
    """

    rate: float = 0.05
    cap_cents: int = 800
    order_days: tuple[int, int] = (0, 7)
    delivery_days: tuple[int, int] = (1, 7)
    delay_days: tuple[int, int] = (2, 6)

    def fee_cents(self, list_price_cents: int) -> int:
        """The fee of one order, rounded half up to a cent."""
        return fee_cents(self.rate, self.cap_cents, list_price_cents)

    def __post_init__(self) -> None:
        """Refuse what no shop can do."""
        if not 0.0 <= self.rate <= 1.0:
            raise ValueError(f"rate = {self.rate}: must be a share from 0 to 1")
        if self.cap_cents < 0:
            raise ValueError(f"cap_cents = {self.cap_cents}: must not be negative")
        for name in ("order_days", "delivery_days", "delay_days"):
            low, high = getattr(self, name)
            if not 0 <= low <= high:
                raise ValueError(f"{name} = [{low}, {high}]: must be two days in rising order")


@lru_cache(maxsize=4_096)
def fee_cents(rate: float, cap_cents: int, list_price_cents: int) -> int:
    """Return a share of a price, rounded half up to a cent, up to a limit.

    It is remembered, as shops ask for all that they show, again and again.

    Parameters
    ----------
    rate : float
        The share, in [0, 1].
    cap_cents : int
        The limit.
    list_price_cents : int
    """
    return min(cap_cents, whole_cents(list_price_cents * rate))


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When an order is placed, expected and delivered, in days since the pitch."""

    ordered_day: int
    expected_day: int
    delivered_day: int
    issue_day: int


def schedule(rules: ShippingRules, issue: str | None, draws: Stream) -> Schedule:
    """Draw one order's days; takes exactly four draws whatever the issue is.

    A delayed order is complained about the day after it was expected, before it arrives; a
    change of mind comes up to ten days after delivery, anything else within two.
    """
    ordered = draws.integer(*rules.order_days)
    expected = ordered + draws.integer(*rules.delivery_days)
    late, wait = draws.integer(*rules.delay_days), draws.uniform()
    if issue == "shipping delay":
        return Schedule(
            ordered_day=ordered,
            expected_day=expected,
            delivered_day=expected + late,
            issue_day=expected + min(1, late),
        )
    longest = 10 if issue == "change of mind" else 2
    return Schedule(
        ordered_day=ordered,
        expected_day=expected,
        delivered_day=expected,
        issue_day=expected + int(wait * (longest + 1)),
    )
