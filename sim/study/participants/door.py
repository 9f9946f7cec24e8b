"""How many connections the participants' server takes: some files are left for the run itself."""

from __future__ import annotations

import asyncio
import resource
from typing import Any, cast

from aiohttp import web

MOST_CONNECTIONS = 8_000
"""At once: 200 browsers have 1,200, as each keeps up to six."""
LEAST_CONNECTIONS = 64
FILES_LEFT = 256
"""Of those that a process may have open, so many are no connections: the log, the register, the
organiser's pages, what models are asked through."""
IDLE_S = 30.0
"""How long a connection is kept on which nothing is asked; a page that waits asks every 20 s."""


class BoundedRunner(web.AppRunner):
    """Runs an application, and hangs up at once on whoever comes when all connections are taken.

    Parameters
    ----------
    most : int
        Connections at once.
    more
        As for `aiohttp.web.AppRunner`.
    """

    def __init__(self, app: web.Application, *, most: int, **more: Any) -> None:
        super().__init__(app, keepalive_timeout=IDLE_S, **more)
        self._most = most

    @property
    def server(self) -> web.Server | None:
        """What makes a protocol for each connection."""
        server = super().server
        if server is None:
            return None

        def answering() -> asyncio.Protocol:
            return server() if len(server.connections) < self._most else _HangUp()

        return cast("web.Server", answering)


class _HangUp(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).abort()


def connections() -> int:
    """Return how many there may be; more files than are usual may be open from then on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + FILES_LEFT
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(LEAST_CONNECTIONS, min(wanted, soft) - FILES_LEFT)
