"""A process's way to all its agents over a wire: connections, limits, and a reason to stop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import NoReturn, Self

from retailsim.agents.llm.gateway.transport import open_session
from retailsim.agents.wire.address import WireOptions, secrets
from retailsim.agents.wire.errors import WireDown, WireStopping
from retailsim.agents.wire.exchange import Place, WireAttempt, exchange
from retailsim.events.errors import LeftToResume
from retailsim.events.outside import Door


class Post:
    """A process's way to all its agents over a wire; an async context manager.

    Parameters
    ----------
    seats : mapping of source to WireOptions
    share : float
        The part of all limits that this process may use, in (0, 1].
    stop : callable
        Stops the run.
    stopping : callable
        Whether it is being stopped: then nothing is sent again.
    environ : mapping
        Where secrets and proxies are looked up.
    observe : callable
        Takes the source and each attempt, for the telemetry.

    Attributes
    ----------
    reason : WireDown or None
        The first agent that is not there.
    answered : bool
        Whether any agent ever answered.

    Raises
    ------
    BadOption
        If a secret is missing, or would be read on its way.
    """

    def __init__(
        self,
        seats: Mapping[str, WireOptions],
        share: float,
        stop: Callable[[], None],
        stopping: Callable[[], bool],
        environ: Mapping[str, str] = os.environ,
        observe: Callable[[str, WireAttempt], None] = lambda source, attempt: None,
    ) -> None:
        self.reason: WireDown | None = None
        self.answered = False
        self._stop = stop
        self._stopping = stopping
        self._observe = observe
        self._places = {
            source: Place(options, secrets(source, options, environ), environ)
            for source, options in seats.items()
        }
        self._rooms = {
            source: asyncio.Semaphore(max(1, int(options.max_in_flight * share)))
            for source, options in seats.items()
        }

    async def __aenter__(self) -> Self:
        """Open the session; how many connections there are is up to each address."""
        self._session = open_session(0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self._session.close()

    async def ask(self, source: str, body: bytes) -> str:
        """Ask a seat's agent when there is room, and return the answer as compact JSON.

        Raises
        ------
        WireError
            See `agents.wire.exchange.exchange`.
        WireStopping
            If the run stopped before an answer came.
        """
        async with self._rooms[source]:
            if self._stopping():
                raise WireStopping
            observe, place = partial(self._observe, source), self._places[source]
            text = await exchange(self._session, place, body, self._rest, observe)
        self.answered = True
        return text

    def at(self, door: Door) -> SeatWire:
        """Return the way of one market's seats, whose answers are recorded at its door."""
        return SeatWire(self, door)

    def halt(self, error: LeftToResume) -> None:
        """Stop the run, for the first reason that is given."""
        if isinstance(error, WireDown):
            self.reason = self.reason or error
        self._stop()

    async def _rest(self, seconds: float) -> None:
        """Wait before another attempt, which a run that stops does not make."""
        end = asyncio.get_running_loop().time() + seconds
        while not self._stopping():
            left = end - asyncio.get_running_loop().time()
            if left <= 0:
                return
            await asyncio.sleep(min(0.1, left))
        raise WireStopping


class SeatWire:
    """One market's seats' way to their agents.

    Parameters
    ----------
    post : Post
    door : Door
        The market's.
    """

    def __init__(self, post: Post, door: Door) -> None:
        self._post = post
        self._door = door

    async def ask(self, source: str, body: bytes) -> str:
        """Send a request and return its answer as JSON."""
        return await self._post.ask(source, body)

    async def leave(self, error: LeftToResume) -> NoReturn:
        """Stop the run, and leave this request to its resume."""
        self._post.halt(error)
        async with self._door.asking():  # the run is stopping: this never gets in
            raise AssertionError("a halted run goes on")
        raise AssertionError("a halted run goes on")
