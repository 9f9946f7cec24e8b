"""Amounts as people write them: one column at a time, in one way.

Whether ``1.299`` is a little more than one or a little less than thirteen hundred is decided by
what else its column holds, and then for the whole column: a cell that the decision cannot read is
no amount, never an amount in the other way.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Literal, NamedTuple

Mark = Literal[".", ","]

_SYMBOLS = {
    "us$": "USD", "usd$": "USD", "$": "$", "ca$": "CAD", "c$": "CAD", "cad$": "CAD",
    "a$": "AUD", "au$": "AUD", "aud$": "AUD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD",
    "r$": "BRL", "mx$": "MXN", "€": "EUR", "£": "GBP", "¥": "¥", "￥": "¥", "円": "JPY",
    "₹": "INR", "rs": "INR", "₽": "RUB", "₺": "TRY", "₩": "KRW", "₪": "ILS",
    "₫": "VND", "฿": "THB", "₴": "UAH", "zł": "PLN", "zl": "PLN", "kč": "CZK", "kc": "CZK",
    "ft": "HUF", "lei": "RON", "лв": "BGN", "fr": "CHF", "sfr": "CHF",
    "euro": "EUR", "euros": "EUR", "kr": "kr", "元": "CNY",
}  # fmt: skip
CODES = frozenset(
    [
        "AED",
        "ARS",
        "AUD",
        "BGN",
        "BRL",
        "CAD",
        "CHF",
        "CLP",
        "CNY",
        "COP",
        "CZK",
        "DKK",
        "EGP",
        "EUR",
        "GBP",
        "HKD",
        "HRK",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "ISK",
        "JPY",
        "KES",
        "KRW",
        "KZT",
        "MAD",
        "MXN",
        "MYR",
        "NGN",
        "NOK",
        "NZD",
        "PEN",
        "PHP",
        "PKR",
        "PLN",
        "QAR",
        "RON",
        "RSD",
        "RUB",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "TWD",
        "UAH",
        "USD",
        "UYU",
        "VND",
        "ZAR",
    ]
)
"""ISO 4217 codes that are told from other words in a cell."""

_FIRST_WORDS = re.compile(
    r"^(?:from|starting (?:at|from)|as low as|ab|à partir de|dès|desde|da|vanaf)\b:?\s*",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\s*(?:[–—-]|\bto\b|\bbis\b)\s*", re.IGNORECASE)
_AROUND = re.compile(
    r"([^0-9.,'’–—-]*?)\s*(-?)\s*([^0-9.,'’–—-]*?)\s*(-?)([0-9.,].*?)([^0-9.,'’–—-]*)"
)
_NUMBER = re.compile(r"[0-9][0-9.,'’´` \u00a0\u2009\u202f]*|[.,][0-9]+")
_ROUND = re.compile(r"[.,](?:-{1,2}|–|—)$")  # 1'299.- and 12,--
_ABBREVIATED = re.compile(r"(?<=[^\W\d_])\.")  # Fr. 12.50
_SPACES = re.compile(r"['’´` \u00a0\u2009\u202f]")
_LONGEST = 80
_AMOUNT_KEYS = ("value", "amount")
_CURRENCY_KEYS = ("currency", "currencyCode", "currency_code")


class Written(NamedTuple):
    """A number as it is written: its digits with their marks, and the currency beside it."""

    digits: str
    negative: bool
    currency: str | None


def take_apart(cell: str) -> tuple[Written, ...]:
    """Take a cell's text apart: one number, the two ends of a range, or nothing."""
    if len(cell) > _LONGEST:
        return ()
    text = _FIRST_WORDS.sub("", " ".join(cell.split()))
    whole = _one(text)
    if whole is not None:
        return (whole,)
    ends = [_one(end) for end in _RANGE.split(text, maxsplit=1)]
    found = tuple(end for end in ends if end is not None)
    return found if len(found) == len(ends) == 2 else ()


def _one(text: str) -> Written | None:
    """Take one number apart; None where something stands with it that is no currency."""
    found = _AROUND.fullmatch(_ABBREVIATED.sub("", text))
    if found is None:
        return None
    words = [word for word in (found[1], found[3], found[6]) if word.strip()]
    named = {currency_of(word) for word in words}
    digits = _NUMBER.fullmatch(_ROUND.sub("", found[5].strip()).strip())
    if digits is None or None in named or len(named) > 1:
        return None
    return Written(digits[0].strip(), bool(found[2] or found[4]), next(iter(named), None))


