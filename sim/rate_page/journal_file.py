"""A rater's journal on the disk: a line is there for good before anybody is told so."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from retailsim.analysis.annotation.journal import (
    Act,
    Head,
    Standing,
    line_of,
    read_acts,
    read_head,
)
from retailsim.events.log.disk import sync_folder, write_all
from retailsim.events.whole_file import read_bounded
from retailsim.sim.errors import CannotWrite
from retailsim.sim.rate_page.errors import BadJournal


class JournalFile:
    """One journal, open for as long as the server runs; nobody else writes to it meanwhile.

    What a killed server was writing, and so never confirmed, is cut off.

    Parameters
    ----------
    path : Path
        Made if missing.
    head : Head
        Its first line, if it is made; else it has to be of the same rater and export.

    Raises
    ------
    BadJournal, CannotWrite
    """

    def __init__(self, path: Path, head: Head) -> None:
        self.path = path
        self.head = head
        self.standing = Standing()
        self._lines = 1
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            raise CannotWrite(path, error, "ratings are kept here") from None
        try:
            self._size = self._begun()
        except BaseException:
            self.close()
            raise

    def add(self, act: Act) -> None:
        """Write an act down, and take it into account once it is on the disk.

        Raises
        ------
        CannotWrite
            If it is not; the journal is as it was before.
        """
        self._append(line_of(act))
        self._lines += 1
        self.standing.add(act, self._lines)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def __enter__(self) -> JournalFile:
        """Return the journal, which is open already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _begun(self) -> int:
        """Take into account what is there; returns how many bytes of it are whole lines."""
        try:
            data = read_bounded(self.path)
            whole = data.rfind(b"\n") + 1
            if whole < len(data):
                os.ftruncate(self._fd, whole)
            if whole:
                self._take(data[:whole])
                return whole
            self._size = 0
            self._append(line_of(self.head))
            sync_folder(self.path.parent)
        except OSError as error:
            raise CannotWrite(self.path, error, "ratings are kept here") from None
        return self._size

    def _take(self, data: bytes) -> None:
        try:
            text = data.decode()
            head = read_head(text)
        except (ValueError, RecursionError) as error:
            raise BadJournal(self.path, 1, f"no beginning of a journal: {error}") from None
        if (head.export, head.rater) != (self.head.export, self.head.rater):
            problem = f"ratings by {head.rater!r} of export {head.export!r}"
            raise BadJournal(self.path, 1, problem)
        self.head = head
        for line in read_acts(text):
            problem = line.problem
            if line.act is not None:
                problem = self.standing.add(line.act, line.number)
            if problem:
                raise BadJournal(self.path, line.number, problem)
            self._lines = line.number

    def _append(self, line: bytes) -> None:
        try:
            os.lseek(self._fd, self._size, os.SEEK_SET)
            write_all(self._fd, line)
            os.fsync(self._fd)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._fd, self._size)
            raise CannotWrite(
                self.path, error, "this was not saved, all before it is; try again"
            ) from None
        self._size += len(line)
