"""A studio on 127.0.0.1 for tests: its application, asked like a browser asks, or the program."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from retailsim.sim.studio.app import application
from retailsim.sim.studio.site.studio import Studio
from tests.serving import serving
from tests.sim.runs import ROOT, beside_a_browser
from tests.waiting import PATIENCE_S

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

    with beside_a_browser():
        anyio.run(main)


@contextmanager
def shown(root: Path) -> Iterator[str]:
    """Serve a folder of runs to a browser; yields the link."""
    with serving(application(Studio(root=root, token=TOKEN))) as address:
        yield f"{address}?token={TOKEN}"


@dataclass
class Program:
    """`studio` as people run it."""

    process: subprocess.Popen[str]
    link: str

    def interrupt(self) -> None:
        """Press Ctrl-C, and wait until it has ended well."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(PATIENCE_S) == 0


@contextmanager
def program(root: Path, *options: object) -> Iterator[Program]:
    """Start `studio` on a folder of runs, at a free port; ends it if it has not ended."""
    words = (sys.executable, "-m", "sim", "studio", str(root), *map(str, options))
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Program(process, process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()
