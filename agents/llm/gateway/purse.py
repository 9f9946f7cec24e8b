"""The purse: one budget that several processes spend from, each by rows that all of them see."""

from __future__ import annotations

import fcntl
import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import msgspec

_COLUMNS = 5
_CELL = 8
_MOST = 2**63 - 1
_ALONE = nullcontext()


class Row(msgspec.Struct):
    """What one process makes of the budget, in nanodollars.

    Parameters
    ----------
    spent : int
        What it paid, with its part of what earlier executions paid.
    held : int
        Upper bounds of its calls on their way.
    reserved : int
        What its markets in flight may still cost at worst.
    changes : int
        How often it gave something back or paid, so that others see that something changed.
    stuck : int
        One more than the changes of all at which it had nothing under way and could begin
        nothing; 0: it goes on; -1: it has ended.
    """

    spent: int = 0
    held: int = 0
    reserved: int = 0
    changes: int = 0
    stuck: int = 0


class Purse:
    """The rows of all processes that share a budget, in memory that they share.

    Each process writes its own row only, and reads and writes while it alone has the turn, so
    what two of them take at once is never more than there is.

    Parameters
    ----------
    row : int
        This process's.
    descriptor : int or None
        Of a file made by `shared_purse`; None: one process, nothing is shared.
    """

    def __init__(self, row: int = 0, descriptor: int | None = None) -> None:
        self.row = row
        self.shared = descriptor is not None
        self._file = descriptor
        if descriptor is None:
            self._cells = memoryview(bytearray(_COLUMNS * _CELL)).cast("q")
        else:
            size = os.fstat(descriptor).st_size
            self._cells = memoryview(mmap.mmap(descriptor, size)).cast("q")

    def turn(self) -> AbstractContextManager[None]:
        """Let no other process read or write meanwhile."""
        return _ALONE if self._file is None else _locked(self._file)

    def rows(self) -> list[Row]:
        """Return what all processes have written."""
        cells = self._cells.tolist()
        return [Row(*cells[at : at + _COLUMNS]) for at in range(0, len(cells), _COLUMNS)]

    def write(self, row: Row) -> None:
        """Replace this process's row."""
        at = self.row * _COLUMNS
        for column, amount in enumerate(msgspec.structs.astuple(row)):
            self._cells[at + column] = min(amount, _MOST)


@contextmanager
def _locked(file: int) -> Iterator[None]:
    # Not flock: that belongs to the open file, which the workers inherit and so share.
    fcntl.lockf(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.lockf(file, fcntl.LOCK_UN)


@contextmanager
def shared_purse(spent: Sequence[int]) -> Iterator[int]:
    """Make a purse for several processes, and yield the descriptor that they inherit.

    Parameters
    ----------
    spent : sequence of int
        What each process starts with as spent already; all rows stand before the first begins.
    """
    with tempfile.TemporaryFile() as file:
        file.truncate(len(spent) * _COLUMNS * _CELL)
        for row, amount in enumerate(spent):
            Purse(row, file.fileno()).write(Row(spent=amount))
        yield file.fileno()
