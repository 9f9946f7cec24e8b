"""Money as people read it: whole cents, and billionths of a dollar, as dollars.

The one place that writes an amount; agents' texts, and so the bytes of a log, come from here too.
"""

from __future__ import annotations

UNKNOWN = "unknown"
"""What stands for an amount that nobody knows."""

NANOUSD_PER_CENT = 10_000_000


def dollars(cents: float) -> str:
    """Return cents as ``$1,234.50`` or ``-$0.10``; what rounds to nothing has no sign."""
    return _signed(cents, f"{abs(cents) / 100:,.2f}")


def whole_dollars(cents: float) -> str:
    """Return cents as ``$1,235``, where there is no room for more."""
    return _signed(cents, f"{abs(cents) / 100:,.0f}")


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
    return dollars(-(-nanousd // NANOUSD_PER_CENT))


def _signed(value: float, amount: str) -> str:
    minus = value < 0 and amount.strip("0.,") != ""
    return f"{'-' if minus else ''}${amount}"
