"""Mutations of inputs: of bytes, of the words in a text, and of the values in a tree."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Mutation = Callable[[Random, bytes, Sequence[bytes]], bytes]
"""From a source of chance, an input and the pool of inputs to another input."""

MOST_BYTES = 20_000
"""Of an input; mutations that grow it are cut here."""

NUMBERS = (
    "0", "-0", "1", "-1", "2", "5", "6", "100", "255", "65536", "2147483648", "9007199254740993",
    "-9223372036854775809", "18446744073709551616", "1e3", "1e-9", "1e400", "-1e400", "0.1",
    "0.005", "1.5", "99999999.99", "1_000", "007", "0x10", "nan", "NaN", "inf", "-inf", "Infinity",
    "1,299.00", "1.299,00", "12-19", "1e15", "1" * 400, "٣",
)  # fmt: skip
TEXTS = (
    "", " ", "\x00", "\x1b[31m", "\n", "\r\n", "\u2028", "\ufeff", "\ud800", "\U0001f600", "é",
    "e\u0301", "\u202e", "{}", "[]", '"', "'", "\\", "\\u0000", "\\ud800", "null", "None", "true",
    "../../x", "/dev/zero", "=cmd|'/C calc'!A0", "a:b", "a/b", "%s%n", "${x}", "<script>", ".",
    "..", "x" * 300, "word " * 200, "~1", "*", "$", "A", "B",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 5, 6, 100, 2**31, 2**53 + 1, -(2**63), 2**64, 10**30, 0.5, -0.0,
    1.5, 1e-9, 1e300, float("inf"), float("-inf"), float("nan"), [], {}, [None], {"": None}, [[[]]],
)  # fmt: skip

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORD = re.compile(rb"[A-Za-z_][A-Za-z_0-9-]*")


def mutated(random: Random, data: bytes, pool: Sequence[bytes], tree: bool) -> bytes:
    """Return an input with one to four mutations; where it is a `tree`, mostly of its values."""
    for _ in range(random.choice((1, 1, 1, 2, 2, 4))):
        if tree and random.random() < 0.65:
            data = of_tree(random, data, pool)
        else:
            data = random.choice(OF_TEXT)(random, data, pool)
    return data[:MOST_BYTES]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _place(random: Random, data: bytes) -> int:
    return random.randrange(len(data) + 1)


def _span(random: Random, data: bytes) -> tuple[int, int]:
    begin = _place(random, data)
    return begin, min(len(data), begin + random.choice((1, 1, 2, 4, 16, 64, 400)))


def _flip(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]


def _byte(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    at = _place(random, data)
    return data[:at] + bytes([random.randrange(256)]) + data[at + random.randrange(2) :]


def _cut(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    begin, end = _span(random, data)
    return data[:begin] + data[end:]


def _end(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    return data[: _place(random, data)]


def _twice(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    begin, end = _span(random, data)
    at = _place(random, data)
    return data[:at] + data[begin:end] * random.choice((1, 1, 2, 50)) + data[at:]


def _splice(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    other = random.choice(pool)
    begin, end = _span(random, other)
    at = _place(random, data)
    return data[:at] + other[begin:end] + data[at + random.choice((0, end - begin)) :]


def _number(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    return _instead(random, data, _NUMBER, _encoded(random.choice(NUMBERS)))


def _word(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    words = _WORD.findall(random.choice(pool)) or [b"x"]
    choice = random.choice((random.choice(words), _encoded(random.choice(TEXTS))))
    return _instead(random, data, _WORD, choice)


def _instead(random: Random, data: bytes, pattern: re.Pattern[bytes], new: bytes) -> bytes:
    """Put `new` in the place of one match that is drawn; where there is none, anywhere."""
    found = list(pattern.finditer(data))
    if not found:
        at = _place(random, data)
        return data[:at] + new + data[at:]
    one = random.choice(found)
    return data[: one.start()] + new + data[one.end() :]


def _line(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    """Drop, repeat, move or borrow a line."""
    lines = data.splitlines(keepends=True) or [b""]
    at = random.randrange(len(lines))
    match random.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines.insert(random.randrange(len(lines)), lines.pop(at))
        case _:
            lines.insert(at, random.choice(random.choice(pool).splitlines(keepends=True) or [b""]))
    return b"".join(lines)


OF_TEXT: tuple[Mutation, ...] = (
    _flip, _byte, _cut, _end, _twice, _splice, _number, _number, _word, _word, _line,
)  # fmt: skip


def of_tree(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    """Change one value of a JSON text, or of one of its lines; what is no JSON, as bytes."""
    lines = data.split(b"\n")
    at = random.randrange(len(lines))
    for begin, end in ((0, len(lines)), (at, at + 1)):
        try:
            tree = json.loads(b"\n".join(lines[begin:end]))
        except (ValueError, RecursionError):
            continue
        if begin or len(lines) == 1 or isinstance(tree, dict | list):
            new = _encoded(json.dumps(change(random, tree), ensure_ascii=random.random() < 0.5))
            return b"\n".join([*lines[:begin], new, *lines[end:]])
    return random.choice(OF_TEXT)(random, data, pool)


def change(random: Random, tree: Any) -> Any:
    """Return a tree with one of its values, keys or entries changed."""
    places = list(_places(tree))
    if not places:
        return value(random)
    holder, key = random.choice(places)
    match random.randrange(6):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[random.choice((*holder, *TEXTS))] = holder.pop(key)
        case 1:
            holder.insert(key, holder[key])
        case 2:
            other, its = random.choice(places)
            holder[key] = _copied(other[its]) if its in _keys(other) else None
        case _:
            holder[key] = _like(random, holder[key])
    return tree


def _keys(holder: Any) -> Any:
    return holder.keys() if isinstance(holder, dict) else range(len(holder))


def _copied(tree: Any) -> Any:
    """Copied, so that no tree comes to hold itself."""
    return json.loads(json.dumps(tree))


def _places(tree: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        if isinstance(holder, dict | list):
            keys = list(_keys(holder))
            found.extend((holder, key) for key in keys)
            waiting.extend(holder[key] for key in keys)
    return found


def _like(random: Random, old: Any) -> Any:
    """Return a value near the old one as often as any."""
    if random.random() < 0.5:
        return value(random)
    match old:
        case bool() | None:
            return random.choice((True, False, None, 0, 1, "true"))
        case int() | float():
            near = (-old, old + 1, old - 1, old * 10, _third(old), str(old), f"{old}.0", [old])
            return random.choice(near)
        case str():
            at = random.randrange(len(old) + 1)
            return random.choice((old + "x", old[:at], old[:at] + random.choice(TEXTS) + old[at:]))
        case _:
            return [old]


def _third(old: float) -> float:
    return old / 3 if abs(old) < 2**53 else old // 3


def value(random: Random) -> Any:
    """Return any value of JSON, most of them from the edges."""
    return random.choice(
        (random.choice(VALUES), random.choice(TEXTS), random.choice(NUMBERS), random.choice(VALUES))
    )
