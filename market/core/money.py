"""Money as people read it: a shop's cents in its currency, and what models cost in dollars.

The one place that writes an amount; agents' texts, and so the bytes of a log, come from here too.
Amounts of a shop are written in the currency of its catalogue while `in_currency` lasts, else in
dollars. What models cost is always in dollars.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

DOLLARS = "USD"
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "INR": "₹", "KRW": "₩", "ILS": "₪", "UAH": "₴"}
"""Signs that stand for one currency alone, but for the dollar; all others are written by code."""
_currency: ContextVar[str] = ContextVar("currency", default=DOLLARS)


@contextmanager
def in_currency(code: str | None) -> Iterator[None]:
    """Write the amounts of a shop in a currency while the block runs.

    Parameters
    ----------
    code : str or None
        ISO 4217; None for dollars.
    """
    token = _currency.set(code or DOLLARS)
    try:
        yield
    finally:
        _currency.reset(token)


def currency() -> str:
    """Return the ISO 4217 code of the currency that amounts are written in."""
    return _currency.get()


def sign() -> str:
    """Return what is written before an amount: ``$``, ``€``, or ``CHF`` and a space."""
    code = _currency.get()
    return _SIGNS.get(code) or f"{code} "


UNKNOWN = "unknown"
"""What stands for an amount that nobody knows."""

NANOUSD_PER_CENT = 10_000_000


def in_dollars(text: str) -> str:
    """Return a text whose amounts are marked as dollars: for readers who know that mark alone."""
    mark = sign()
    return text if mark == "$" else text.replace(mark, "$")


def dollars(cents: float) -> str:
    """Return cents as ``$1,234.50`` or ``-$0.10``, or in the currency that `in_currency` says.

    What rounds to nothing has no minus.
    """
    return _signed(cents, f"{abs(cents) / 100:,.2f}", sign())


def us_dollars(cents: float) -> str:
    """Return cents as dollars, whatever the currency: for costs, and for what is only compared."""
    return _signed(cents, f"{abs(cents) / 100:,.2f}")


def whole_dollars(cents: float) -> str:
    """Return cents as ``$1,235``, where there is no room for more."""
    return _signed(cents, f"{abs(cents) / 100:,.0f}", sign())


def change(cents: float) -> str:
    """Return a difference, which has its sign either way: ``+$1.00``, ``-$1.00``, ``$0.00``."""
    amount = dollars(cents)
    return f"+{amount}" if cents > 0 and amount != dollars(0) else amount


def small_dollars(amount: float | None) -> str:
    """Return dollars as ``$1.50``; below a dollar with four decimals, for a call costs so little.

    Parameters
    ----------
    amount : float or None
        In dollars. None: nobody knows.
    """
    if amount is None:
        return UNKNOWN
    few = abs(amount) >= 1.0 or amount == 0.0
    return _signed(amount, f"{abs(amount):,.2f}" if few else f"{abs(amount):.4f}")


def nanodollars(nanousd: float | None) -> str:
    """Return billionths of a dollar, likewise."""
    return small_dollars(None if nanousd is None else nanousd / 1e9)


def rounded_up(nanousd: int) -> str:
    """Return whole cents, rounded up: who allows just that has allowed enough."""
    return us_dollars(-(-nanousd // NANOUSD_PER_CENT))


def _signed(value: float, amount: str, mark: str = "$") -> str:
    minus = value < 0 and amount.strip("0.,") != ""
    return f"{'-' if minus else ''}{mark}{amount}"
