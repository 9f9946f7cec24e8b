"""Cents as dollars, for people."""

from __future__ import annotations


def dollars(cents: float) -> str:
    """Return an amount in dollars and whole cents; what rounds to nothing has no sign."""
    return f"{'-' if round(cents) < 0 else ''}${abs(cents) / 100:,.2f}"
