"""Pages that wait for something new: so many of a seat, those apart that were left meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
from aiohttp import web


class Polls:
    """The requests of each seat that wait.

    A browser that loads a page again, or leaves it, hangs up on what the page waited for. The
    server would hear of that when it answers, and an impatient person's own reloads would count as
    pages until then; so they are told from those that are there, and ended.

    Parameters
    ----------
    most : int
        Of one seat that may wait at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting = defaultdict[str, dict[anyio.CancelScope, web.Request]](dict)

    @contextmanager
    def wait(self, seat: str, request: web.Request) -> Iterator[None]:
        """Let a request wait in the block, which is left where its page is gone.

        Raises
        ------
        HTTPTooManyRequests
            If too many of the seat's wait already.
        """
        if self.of(seat) >= self._most:
            raise web.HTTPTooManyRequests
        waiting = self._waiting[seat]
        with anyio.CancelScope() as scope:
            waiting[scope] = request
            try:
                yield
            finally:
                waiting.pop(scope, None)

    def of(self, seat: str) -> int:
        """Return how many pages of a seat wait; those that are gone are ended by that."""
        waiting = self._waiting.get(seat, {})
        for scope in [scope for scope, one in waiting.items() if one.transport is None]:
            del waiting[scope]
            scope.cancel()
        return len(waiting)
