"""Quantities in a text: numbers in figures or words with their units, in one unit a dimension."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

_TEENS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
)
_TENTHS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ONES = {word: value for value, word in enumerate(_TEENS.split())}
_TENS = {word: 10 * value for value, word in enumerate(_TENTHS.split(), start=2)}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_SMALL: dict[str, float] = {**_ONES, **_TENS, "dozen": 12, "half": 0.5, "a": 1, "an": 1}
NUMBER_WORDS = frozenset({*_ONES, *_TENS, *_SCALES, "dozen", "half"})

_WORD = "|".join(sorted(NUMBER_WORDS, key=len, reverse=True))
_FIGURES = r"(?P<number>\d[\d,]*(?:\.\d+)?(?:\s?k\b)?)"
_ONE = r"an?(?= (?:second|minute|hour|day|week|month|year|litre|liter|kilo|pound|dollar)\b)"
_WORDS = rf"(?:{_WORD})\b(?:(?:[ -]| and )(?:{_WORD})\b)*"
_SPELT = rf"\b(?P<number>{_WORDS}|an? {_WORDS}|{_ONE})"

UNITS: dict[str, tuple[tuple[str, float], ...]] = {}
"""Unit -> its dimensions, each with what one unit is in the dimension's own."""


def _units(dimension: str, table: dict[str, float]) -> None:
    for names, factor in table.items():
        for name in names.split("|"):
            UNITS[name] = (*UNITS.get(name, ()), (dimension, factor))


_units(
    "length",
    {
        "mm|millimeter|millimeters|millimetre|millimetres": 1,
        "cm|centimeter|centimeters|centimetre|centimetres": 10,
        "m|meter|meters|metre|metres": 1_000,
        "in|inch|inches|″": 25.4,
        "ft|foot|feet": 304.8,
        "km|kilometer|kilometers|kilometre|kilometres": 1e6,
        "mile|miles": 1.609e6,
        "yd|yard|yards": 914.4,
    },
)
_units(
    "weight",
    {
        "mg|milligram|milligrams": 0.001,
        "g|gram|grams|gramme|grammes": 1,
        "kg|kilo|kilos|kilogram|kilograms": 1_000,
        "oz|ounce|ounces": 28.35,
        "lb|lbs|pound|pounds": 453.6,
    },
)
_units(
    "volume",
    {
        "ml|milliliter|milliliters|millilitre|millilitres": 1,
        "cl": 10,
        "l|liter|liters|litre|litres": 1_000,
        "fl oz|fluid ounce|fluid ounces|oz|ounce|ounces": 29.57,
        "pint|pints": 473.2,
        "quart|quarts|qt": 946.4,
        "gallon|gallons": 3_785,
    },
)
_units(
    "time",
    {
        "second|seconds|sec": 1,
        "minute|minutes|min|mins": 60,
        "hour|hours|h|hr|hrs": 3_600,
        "day|days": 86_400,
        "week|weeks": 604_800,
        "month|months": 2.63e6,
        "year|years|yr|yrs": 3.156e7,
        "decade|decades": 3.156e8,
    },
)
_units("percent", {"%|percent|per cent": 1})
_units("money", {"dollar|dollars|bucks|usd": 100, "cent|cents": 1})
_units("power", {"w|watt|watts": 1, "kw|kilowatt|kilowatts": 1_000})
_units("voltage", {"v|volt|volts": 1})
_units("charge", {"mah": 1, "ah": 1_000})
_units("temperature", {"f|°f|fahrenheit|degrees f|c|°c|celsius|degrees": 1})
_units("sound", {"db|decibel|decibels": 1})
_units("pressure", {"pa|pascal|pascals": 1, "kpa": 1_000, "bar": 1e5, "psi": 6_895})
_units("colour", {"k|kelvin": 1})
_units("light", {"lm|lumen|lumens": 1})
_units("area", {"sq ft|square feet": 1, "square meters|square metres": 10.76})
_units("resolution", {"dpi": 1, "p": 1, "mp|megapixel|megapixels": 1e6})
_units("speed", {"rpm|turns a minute|revolutions per minute": 1, "mph": 1})
_units("frequency", {"hz|hertz": 1, "khz": 1_000})
_units("storage", {"gb|gigabyte|gigabytes": 1, "tb|terabyte|terabytes": 1_000})
_units("hardness", {"hrc": 1})
_units("energy", {"calories|calorie|kcal": 1, "kwh": 1})

ONLY_AFTER_FIGURES = frozenset(
    {"in", "m", "l", "g", "h", "f", "c", "k", "v", "w", "p", "bar", "min"}
)
"""Units that are words or letters of their own: they count only behind figures."""

_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_BEHIND = rf"(?:[ -]?(?P<unit>{_UNIT})(?![a-z°%]))?"
_IN_FIGURES = re.compile(rf"(?=[$\d])(?P<dollar>\$ ?)?{_FIGURES}{_BEHIND}")
_IN_WORDS = re.compile(rf"{_SPELT}{_BEHIND}")
_HAS_WORDS = re.compile(rf"\b(?:(?:{_WORD})\b|{_ONE})")
_NAMES = r"\b(?P<name>spf|thread count(?: of)?|hrc|dpi|f-stop|version)(?: of| is|:)? "
_NAME = ("spf", "thread count", "hrc", "dpi", "f-stop", "version")
"""What `_NAMES` begins with: looked for first, because that is quick."""
_NAMED = (re.compile(_NAMES + _FIGURES), re.compile(_NAMES + _SPELT))
_APPROX = re.compile(
    r"\b(?:about|around|roughly|nearly|almost|some|just (?:under|over)|approx\w*)\b"
)
_OVER = re.compile(r"\b(?:over|more than|at least|beyond)\s*(?:an? )?$")
_LIMITS = re.compile(
    r"about|around|roughly|nearly|almost|some|just|approx|over|more|least|beyond|under|less|most"
    r"|below"
)
"""What an expression for a bound cannot match without."""
_UNDER = re.compile(r"\b(?:under|less than|at most|below)\s*(?:an? )?$")


