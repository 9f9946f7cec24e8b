"""Answers that runs share: what was paid once need not be paid again.

A file of SQLite. An answer is found again by the exact bytes that would be sent, the address they
would go to, and the scope: seed, episode, task, agent and number of the call, so that two samples
of the same question never become one. Only answers that were used are kept: no errors, no
refusals, nothing that was cut off or had to be asked again. There is no key in a body, and so none
in the file.
"""

from __future__ import annotations

import sqlite3
import zlib
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from retailsim.agents.errors import AgentsError
from retailsim.agents.llm.types import ModelAnswer

BUSY_S = 10.0
"""How long another process may hold the file."""
_FORMAT = 1
_SHOWN = 60
"""Characters shown of each side of a difference."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    key BLOB PRIMARY KEY, scope TEXT NOT NULL, address TEXT NOT NULL, body BLOB NOT NULL,
    answer BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_scope ON answers (scope);
"""


class CacheUnusable(AgentsError):
    """The file cannot serve as a cache."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"cache.file {path}: {problem}")


class CacheMiss(AgentsError):
    """An answer is not in the cache, and nothing new may be asked."""

    def __init__(self, scope: str, nearest: str) -> None:
        super().__init__(
            f'cache.mode = "only", and no answer is kept for {scope}: {nearest}; '
            'a launch with cache.mode = "use" asks for it'
        )


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What identifies an answer.

    Parameters
    ----------
    scope : str
        Who asks what for the how manieth time in which episode of which seed.
    address : str
        The base URL with the interface's path.
    body : bytes
        The exact bytes of the request.
    """

    scope: str
    address: str
    body: bytes

    @property
    def key(self) -> bytes:
        """The digest of all three."""
        parts = (self.scope.encode(), self.address.encode(), self.body)
        return sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()


class AnswerCache:
    """An open cache; a context manager. Several processes may use one file at once.

    Parameters
    ----------
    path : Path
        Made if it does not exist.
    only : bool
        Whether `find` raises where nothing is kept; the file has to be there then.

    Raises
    ------
    CacheUnusable
        If the file is something else, damaged, or cannot be written.
    """

    def __init__(self, path: Path, *, only: bool = False) -> None:
        self.path = path
        self._only = only
        if only and not path.exists():
            raise CacheUnusable(path, 'there is no such file, and cache.mode = "only" fills none')
        try:
            self._base = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
            try:
                self._open()
            except BaseException:
                self._base.close()
                raise
        except sqlite3.Error as error:
            raise CacheUnusable(path, f"it is not a cache of answers: {error}") from None

    def _open(self) -> None:
        [version] = self._base.execute("PRAGMA user_version").fetchone()
        [tables] = self._base.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version not in (0, _FORMAT) or (version == 0 and tables):
            raise CacheUnusable(self.path, "it is a database of another kind or version")
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.execute("PRAGMA synchronous = NORMAL")
        self._base.executescript(_SCHEMA)
        self._base.execute(f"PRAGMA user_version = {_FORMAT}")

    def __enter__(self) -> Self:
        """Return the cache."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._base.close()

    def find(self, question: Question) -> ModelAnswer | None:
        """Return the kept answer; None where there is none.

        Raises
        ------
        CacheMiss
            Where there is none and nothing new may be asked.
        CacheUnusable
            If the file was damaged meanwhile.
        """
        try:
            row = self._base.execute(
                "SELECT answer FROM answers WHERE key = ?", (question.key,)
            ).fetchone()
        except sqlite3.Error as error:
            raise CacheUnusable(self.path, str(error)) from None
        if row is not None:
            return msgspec.json.decode(row[0], type=ModelAnswer)
        if self._only:
            raise CacheMiss(question.scope, self._nearest(question))
        return None

    def keep(self, question: Question, answer: ModelAnswer) -> str | None:
        """Keep an answer that was used; returns what went wrong, for it must not end the run."""
        row = (
            question.key,
            question.scope,
            question.address,
            zlib.compress(question.body),
            msgspec.json.encode(answer),
        )
        try:
            self._base.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            return str(error)
        return None

    def _nearest(self, question: Question) -> str:
        """Say in what the most similar kept question differs."""
        rows = self._base.execute(
            "SELECT address, body FROM answers WHERE scope = ?", (question.scope,)
        ).fetchall()
        if not rows:
            [count] = self._base.execute("SELECT count(*) FROM answers").fetchone()
            return f"none of its {count:,} answers is for that call"
        differences = [(address, zlib.decompress(body)) for address, body in rows]
        address, body = max(differences, key=lambda row: _common(row[1], question.body))
        if body == question.body:
            return f"the same was asked at {address}, now at {question.address}"
        place = _common(body, question.body)
        return (
            f"what is asked differs from what was at byte {place:,}: "
            f"was {_part(body, place)}, is {_part(question.body, place)}"
        )


def _common(one: bytes, other: bytes) -> int:
    """Return how many bytes two texts begin with together."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _part(body: bytes, place: int) -> str:
    text = body[max(0, place - 20) : place + _SHOWN].decode("utf-8", "replace")
    return repr(text)
