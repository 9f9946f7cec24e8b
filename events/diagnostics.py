"""Diagnostics: what a run tells about itself, apart from what happened in it.

They carry wall-clock time, so they never enter the event log: they go to the run's telemetry as
JSON lines and, when asked, to the terminal. Nothing here is configured process-wide.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, time
from typing import Any, Protocol, TextIO

import msgspec


class Diagnostics(Protocol):
    """Takes notes of what a run does.

    A note that is taken later than what it tells has the field ``timestamp``, as `timestamp`
    gives it.
    """

    def info(self, event: str, **fields: Any) -> Any:
        """Note something ordinary."""
        ...

    def warning(self, event: str, **fields: Any) -> Any:
        """Note something that deserves a look."""
        ...


class Silent:
    """Takes diagnostics and keeps none."""

    def info(self, event: str, **fields: Any) -> None:
        """Drop it."""

    def warning(self, event: str, **fields: Any) -> None:
        """Drop it."""


def diagnostics(file: TelemetryFile, terminal: TextIO | None = None) -> Diagnostics:
    """Return a logger that writes JSON lines to `file` and readable ones to `terminal`."""
    return _Notes(file, None if terminal is None else _Echo(terminal, colors=terminal.isatty()))


class _Notes:
    """Writes each note as a line of JSON, and shows it where somebody reads along.

    A run with models notes every attempt, so structlog, whose chain of processors does the same
    for more work, renders what the terminal shows and nothing else.
    """

    def __init__(self, file: TelemetryFile, echo: _Echo | None) -> None:
        self._file = file
        self._echo = echo

    def info(self, event: str, **fields: Any) -> None:
        self._file.info(self._note(event, "info", fields))

    def warning(self, event: str, **fields: Any) -> None:
        self._file.warning(self._note(event, "warning", fields))

    def _note(self, event: str, level: str, fields: dict[str, Any]) -> bytes:
        note = {**fields, "event": event, "level": level}
        if "timestamp" not in note:
            note["timestamp"] = timestamp(time())
        if self._echo is not None:
            self._echo(level, note)
        return _line(note)


def timestamp(at: float) -> str:
    """Return seconds since the epoch as notes have them: ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


_encode = msgspec.json.Encoder(enc_hook=repr).encode


def _line(note: Any) -> bytes:
    try:
        return _encode(note)
    except UnicodeEncodeError:  # half a surrogate pair
        return json.dumps(note, default=repr).encode()


GATHERED_S, MOST_LINES = 1.0, 256
"""Lines are written at the next one after so many seconds, or so many lines, or at the end."""


class TelemetryFile:
    """One file of a run's telemetry, appended to line by line.

    A full disk or a missing folder costs the lines and nothing else: telemetry may be deleted
    at any time and is never the truth, so it must not end a run. Lines are gathered for up to a
    second while more of them come, since each write lets another thread have the interpreter; a
    killed process loses those.

    Parameters
    ----------
    path : Path
        The file; its folder is made if missing.
    """

    def __init__(self, path: Path) -> None:
        self._fd: int | None = None
        self._lines: list[bytes] = []
        self._written = float("-inf")
        with suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._fd = os.open(path, flags, 0o644)

    def info(self, line: bytes, *, at_once: bool = False) -> None:
        """Append a line, given without its end."""
        self._lines.append(line)
        if at_once or monotonic() - self._written >= GATHERED_S or len(self._lines) >= MOST_LINES:
            self._write()

    def warning(self, line: bytes) -> None:
        """Append a line that may be the last one of a process in trouble."""
        self.info(line, at_once=True)

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        self._written = monotonic()
        if self._fd is not None and lines:
            with suppress(OSError):
                os.write(self._fd, b"\n".join(lines) + b"\n")

    def close(self) -> None:
        """Write what is left and give the file back."""
        self._write()
        if self._fd is not None:
            fd, self._fd = self._fd, None
            with suppress(OSError):
                os.close(fd)

    def __enter__(self) -> TelemetryFile:
        """Return the file."""
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Close it."""
        self.close()


class _Echo:
    """Writes readable lines to the terminal."""

    def __init__(self, terminal: TextIO, *, colors: bool) -> None:
        import structlog

        self._render = structlog.dev.ConsoleRenderer(colors=colors)
        self._terminal = terminal

    def __call__(self, level: str, note: dict[str, Any]) -> None:
        with suppress(OSError):  # nobody reads it any more
            print(self._render(None, level, dict(note)), file=self._terminal)
