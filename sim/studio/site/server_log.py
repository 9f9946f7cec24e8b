"""What the server says in the terminal: a line where a page failed, nothing of others' nonsense."""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError


def server_log() -> logging.Logger:
    """Return the log of a server of pages."""
    log = logging.getLogger("retailsim.studio.server")
    log.addFilter(_line)  # the same function is added once
    return log


def _line(record: logging.LogRecord) -> bool:
    """Leave out requests that are no HTTP, and stack traces; who sent them is answered."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        return False
    if error is not None:
        record.msg, record.args = "%s: %r", (record.getMessage(), error)
        record.exc_info = None
    return True
