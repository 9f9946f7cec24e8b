"""Diagnostics: what a run tells about itself, apart from what happened in it.

They carry wall-clock time, so they never enter the event log: they go to the run's telemetry as
JSON lines and, when asked, to the terminal. Nothing here is configured process-wide.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, Protocol, TextIO

import msgspec


class Diagnostics(Protocol):
    """A structlog logger, as far as it is used here."""

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
    import structlog

    processors: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if terminal is not None:
        processors.append(_Echo(terminal, colors=terminal.isatty()))
    processors.append(structlog.processors.JSONRenderer(serializer=_line))
    logger = structlog.wrap_logger(file, processors=processors, wrapper_class=structlog.BoundLogger)
    return logger.bind()  # type: ignore[no-any-return]  # or each line would bind anew


def _line(note: Any, **_: Any) -> bytes:
    try:
        return msgspec.json.encode(note, enc_hook=repr)
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
        """Append a line, as structlog hands it over: without its end."""
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
    """A processor that also writes a readable line to the terminal."""

    def __init__(self, terminal: TextIO, *, colors: bool) -> None:
        import structlog

        self._render = structlog.dev.ConsoleRenderer(colors=colors)
        self._terminal = terminal

    def __call__(self, logger: Any, method: str, fields: Any) -> Any:
        with suppress(OSError):  # nobody reads it any more
            print(self._render(logger, method, dict(fields)), file=self._terminal)
        return fields
