"""A studio's application, served for a test on 127.0.0.1 and asked like a browser asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from retailsim.sim.studio.app import application
from retailsim.sim.studio.studio import Studio

TOKEN = "a-token"

Client = TestClient[Request, Application]


@asynccontextmanager
async def served(root: Path, *, known: bool = True) -> AsyncIterator[Client]:
    """Serve a folder of runs; yields a client that has the cookie, or has not."""
    async with TestClient(TestServer(application(Studio(root=root, token=TOKEN)))) as client:
        if known:
            await client.get("/", params={"token": TOKEN})
        yield client


def ask(root: Path, questions: Callable[[Client], Awaitable[None]]) -> None:
    """Serve a folder of runs while `questions` asks about it."""

    async def main() -> None:
        async with served(root) as client:
            await questions(client)

    anyio.run(main)
