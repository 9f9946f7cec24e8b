"""A rater's journal: what was done on the page of ratings, a line each, only ever added to.

What stands is what was not taken back: the last rating of each place counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from retailsim.analysis.annotation.presentation import REPEATS, Place

_BEGINS = re.compile(r'\s*\{"journal":')


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: whose journal it is, of which export.

    Parameters
    ----------
    repeats : int
        How many of a hundred items this rater is shown twice.
    """

    journal: Literal[1] = 1
    export: str
    rater: str
    repeats: int = REPEATS


class Rated(msgspec.Struct, frozen=True, kw_only=True, tag="rated", tag_field="act"):
    """A rating; one that was there before is replaced.

    Parameters
    ----------
    again : bool
        Whether the item was shown for the second time.
    seconds : float or None
        How long it was looked at before; None where nobody knows.
    at : str
        When, in UTC.
    """

    item: str
    again: bool = False
    rating: int | str
    seconds: float | None = None
    at: str = ""


class Undone(msgspec.Struct, frozen=True, kw_only=True, tag="undone", tag_field="act"):
    """The latest rating that stands is taken back; what was there before it stands again."""

    at: str = ""


class Flagged(msgspec.Struct, frozen=True, kw_only=True, tag="flagged", tag_field="act"):
    """Something is wrong with an item, or no longer is."""

    item: str
    again: bool = False
    flag: bool
    at: str = ""


Act = Rated | Undone | Flagged


class Stood(msgspec.Struct, frozen=True):
    """A rating that stands, and the number of the line that it stands on."""

    rating: int | str
    line: int


@dataclass
class Standing:
    """What stands after the acts so far."""

    ratings: dict[Place, Stood] = field(default_factory=dict)
    flags: set[Place] = field(default_factory=set)
    seconds: dict[Place, float] = field(default_factory=dict)
    """How long each place was looked at, all in all: also before a rating that was taken back."""
    _before: list[tuple[Place, Stood | None, int]] = field(default_factory=list)

    @property
    def latest(self) -> tuple[Place, int] | None:
        """The place of the rating that an undo takes back, and the line of that rating."""
        if not self._before:
            return None
        place, _, line = self._before[-1]
        return place, line

    def add(self, act: Act, line: int) -> str:
        """Take an act into account; returns what is wrong with it, or nothing."""
        match act:
            case Rated():
                place = Place(act.item, act.again)
                self._before.append((place, self.ratings.get(place), line))
                self.ratings[place] = Stood(act.rating, line)
                if act.seconds is not None:
                    self.seconds[place] = self.seconds.get(place, 0.0) + act.seconds
            case Undone():
                return self._undo()
            case Flagged():
                change = self.flags.add if act.flag else self.flags.discard
                change(Place(act.item, act.again))
        return ""

    def _undo(self) -> str:
        if not self._before:
            return "there is no rating that could be taken back"
        place, before, _ = self._before.pop()
        if before is None:
            del self.ratings[place]
        else:
            self.ratings[place] = before
        return ""


class JournalLine(msgspec.Struct, frozen=True):
    """A line of a journal: an act, or what is wrong with it."""

    number: int
    act: Act | None
    problem: str = ""


def is_journal(text: str) -> bool:
    """Whether a text begins as a journal does."""
    return bool(_BEGINS.match(text))


def read_head(text: str) -> Head:
    """Return a journal's first line.

    Raises
    ------
    ValueError
        If it is none.
    """
    return msgspec.json.decode(text.partition("\n")[0], type=Head)


def read_acts(text: str) -> Iterator[JournalLine]:
    """Yield what follows the first line.

    A last line without its end was being written when the server was killed: nobody was ever told
    that it was saved.
    """
    *whole, torn = text.split("\n")
    for number, line in enumerate(whole[1:], 2):
        try:
            yield JournalLine(number, msgspec.json.decode(line, type=Act))
        except (ValueError, RecursionError) as error:
            yield JournalLine(number, None, f"no line of a journal: {error}")
    if torn:
        yield JournalLine(
            len(whole) + 1, None, "it breaks off, and was never confirmed to the rater"
        )


def line_of(record: Head | Act) -> bytes:
    """Return a record as a line."""
    return msgspec.json.encode(record) + b"\n"
