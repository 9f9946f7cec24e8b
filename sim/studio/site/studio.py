"""What the pages of one server share: where the runs are, and a place for work that takes long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, TypeVarTuple

import anyio
import anyio.to_thread
from aiohttp import web

from retailsim.sim.studio.site.runs import run_folders

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")

AT_ONCE = 2
"""Pieces of work beside the event loop; what Polars does uses all cores by itself."""


class NotThere(web.HTTPNotFound):
    """What an address names is not there; the text says so."""


class NoSuchRun(NotThere):
    """No run has the key that an address names."""

    def __init__(self) -> None:
        super().__init__(text="There is no such run here; it may have been moved.")


@dataclass(kw_only=True)
class Studio:
    """One server's state.

    Parameters
    ----------
    root : Path
        A run, or a folder with runs in it.
    token : str
        Who has it may look.
    hosts : frozenset of str
        Names by which the server may be addressed, whatever the port.
    """

    root: Path
    token: str
    hosts: frozenset[str] = frozenset({"127.0.0.1", "localhost", "::1"})
    closing: anyio.Event = field(default_factory=anyio.Event)
    """Set when the server ends: open streams then end, too."""
    _limiter: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(AT_ONCE))

    def run(self, key: str) -> Path:
        """Return the folder of a run by its name in addresses.

        No path is ever built from what an address says: it is looked up among the runs there are.

        Raises
        ------
        NoSuchRun
        """
        found = run_folders(self.root).get(key)
        if found is None:
            raise NoSuchRun
        return found

    @asynccontextmanager
    async def until_closing(self) -> AsyncIterator[None]:
        """Leave the block, wherever it waits, when the server ends."""
        with anyio.CancelScope() as scope:

            async def leave() -> None:
                await self.closing.wait()
                scope.cancel()

            leaving = asyncio.create_task(leave())
            try:
                yield
            finally:
                leaving.cancel()

    async def work(
        self, function: Callable[[*Arguments], Result], *arguments: *Arguments
    ) -> Result:
        """Call a function in a thread: what takes longer than a millisecond, so that pages stay."""
        return await anyio.to_thread.run_sync(
            function, *arguments, abandon_on_cancel=True, limiter=self._limiter
        )


STUDIO = web.AppKey("studio", Studio)
"""Where the application has it."""
