"""What happens to a run while it is looked at, as server-sent events: one stream a page.

`counters` at most once a second, `sections` when there are new ones, `end`. Each says how things
stand, not what is new, so who missed some has missed nothing; its id is how far the log was read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import msgspec
from aiohttp import web

from retailsim.events.errors import RetailSimError
from retailsim.sim.error_line import line_and_status
from retailsim.sim.studio.overview.chapters import OVERVIEWS, Chapters
from retailsim.sim.studio.overview.parts import preface, shown
from retailsim.sim.studio.overview.standing import Standing, standing
from retailsim.sim.studio.overview.watch import WATCHES, Watch
from retailsim.sim.studio.site.studio import STUDIO
from retailsim.sim.studio.state import State, state_of

MOST_A_BROWSER = 4
"""Streams: a browser opens six connections to a server, and pages need some of them."""
MOST = 32
PING_S = 15.0
"""Silence after which a line is sent, so that nothing in between gives the connection up."""
LOOK_S = 1.0
"""How soon it is seen that a page was closed."""


@dataclass(kw_only=True)
class Streams:
    """How many streams there are, by who has them."""

    open: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def one(self, request: web.Request) -> Iterator[None]:
        """Count one while the block runs.

        Raises
        ------
        aiohttp.web.HTTPServiceUnavailable
            If there are enough.
        """
        who = f"{request.remote} {request.headers.get('User-Agent', '')}"
        if self.open[who] >= MOST_A_BROWSER or self.open.total() >= MOST:
            raise web.HTTPServiceUnavailable(
                text="Too many pages follow runs already; close one, or load this page again."
            )
        self.open[who] += 1
        try:
            yield
        finally:
            self.open[who] -= 1
            self.open += Counter()  # forgets who has none


async def live(request: web.Request) -> web.StreamResponse:
    """Follow a run until it ends, the page is closed or the server ends."""
    studio = request.app[STUDIO]
    run = studio.run(request.match_info["run"])
    state = await studio.work(state_of, run)
    with request.app[STREAMS].one(request):
        if state is not State.RUNNING:
            return await _sent(request, _ending(request, run, state))
        async with request.app[WATCHES].looking(run, studio) as watch:
            return await _sent(request, _events(request, watch))


async def _sent(request: web.Request, events: AsyncIterator[bytes]) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type = "text/event-stream"
    await response.prepare(request)
    with suppress(ConnectionResetError):
        async with request.app[STUDIO].until_closing():
            async for event in events:
                await response.write(event)
    return response


async def _events(request: web.Request, watch: Watch) -> AsyncIterator[bytes]:
    """Yield what is new, until there can be nothing more."""
    told, had, measure = b"", _since(request), request.query.get("measure", "")
    silent_since = anyio.current_time()
    while not watch.ended and not _gone(request):
        now = anyio.current_time()
        counters = _counters(watch.standing)
        if counters != told:
            told, silent_since = counters, now
            yield _event("counters", watch.n_bytes, counters)
        made = watch.chapters
        if made is not None and made[0] > had:
            had, silent_since = made[0], now
            yield _event("sections", had, _sections(made[1], State.RUNNING, measure))
        if now - silent_since > PING_S:
            silent_since = now
            yield b": still here\n\n"
        with anyio.move_on_after(LOOK_S):
            await watch.change()
    if watch.ended:
        yield _event("counters", watch.n_bytes, _counters(watch.standing))
        state = watch.standing.state
        async for event in _ending(request, watch.run, state, watch.n_bytes, watch.problem):
            yield event


async def _ending(
    request: web.Request, run: Path, state: State, n_bytes: int = 0, problem: str = ""
) -> AsyncIterator[bytes]:
    """Yield how it stands in the end, as the whole log says, hashed and all."""
    studio = request.app[STUDIO]
    if not problem:
        try:
            chapters = await request.app[OVERVIEWS].of(run, studio)
            await studio.work(chapters.make_all)
        except RetailSimError as error:
            state, problem = State.DAMAGED, line_and_status(error)[0]
        else:
            stands = standing(chapters.replay, state, chapters.budget)
            yield _event("counters", n_bytes, _counters(stands))
            measure = request.query.get("measure", "")
            yield _event("sections", n_bytes, _sections(chapters, state, measure))
    end = {"state": state, "said": problem}
    yield _event("end", n_bytes, msgspec.json.encode(end))


def _since(request: web.Request) -> int:
    """How far the log was read for what the page shows."""
    told = request.headers.get("Last-Event-ID") or request.query.get("since", "")
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 20 else -1


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _counters(stands: Standing) -> bytes:
    texts = stands.texts()
    return msgspec.json.encode(
        {"state": stands.state, "done": stands.done, "planned": stands.planned, "texts": texts}
    )


def _sections(chapters: Chapters, state: State, measure: str) -> bytes:
    parts = (shown(one, chapters, measure) for one in chapters.made)
    return "\n".join((preface(chapters, state), *parts)).encode()


def _event(name: str, id_: int, data: bytes) -> bytes:
    """Write one event; its data may have lines."""
    lines = b"".join(b"data: %b\n" % line for line in data.splitlines())
    return b"event: %b\nid: %d\n%b\n" % (name.encode(), id_, lines)


STREAMS = web.AppKey("streams", Streams)
"""Where the application has them."""
ROUTES = (web.get("/runs/{run}/live", live),)
