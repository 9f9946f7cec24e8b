"""What went wrong with one attempt, decided by the error's code before its status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Kind = Literal[
    "rate_limit",
    "overloaded",
    "server",
    "transport",
    "timeout",
    "malformed",
    "request",
    "key",
    "spend",
    "quota",
    "unknown",
    "blocked",
]
RETRIED: frozenset[Kind] = frozenset(
    {"rate_limit", "overloaded", "server", "transport", "timeout", "malformed"}
)
"""The next attempt may succeed. ``request`` ends one call; the other five end them all."""

HOURS_S = 3600.0
"""A rate limit that lasts this long is a quota."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt that gave no answer.

    Parameters
    ----------
    status : int
        HTTP status, or what the body says instead; 0 where no response came.
    detail : str
        What was said; redacted before it leaves the gateway.
    delay_s : float or None
        How long the server asks to wait.
    final : bool
        Not to be tried again although its kind might be.
    """

    kind: Kind
    status: int = 0
    detail: str = ""
    delay_s: float | None = None
    final: bool = False

    @property
    def retried(self) -> bool:
        """Whether another attempt makes sense."""
        return self.kind in RETRIED and not self.final

    def bounded(self, longest_s: float) -> Failure:
        """Return the failure as final if its delay is too long to be waited for.

        Parameters
        ----------
        longest_s : float
            What is left until a call's deadline: a longer wait stops the run, to be resumed.
        """
        if self.delay_s is None or self.delay_s < longest_s or self.kind not in RETRIED:
            return self
        if self.kind == "rate_limit" and self.delay_s >= HOURS_S:
            return msgspec.structs.replace(self, kind="quota")
        detail = f"{self.detail} (asks to wait {self.delay_s:.0f} s)"
        return msgspec.structs.replace(self, final=True, detail=detail)

    def __str__(self) -> str:
        """Say it in one line."""
        code = f"HTTP {self.status}: " if self.status else ""
        return f"{code}{self.detail or self.kind}"


_BY_STATUS: Mapping[int, Kind] = {
    401: "key",
    402: "spend",
    403: "key",
    404: "unknown",
    407: "blocked",
    408: "server",
    409: "server",
    425: "server",
    429: "rate_limit",
    501: "request",
    503: "overloaded",
    529: "overloaded",
}


def by_status(status: int) -> Kind:
    """Return what a status alone says; a redirect is an address that is not the model's."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 300 <= status < 400:
        return "unknown"
    return "server" if status >= 500 else "request"


def dig(value: Any, *path: str) -> Any:
    """Return what stands at `path` in nested mappings, or None."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def loads(raw: bytes) -> Any:
    """Return an error's body as JSON, or its beginning as text where it is none."""
    try:
        return msgspec.json.decode(raw)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or nested without end
        return raw[:500].decode("utf-8", "replace")
