"""Servers on this machine, for what a test does while they answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer
from anyio.from_thread import start_blocking_portal

HOME = "127.0.0.1"
ENDED = set[str]()
"""Addresses of servers that their tests have ended."""


@contextmanager
def serving(application: web.Application) -> Iterator[str]:
    """Serve an application from a thread of its own; yields its address, which ends in a slash."""
    server = TestServer(application, host=HOME)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(server):
        address = str(server.make_url("/"))
        ENDED.discard(address)
        try:
            yield address
        finally:
            ENDED.add(address)
