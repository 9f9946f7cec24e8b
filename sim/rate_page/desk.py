"""One rater's desk: what is shown, what was rated, and what may be done next."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec

from retailsim.analysis.annotation.form import ALLOWED
from retailsim.analysis.annotation.items import Item, RaterSheet
from retailsim.analysis.annotation.journal import Flagged, Rated, Undone
from retailsim.analysis.annotation.presentation import Place, presented
from retailsim.analysis.annotation.tasks import Task
from retailsim.sim.rate_page.errors import RatingRefused
from retailsim.sim.rate_page.journal_file import JournalFile

MOST_SECONDS = 24 * 3600.0
"""Looking at an item for longer is no measurement."""


class Undo(msgspec.Struct, frozen=True):
    """What an undo would take back: a rating, where it stands, and its line in the journal."""

    number: int
    rating: str
    line: int


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a rater sees at one place; whether it is a repeat is not in it.

    Parameters
    ----------
    number : int
        From 1 to the desk's `total`.
    rating : str
        What stands; empty where nothing does.
    new : bool
        Whether the rater has rated nothing of this task yet.
    """

    number: int
    item: Item
    task: Task
    rating: str
    flagged: bool
    new: bool


class Desk:
    """One rater's desk.

    Parameters
    ----------
    sheet : RaterSheet
        What is rated.
    journal : JournalFile
        Where it is kept.
    seed : int
        Of the order.
    clock : callable
        Seconds that pass, for how long an item is looked at.
    """

    def __init__(
        self,
        sheet: RaterSheet,
        journal: JournalFile,
        *,
        seed: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.journal = journal
        self.name = journal.head.rater
        self._items: Mapping[str, Item] = {item.id: item for item in sheet.items}
        self._tasks: Mapping[str, Task] = {task.name: task for task in sheet.tasks}
        self._places = presented(
            list(self._items), self.name, seed=seed, repeats=journal.head.repeats
        )
        self._numbers = {place: number for number, place in enumerate(self._places, 1)}
        self._clock = clock
        self._shown_at: dict[int, float] = {}

    @property
    def total(self) -> int:
        """How many places there are, repeats included."""
        return len(self._places)

    @property
    def rated(self) -> int:
        """How many of them are rated."""
        return self.total - len(self.open)

    @property
    def open(self) -> tuple[int, ...]:
        """The places that are not rated."""
        ratings = self.journal.standing.ratings
        return tuple(number for place, number in self._numbers.items() if place not in ratings)

    @property
    def flagged(self) -> tuple[int, ...]:
        """The places with which the rater found something wrong."""
        flags = self.journal.standing.flags
        return tuple(number for place, number in self._numbers.items() if place in flags)

    @property
    def undo(self) -> Undo | None:
        """What can be taken back."""
        latest = self.journal.standing.latest
        if latest is None:
            return None
        place, line = latest
        number = self._numbers.get(place)
        if number is None:
            return None  # a journal that somebody wrote to by hand
        return Undo(number, str(self.journal.standing.ratings[place].rating), line)

    def next_open(self, after: int = 0) -> int | None:
        """Return the next place that is not rated, from the beginning again at the end."""
        left = self.open
        return next((number for number in left if number > after), left[0] if left else None)

    def look(self, number: int) -> Card:
        """Return what is to be seen at a place; from now on it is being looked at."""
        card = self.card(number)
        self._shown_at[number] = self._clock()
        return card

    def card(self, number: int) -> Card:
        """Return what is at a place.

        Raises
        ------
        RatingRefused
            If there is no such place.
        """
        place = self._place(number)
        standing, item = self.journal.standing, self._items[place.item]
        stood = standing.ratings.get(place)
        return Card(
            number=number,
            item=item,
            task=self._tasks[item.task],
            rating="" if stood is None else str(stood.rating),
            flagged=place in standing.flags,
            new=all(self._task_of(rated) != item.task for rated in standing.ratings),
        )

    def rate(self, number: int, said: str, seen: str, seconds: float | None = None) -> None:
        """Keep a rating.

        The same once more, as a browser posts a form again, changes nothing.

        Parameters
        ----------
        said : str
            ``1`` to ``5``, or ``A`` or ``B``.
        seen : str
            The rating that the page showed.
        seconds : float or None
            How long the page says that it was looked at; None: since it was sent.

        Raises
        ------
        RatingRefused
            If it is no rating of this item, or another window has rated it meanwhile.
        CannotWrite
        """
        card = self.card(number)
        allowed = ALLOWED[card.task.kind].split()
        if said not in allowed:
            raise RatingRefused(
                422, f"{said[:20]!r} is no rating of item {number}: {', '.join(allowed)} are."
            )
        if said == card.rating:
            return
        if seen != card.rating:
            now = f"is rated {card.rating}" if card.rating else "is open"
            raise RatingRefused(
                409,
                f"In another window something was changed: item {number} {now} now, and stays so "
                "unless you rate it here once more.",
            )
        place = self._place(number)
        act = Rated(
            item=place.item,
            again=place.again,
            rating=int(said) if card.task.kind == "likert" else said,
            seconds=self._looked_for(number, seconds),
            at=_now(),
        )
        self.journal.add(act)
        self._shown_at.pop(number, None)

    def take_back(self, line: int) -> int:
        """Take back the latest rating; returns its place.

        Parameters
        ----------
        line : int
            The `Undo.line` that the page showed: no undo is done twice.

        Raises
        ------
        RatingRefused, CannotWrite
        """
        undo = self.undo
        if undo is None or undo.line != line:
            raise RatingRefused(409, "That was taken back already, or something was rated since.")
        self.journal.add(Undone(at=_now()))
        return undo.number

    def flag(self, number: int, *, flag: bool) -> None:
        """Say that something is wrong with an item, or no longer is.

        Raises
        ------
        RatingRefused, CannotWrite
        """
        place = self._place(number)
        if (place in self.journal.standing.flags) is not flag:
            self.journal.add(Flagged(item=place.item, again=place.again, flag=flag, at=_now()))

    def _place(self, number: int) -> Place:
        if not 1 <= number <= self.total:
            raise RatingRefused(
                404, f"There is no item {number} for you; yours are 1 to {self.total}."
            )
        return self._places[number - 1]

    def _task_of(self, place: Place) -> str:
        item = self._items.get(place.item)
        return "" if item is None else item.task

    def _looked_for(self, number: int, told: float | None) -> float | None:
        shown_at = self._shown_at.get(number)
        seconds = self._clock() - shown_at if told is None and shown_at is not None else told
        if seconds is None or not 0.0 <= seconds <= MOST_SECONDS:
            return None
        return round(seconds, 2)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
