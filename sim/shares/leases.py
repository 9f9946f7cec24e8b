"""Leases: what each attempt at a share may spend, and what is left of the budget for the others.

A budget is one amount, and attempts on other machines cannot be asked what they have spent. So each
gets a part before it begins and cannot pass it, and all parts together are never more than there
is. What an attempt did not need is there again only when it has said so itself: in its commit, or
as it ended. Of one that was lost nobody knows whether it still spends, so all that it had is gone.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import msgspec

from retailsim.events.log.disk import replace_file
from retailsim.events.object_store import Objects
from retailsim.events.whole_file import read_bounded
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.shares.commits import Nanousd
from retailsim.sim.shares.errors import BookDamaged, BookTaken

BOOK = "LEASES"
_MOST_BYTES = 1 << 30


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt may use, as whoever hands out shares gave it.

    Parameters
    ----------
    lease : int or None
        Number of its lease; None: it is under none, as where there is no budget.
    nanousd : int or None
        What it may itself spend, in billionths of a dollar; None: no limit.
    part : float or None
        Its part of all rate limits, in (0, 1]; None: an even one of all shares.
    """

    lease: int | None = None
    nanousd: int | None = None
    part: float | None = None


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt was given, and what came of it.

    Parameters
    ----------
    share : int
    nanousd : int
        What it may spend, from 0: less would be more for the others.
    spent : int or None
        What it spent; None as long as it has not said so.
    """

    share: int
    nanousd: Nanousd
    spent: Nanousd | None = None

    @property
    def charged(self) -> int:
        """What is gone from the budget."""
        return self.nanousd if self.spent is None else self.spent


class Leases(msgspec.Struct, kw_only=True):
    """All leases of a run, by their numbers.

    Parameters
    ----------
    run : str
        Identity of the run.
    given : list of Lease
    """

    run: str
    given: list[Lease] = []

    @property
    def charged(self) -> int:
        """What is gone from the budget: spent, or in leases that nobody gave back."""
        return sum(one.charged for one in self.given)

    @property
    def spent(self) -> int:
        """What attempts said that they spent."""
        return sum(one.spent or 0 for one in self.given)

    def free(self, limit: int) -> int:
        """Return what is left of a budget."""
        return max(0, limit - self.charged)

    def holds(self, number: int, share: int) -> bool:
        """Whether a lease is one of a share."""
        return 0 <= number < len(self.given) and self.given[number].share == share

    def grant(self, share: int, nanousd: int, limit: int) -> int:
        """Give an attempt a lease; returns its number.

        Raises
        ------
        ValueError
            If that is not left.
        """
        if not 0 <= nanousd <= self.free(limit):
            raise ValueError(f"a lease of {nanousd} of {self.free(limit)} that are left")
        self.given.append(Lease(share=share, nanousd=nanousd))
        return len(self.given) - 1

    def settle(self, number: int, spent: int) -> bool:
        """Take back what an attempt that has ended did not spend; returns whether that is new."""
        lease = self.given[number]
        if lease.spent is not None:
            return False
        self.given[number] = msgspec.structs.replace(lease, spent=spent)
        return True


class Shelf(Protocol):
    """Where the book of leases is, which one process writes."""

    def read(self) -> bytes | None:
        """Return what it holds, or None."""
        ...

    def write(self, text: bytes) -> None:
        """Replace it; on return it outlives this machine, as far as the run does."""
        ...


class FolderShelf:
    """The book in a run's folder."""

    def __init__(self, run: RunFolder) -> None:
        self._place = run.shares / BOOK

    def read(self) -> bytes | None:
        """Return what it holds, or None."""
        try:
            if self._place.exists() and not self._place.is_file():  # a pipe is waited for for ever
                raise OSError(errno.EINVAL, "it is no file", str(self._place))
            return read_bounded(self._place, _MOST_BYTES)
        except FileNotFoundError:
            return None

    def write(self, text: bytes) -> None:
        """Replace it."""
        Path(self._place.parent).mkdir(exist_ok=True)
        replace_file(self._place, text)


class StoreShelf:
    """The book in a store."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def read(self) -> bytes | None:
        """Return what it holds, or None."""
        return self._objects.read(f"shares/{BOOK}")

    def write(self, text: bytes) -> None:
        """Replace it."""
        self._objects.put(f"shares/{BOOK}", text)


class Book:
    """The leases of a run, written down before an attempt has one.

    Parameters
    ----------
    shelf : Shelf
    limit : int
        The budget, in billionths of a dollar.
    leases : Leases
    """

    def __init__(self, shelf: Shelf, limit: int, leases: Leases) -> None:
        self.limit = limit
        self.leases = leases
        self._shelf = shelf
        self._written: bytes | None = None

    @property
    def free(self) -> int:
        """What is left of the budget."""
        return self.leases.free(self.limit)

    def grant(self, share: int, nanousd: int) -> int:
        """Give an attempt a lease, and return its number once it is written down."""
        number = self.leases.grant(share, nanousd, self.limit)
        self.write()
        return number

    def settle(self, number: int, spent: int) -> None:
        """Take back what an attempt that has ended did not spend."""
        if self.leases.settle(number, spent):
            self.write()

    def write(self) -> None:
        """Write it down.

        Raises
        ------
        BookTaken
            If somebody else did since: two who know nothing of each other would give it all twice.
        """
        if self._written is not None and self._shelf.read() != self._written:
            raise BookTaken(BOOK)
        text = msgspec.json.encode(self.leases)
        self._shelf.write(text)
        self._written = text


def read_leases(shelf: Shelf, run: object, identity: str) -> Leases | None:
    """Return the leases of a run; None where nobody has given any.

    Parameters
    ----------
    run : object
        As people name it.

    Raises
    ------
    BookDamaged
        If what is there cannot be read, or is another run's.
    """
    text = shelf.read()
    if text is None:
        return None
    try:
        found = msgspec.json.decode(text, type=Leases)
    except (ValueError, RecursionError) as error:
        raise BookDamaged(run, BOOK, str(error)) from None
    if found.run != identity:
        raise BookDamaged(run, BOOK, "it is another run's")
    return found


def taken_over(
    identity: str, ended: Iterable[tuple[int, int]], begun: Iterable[int], part: int
) -> Leases:
    """Return the leases of a run whose shares were played by hand so far, each with an even part.

    Parameters
    ----------
    ended : iterable of (share, nanodollars)
        Of each attempt that said what it paid.
    begun : iterable of int
        The share of each other attempt: it may still be under way.
    part : int
        What each of those may spend.
    """
    done = [Lease(share=share, nanousd=part, spent=paid) for share, paid in ended]
    return Leases(run=identity, given=[*done, *(Lease(share=one, nanousd=part) for one in begun)])
