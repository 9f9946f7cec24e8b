"""How values are written for people, by their unit."""

from __future__ import annotations

from retailsim.market.core import money

_FINE = 3
"""Decimals of a difference: it is smaller than what it is between."""


MARK = "*"
"""Stands behind an amount that may be lower, for not all refunds are known."""
MARKED = (
    f"{MARK} Failures left refunds unknown, and what is unknown is not taken off. Behind ≥ stands "
    "the amount had all of it been paid back."
)
"""What the mark means."""


def written(unit: str, value: float, *, digits: int = 2) -> str:
    """Return a value as text.

    Parameters
    ----------
    unit : str
        A `Unit` of a measure, or ``number``, ``tokens`` or ``dollars``.
    digits : int
        Decimals of what is neither a share, money nor a count.
    """
    match unit:
        case "share":
            return f"{value:z.1%}"
        case "cents":
            return money.dollars(value)
        case "dollars":
            return money.small_dollars(value)
        case "count" | "tokens":
            return f"{value:,.0f}"
        case _:
            return f"{value:z.{digits}f}"


def bounded(unit: str, value: float, least: float | None) -> tuple[str, str]:
    """Return a value as text, and how low it may be; marked where there is such a bound."""
    if least is None:
        return written(unit, value), ""
    return written(unit, value) + MARK, f"≥ {written(unit, least)}"


def change_written(unit: str, value: float, *, digits: int = _FINE) -> str:
    """Return a difference as text, with its sign; that of shares in points."""
    plus = "+" if value > 0 else ""
    match unit:
        case "share":
            return f"{plus}{100 * value:z.1f}"
        case "cents":
            return money.change(value)
        case _:
            return f"{plus}{value:z.{digits}f}"


def p_told(p: float | None) -> str:
    """Write a p value, or that there is none."""
    if p is None:
        return "-"
    return "<0.001" if p < 0.0005 else f"{p:.3f}"
