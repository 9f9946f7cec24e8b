"""Readers of one field each, for values of any type: a usable value, or a plain absence.

Nothing here raises on a value a file can hold, and everything returned is bounded: texts are
cut, lists and mappings are shortened, nesting is followed a few levels only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice

PRICE_LIMIT_CENTS = 100_000_000
"""Prices from here on, a million in whatever currency, are taken for errors."""

_SUSPICIOUS = 10**15  # an amount beyond any money, id or count that a sheet can mean
_DEPTH = 3
_ITEMS = 500

# Whitespace that str.split knows is left to it. What goes: control characters, byte order marks,
# marks that reverse the reading direction, and halves of surrogate pairs, which no file can hold.
_STRAY = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)

_NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_AMOUNT = rf"(-?)\s*(?:us\s*\$|usd|\$)?\s*(-?)\s*({_NUMBER})\s*(?:us\s*\$|usd|\$)?"
_PRICE = re.compile(
    rf"(?:from|starting (?:at|from)|as low as)?:?\s*{_AMOUNT}(?:\s*(?:-|–|—|to)\s*{_AMOUNT})?",
    re.IGNORECASE | re.ASCII,
)


class Unreadable(str):
    """A text that is no amount as its column is written, or one in a foreign currency.

    Parameters
    ----------
    foreign : bool
        Whether it is an amount, in another currency than the catalogue's.
    """

    foreign: bool

    def __new__(cls, text: str, foreign: bool = False) -> Unreadable:
        """Mark a text."""
        made = super().__new__(cls, text)
        made.foreign = foreign
        return made


def parse_price(value: object) -> int | None:
    """Read a price.

    Numbers are dollars. Texts are read as written in the United States: ``12.99``, ``$12.99``,
    ``$1,299.00``, ``USD 5``, ``from 12.99`` and ranges such as ``12.99 - 19.99``, of which the
    lower end counts. Where the separators are ambiguous (``1.299,00``, ``12,99``) or another
    currency is named, there is no usable price rather than a guess.

    Parameters
    ----------
    value : object
        What the file holds, of any type.

    Returns
    -------
    int or None
        Cents, at least 1 and below `PRICE_LIMIT_CENTS`, half cents rounded up; None for
        anything else.
    """
    amount = parse_amount(value)
    cents = None if amount is None else to_cents(amount)
    return cents if cents is not None and 0 < cents < PRICE_LIMIT_CENTS else None


def parse_amount(value: object) -> Decimal | None:
    """Read an amount of dollars, zero, negative or huge ones included; None where there is none."""
    match value:
        case bool() | Unreadable():
            return None
        case int() | float() | Decimal():
            return _bounded(value)
        case str() if len(value) <= 80 and (found := _PRICE.fullmatch(value.strip())):
            return _lower(found)
        case _:
            return None


def to_cents(amount: Decimal) -> int | None:
    """Round dollars to cents, half a cent up; None beyond a thousand million million."""
    if abs(amount) >= _SUSPICIOUS:
        return None
    return int((amount * 100).to_integral_value(ROUND_HALF_UP))


def _bounded(value: float | Decimal) -> Decimal | None:
    """Turn a number into a Decimal; a huge int is cut first, for its conversion is quadratic."""
    if isinstance(value, int):
        return Decimal(max(-_SUSPICIOUS, min(value, _SUSPICIOUS)))
    number = Decimal(repr(value)) if isinstance(value, float) else value
    return number if number.is_finite() else None


def _lower(found: re.Match[str]) -> Decimal:
    """Return the lower end of a price text, which is its only one where it is no range."""
    groups = found.groups()
    ends = [groups[:3], groups[3:]] if groups[5] else [groups[:3]]
    return min(
        Decimal(number.replace(",", "")) * (-1 if first or second else 1)
        for first, second, number in ends
    )


def text(value: object, limit: int) -> str:
    """Read one line of text of at most `limit` characters; an absence is the empty text.

    Control characters go and whitespace runs become one space; anything else, hostile or not,
    is kept as data. Numbers are written out; other types hold no text.
    """
    match value:
        case str():
            raw = value[: 4 * limit]
            raw = raw if raw.isprintable() else _STRAY.sub("", raw)
            return " ".join(raw.split())[:limit].rstrip()
        case int() | float() | Decimal() if not isinstance(value, bool):
            return _written(value, limit)
        case _:
            return ""


def _written(value: float | Decimal, limit: int) -> str:
    """Write a number out; one that is none, or too long to be kept whole, is no text."""
    amount = _bounded(value)
    if amount is None or abs(amount) >= _SUSPICIOUS:
        return ""
    line = str(value)
    return line if len(line) <= limit else ""


def texts(value: object, *, count: int, limit: int) -> tuple[str, ...]:
    """Read up to `count` non-empty lines out of a text or arbitrarily nested lists of texts."""
    lines = (text(item, limit) for item in islice(_leaves(value, _DEPTH), _ITEMS))
    return tuple(islice((line for line in lines if line), count))


def paragraphs(value: object, limit: int) -> str:
    """Read a text or lists of texts as paragraphs joined by newlines, `limit` characters in all."""
    parts = islice(_leaves(value, _DEPTH), _ITEMS)
    lines = (line for part in parts for line in text_lines(part, limit))
    return "\n".join(islice((line for line in lines if line), _ITEMS))[:limit].rstrip()


def text_lines(value: object, limit: int) -> Iterator[str]:
    """Read the lines of one text, each cleaned."""
    raw = value[: 4 * limit].splitlines() if isinstance(value, str) else [value]
    return (text(line, limit) for line in raw)


def facts(value: object, *, count: int, key_limit: int, limit: int) -> dict[str, str]:
    """Read a mapping as facts by name: values of any type are written out, empty ones left out."""
    if not isinstance(value, dict):
        return {}
    pairs = (
        (text(key, key_limit), _flat(item, limit, _DEPTH))
        for key, item in islice(value.items(), count)
    )
    return {key: line for key, line in pairs if key and line}


def number(value: object, low: float, high: float) -> float | None:
    """Read a plain number within [low, high]; None for anything else."""
    if isinstance(value, str):
        plain = value.strip().replace(",", "")
        value = float(plain) if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,15})?", plain) else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    amount = _bounded(value)
    return float(value) if amount is not None and low <= amount <= high else None


def _leaves(value: object, depth: int) -> Iterator[object]:
    """Walk nested lists in order; what lies deeper than `depth` is left out."""
    if not isinstance(value, list | tuple):
        yield value
    elif depth:
        for item in islice(value, _ITEMS):
            yield from _leaves(item, depth - 1)


def _flat(value: object, limit: int, depth: int) -> str:
    """Write a value of any type on one line."""
    match value:
        case bool():
            return "Yes" if value else "No"
        case dict() if depth:
            inner = ((text(key, limit), _flat(v, limit, depth - 1)) for key, v in _few(value))
            return "; ".join(f"{key}: {line}" for key, line in inner if line)[:limit].rstrip()
        case list() | tuple() if depth:
            lines = (_flat(item, limit, depth - 1) for item in islice(value, 50))
            return ", ".join(line for line in lines if line)[:limit].rstrip()
        case _:
            return text(value, limit)


def _few(value: dict[object, object]) -> Iterator[tuple[object, object]]:
    return islice(value.items(), 50)
