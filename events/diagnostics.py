"""Diagnostics: what a run tells about itself, apart from what happened in it.

They carry wall-clock time, so they never enter the event log: they go to the run's telemetry as
JSON lines and, when asked, to the terminal. Nothing here is configured process-wide.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, TextIO


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


def diagnostics(file: TextIO, terminal: TextIO | None = None) -> Diagnostics:
    """Return a logger that writes JSON lines to `file` and readable ones to `terminal`.

    A telemetry file that cannot be written must not end a run: its errors are dropped, because
    telemetry may be deleted at any time and is never the truth.
    """
    import structlog

    processors: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if terminal is not None:
        processors.append(_Echo(terminal, colors=terminal.isatty()))
    processors.append(structlog.processors.JSONRenderer())
    return structlog.wrap_logger(  # type: ignore[no-any-return]
        _FileLogger(file), processors=processors, wrapper_class=structlog.BoundLogger
    )


def open_telemetry(folder: Path, name: str) -> TextIO:
    """Open one file of the run's telemetry for appending."""
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / f"{name}.jsonl").open("a", encoding="utf-8", buffering=1)


class _Echo:
    """A processor that also writes a readable line to the terminal."""

    def __init__(self, terminal: TextIO, *, colors: bool) -> None:
        import structlog

        self._render = structlog.dev.ConsoleRenderer(colors=colors)
        self._terminal = terminal

    def __call__(self, logger: Any, method: str, fields: Any) -> Any:
        print(self._render(logger, method, dict(fields)), file=self._terminal)
        return fields


class _FileLogger:
    """What structlog hands its lines to."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def msg(self, line: str) -> None:
        try:
            self._file.write(line + "\n")
        except OSError:
            return

    info = warning = msg
