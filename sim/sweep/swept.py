"""What a sweep was told: ``KEY=V1,V2,...``, and the arms that come of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product
from math import prod

import msgspec

from retailsim.sim.scenario.settings import parsed_value
from retailsim.sim.sweep.errors import BadSweep

MOST_ARMS = 200
"""More would take a day, and tell little: see what few of them say first."""

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_RANGE = re.compile(rf"({_NUMBER}):({_NUMBER}):({_NUMBER})")
_PIECE = re.compile(
    r"""(?: "(?:[^"\\]|\\.)*" | '[^']*' | \[[^\]]*\] | \{[^}]*\} | [^,"'\[{] | ["'\[{] )+""",
    re.VERBOSE,
)
"""Up to the next comma that is in no quotes, list or table."""


class Swept(msgspec.Struct, frozen=True):
    """One key with its values, as they were written."""

    key: str
    values: tuple[str, ...]


class SweepArm(msgspec.Struct, frozen=True):
    """One arm: a value for each swept key, as texts for people, and the settings that say so."""

    values: tuple[str, ...]
    settings: tuple[str, ...]

    @property
    def label(self) -> str:
        """Its values in one text."""
        return ", ".join(self.values)

    def folder(self, number: int) -> str:
        """Return the name of its folder, given its number among all, counted from 1."""
        plain = re.sub(r"[^\w.]+", "-", self.label, flags=re.ASCII).strip("-.")
        return f"{number:02}-{plain[:40]}".rstrip("-.")


def swept(told: str) -> Swept:
    """Read ``KEY=V1,V2,...``; a value ``0:0.3:0.05`` is a range with both ends in it.

    Raises
    ------
    BadSweep
        If it is not of this form, or has fewer than two different values.
    """
    key, equals, text = told.partition("=")
    key = key.strip()
    if not equals or not key:
        raise BadSweep(told, "write it as KEY=V1,V2,..., such as design.discount=0,0.05,0.1")
    if key in _NOT_SWEPT:
        raise BadSweep(told, _NOT_SWEPT[key])
    pieces = [piece.strip() for piece in _PIECE.findall(text)]
    values = [value for piece in pieces for value in _values(piece, told)]
    meanings = [_meaning(value) for value in values]
    twice = next(
        (value for value, one in zip(values, meanings, strict=True) if meanings.count(one) > 1),
        None,
    )
    if twice is not None:
        raise BadSweep(told, f"{twice} is given twice")
    if len(values) < 2:
        raise BadSweep(told, "give two values or more, separated by commas; for one, use --set")
    return Swept(key, tuple(values))


_NOT_SWEPT = {
    "run.seed": "runs share their seed, so that they share their draws; see design.replications",
    "run.workers": "it changes nothing that is measured; use --workers",
    "run.name": "it changes nothing that is measured",
}


def _meaning(value: str) -> str:
    """Return the same text for values that mean the same, such as 0, 0.0 and 0.00."""
    found = parsed_value(value)
    return repr(float(found)) if type(found) in (int, float) else repr(found)


def _values(piece: str, told: str) -> Iterator[str]:
    """Yield the values of one piece: itself, or those of a range."""
    found = _RANGE.fullmatch(piece)
    if found is None:
        yield piece
        return
    first, last, step = map(Decimal, found.groups())
    if step == 0 or (last - first) / step < 0:
        raise BadSweep(told, f"{piece}: no step of {step} leads from {first} to {last}")
    steps = int((last - first) / step)
    if steps >= MOST_ARMS:
        raise BadSweep(told, f"{piece}: {steps + 1:,} values; the most is {MOST_ARMS}")
    yield from (f"{(first + step * number).normalize():f}" for number in range(steps + 1))


def arms(keys: Sequence[Swept]) -> tuple[SweepArm, ...]:
    """Return an arm for each combination of values; the last key changes first.

    Raises
    ------
    BadSweep
        If a key is given twice, or there are too many arms.
    """
    names = [one.key for one in keys]
    for name in names:
        if names.count(name) > 1:
            raise BadSweep(name, "it is given twice; list all its values behind one key")
    count = prod(len(one.values) for one in keys)
    if count > MOST_ARMS:
        raise BadSweep(" ".join(names), f"{count:,} combinations; the most is {MOST_ARMS}")
    return tuple(
        SweepArm(
            values=tuple(plain(value) for value in values),
            settings=tuple(f"{name}={value}" for name, value in zip(names, values, strict=True)),
        )
        for values in product(*(one.values for one in keys))
    )


def plain(value: str) -> str:
    """Return a value as people read it: text without its quotes."""
    meant = parsed_value(value)
    return meant if isinstance(meant, str) else value