class Quantity(NamedTuple):
    """One number of a text.

    Parameters
    ----------
    number : float
        As written.
    dimension : str or None
        None for a bare number.
    value : float
        In the dimension's own unit: millimetres, grams, millilitres, seconds, cents ...; equal
        to ``number`` for a bare one.
    start, end : int
        Where it stands in the text.
    bound : {"", "about", "over", "under"}
        How the text limits it.
    """

    number: float
    dimension: str | None
    value: float
    start: int
    end: int
    bound: str = ""


def number_of(text: str) -> float:
    """Return the value of a number in figures or words, such as ``1,500``, ``two hundred``."""
    if text[0].isdigit():
        plain = text.replace(",", "").replace(" ", "")
        return float(plain[:-1]) * 1_000 if plain.endswith("k") else float(plain)
    if text in {"a", "an"}:
        return 1.0
    total = current = 0.0
    for word in text.replace("-", " ").split():
        if word in _SCALES:
            current = (current or 1.0) * _SCALES[word]
            if word != "hundred":
                total, current = total + current, 0.0
        elif word == "dozen":
            current = (current or 1.0) * 12
        elif word != "and" and word not in {"a", "an"}:
            current += _SMALL[word]
    return total + current


def _bound(text: str, start: int) -> str:
    before = text[max(0, start - 16) : start]
    if not _LIMITS.search(before):  # mostly: one look instead of three
        return ""
    if _OVER.search(before):
        return "over"
    if _UNDER.search(before) and "just under" not in before:
        return "under"
    return "about" if _APPROX.search(before) else ""


def quantities(text: str) -> list[Quantity]:
    """Return the quantities of a lower-case text, in order; an ounce is given both ways."""
    found = _named(text) if any(name in text for name in _NAME) else []
    counted = list(_IN_FIGURES.finditer(text))
    if _HAS_WORDS.search(text):
        counted = sorted([*counted, *_IN_WORDS.finditer(text)], key=re.Match.start)
    named, reach = tuple(found), 0
    for match in counted:
        start = match.start()
        if start >= reach and not any(one.start <= start < one.end for one in named):
            more = _counted(text, match)
            found += more
            reach = max(reach, *(one.end for one in more)) if more else reach
    return _joined(_shared_units(found))


def _named(text: str) -> list[Quantity]:
    """Return the numbers that follow the name of what they measure."""
    matches = [match for named in _NAMED for match in named.finditer(text)]
    numbers = [number_of(match["number"]) for match in matches]
    return [
        Quantity(number, match["name"].split(" of")[0], number, *match.span())
        for number, match in zip(numbers, matches, strict=True)
    ]


def _counted(text: str, match: re.Match[str]) -> list[Quantity]:
    number, unit = number_of(match["number"]), match["unit"]
    start, end = match.span("number")
    bound = _bound(text, match.start())
    if text[match.start()] == "$":
        return [Quantity(number, "money", number * 100, match.start(), end, bound)]
    if unit in ONLY_AFTER_FIGURES and not match["number"][0].isdigit():
        unit = None
    if unit is None:
        unit, end = _half_of(text, match, end)
    if unit is None and match["number"] == "a half" and text.endswith(" and ", 0, start):
        return []  # it belongs to what stands before
    if unit is None:
        return [Quantity(number, None, number, start, end, bound)]
    end = max(end, match.end())
    if text.startswith(" and a half", end):
        number += 0.5
    return [
        Quantity(number, dimension, number * factor, start, end, bound)
        for dimension, factor in UNITS[unit]
    ]


_HALF = re.compile(rf" (?:an? )?(?:of )?(?P<unit>{_UNIT})\b")


def _half_of(text: str, match: re.Match[str], end: int) -> tuple[str | None, int]:
    """Return the unit of "half a litre"."""
    if not match["number"].endswith("half"):
        return None, end
    unit = _HALF.match(text, end)
    if unit is None or unit["unit"] in ONLY_AFTER_FIGURES:
        return None, end
    return unit["unit"], unit.end()


def _shared_units(found: list[Quantity]) -> list[Quantity]:
    """Give the first numbers of "27 x 20 inches" or "104 to 212 F" the unit of the last."""
    shared = []
    for index, one in enumerate(found):
        shared.append(one)
        if one.dimension is not None:
            continue
        for later in found[index + 1 :]:
            if later.start - one.end > 40:
                break
            if later.dimension is not None and later.number:
                value = one.number * later.value / later.number
                shared.append(one._replace(dimension=later.dimension, value=value, bound="list"))
                break
    return shared


_ADDED = frozenset({"time", "weight", "money"})


def _joined(found: list[Quantity]) -> list[Quantity]:
    """Put one in place of the parts of "an hour and twenty minutes" or "4 lb 6 oz"."""
    sums = []
    for first, second in pairwise(found):
        same = first.dimension == second.dimension and first.dimension in _ADDED
        if same and 0 <= second.start - first.end <= 5 and second.value < first.value:
            sums.append(first._replace(value=first.value + second.value, end=second.end))
    parts = [one for one in found if not any(a.start <= one.start < a.end for a in sums)]
    return parts + sums