_SHARED = {
    "$": ("USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "CLP", "COP", "UYU"),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
    "¥": ("JPY", "CNY"),
}
"""Signs of several currencies, of which the first is meant where nothing says another one."""


def settled(named: str, others: Iterable[str]) -> str:
    """Return the code that a sign of several currencies means among `others`; a code is itself."""
    if named not in _SHARED:
        return named
    return next((code for code in _SHARED[named] if code in others), _SHARED[named][0])


def currency_of(word: str) -> str | None:
    """Return the ISO 4217 code of a word or sign, or a sign of several; None for what is none."""
    plain = word.strip().strip("()").strip()
    if plain.upper() in CODES and (plain.isupper() or plain.islower()):
        return plain.upper()
    return _SYMBOLS.get(plain.casefold())


_POINT = re.compile(
    r"[0-9]*\.(?:[0-9]{1,2}|[0-9]{4,})|[0-9]{4,}\.[0-9]{3}|0[0-9]*\.[0-9]{3}|\.[0-9]+"
    r"|[0-9]{1,3}(?:,[0-9]{2,3})+\.[0-9]*|[0-9]{1,3}(?:,[0-9]{3}){2,}"
)


def says(digits: str) -> Mark | None:
    """Return the decimal mark that a number shows by itself; None where it may be either."""
    plain = _SPACES.sub("", digits)
    if len(plain) < len(digits) and plain.count(".") + plain.count(",") == 1:
        return "." if "." in plain else ","  # thousands are spaced, so the mark is not theirs
    swapped = plain.translate(str.maketrans(".,", ",."))
    point, comma = _POINT.fullmatch(plain), _POINT.fullmatch(swapped)
    return "." if point and not comma else "," if comma and not point else None


def number_of(digits: str, mark: Mark) -> Decimal | None:
    """Read digits with a decimal mark; None where their marks do not stand as they then must."""
    text = digits if mark == "." else digits.translate(str.maketrans(".,", ",."))
    whole, _, cents = text.partition(".")
    if "," in cents or "." in cents or (cents and not cents.isdigit()):
        return None
    groups = re.split(r"[,'’´` \u00a0\u2009\u202f]", whole)
    if len(groups) > 1 and not _grouped(groups):
        return None
    try:
        return Decimal(f"{''.join(groups) or '0'}.{cents or '0'}")
    except InvalidOperation:
        return None


def _grouped(groups: list[str]) -> bool:
    """Whether digits stand in threes, or as in India in twos before the last three."""
    middle = {len(one) for one in groups[1:-1]}
    begins = 1 <= len(groups[0]) <= 3 and not groups[0].startswith("0")
    return begins and len(groups[-1]) == 3 and middle in (set(), {2}, {3})


def flat_amount(cell: object) -> object:
    """Write an object such as ``{"value": "12.00", "currency": "USD"}`` as a text, as APIs have it.

    Other cells come back as they are.
    """
    if not isinstance(cell, dict):
        return cell
    amount = next((cell[key] for key in _AMOUNT_KEYS if cell.get(key) not in (None, "")), None)
    if not isinstance(amount, str | int | float | Decimal) or isinstance(amount, bool):
        return cell
    code = next((cell[key] for key in _CURRENCY_KEYS if isinstance(cell.get(key), str)), "")
    return f"{amount} {code}".strip() if code or isinstance(amount, str) else amount


class Evidence:
    """What the cells of one column show about how its amounts are written."""

    def __init__(self) -> None:
        self.marks = Counter[Mark]()
        self.examples: dict[Mark, str] = {}
        self.unclear: str | None = None
        self.currencies = Counter[str]()
        self.unnamed = 0

    def see(self, cell: object) -> None:
        """Count a cell."""
        cell = flat_amount(cell)
        if not isinstance(cell, str):
            self.unnamed += isinstance(cell, int | float | Decimal)
            return
        for written in take_apart(cell)[:1]:
            if written.currency is None:
                self.unnamed += 1
            else:
                self.currencies[written.currency] += 1
            mark = says(written.digits)
            if mark is not None:
                self.marks[mark] += 1
                self.examples.setdefault(mark, cell.strip())
            elif "." in written.digits or "," in written.digits:
                self.unclear = self.unclear or cell.strip()

    @property
    def mark(self) -> Mark | None:
        """The decimal mark of most cells that show one; None where none does, or both as often."""
        point, comma = self.marks["."], self.marks[","]
        return None if point == comma else "." if point > comma else ","

    @property
    def torn(self) -> bool:
        """Whether the cells show both marks, the one as often as the other."""
        return self.marks["."] == self.marks[","] > 0


def amount_of(cell: str, mark: Mark) -> Decimal | None:
    """Read a cell with its column's decimal mark; of a range the lower end."""
    ends = [(number_of(one.digits, mark), one.negative) for one in take_apart(cell)]
    numbers = [-number if minus else number for number, minus in ends if number is not None]
    return min(numbers) if numbers and len(numbers) == len(ends) else None


def named_currency(cell: object) -> str | None:
    """Return the currency that a cell names, if it names one."""
    found = take_apart(cell) if isinstance(cell, str) else ()
    return next((one.currency for one in found if one.currency), None)
