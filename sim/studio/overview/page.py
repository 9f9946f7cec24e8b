"""A run at a glance: how it stands, and what it says so far, chapter by chapter.

The page is sent as it is made: its head at once, each chapter when there is one. So the first
numbers do not wait for the last, and no script is needed for that.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup

from retailsim.events.errors import RetailSimError
from retailsim.sim.error_line import line_and_status
from retailsim.sim.studio.overview.chapters import OVERVIEWS, Chapters
from retailsim.sim.studio.overview.parts import preface, shown
from retailsim.sim.studio.overview.standing import Standing, standing
from retailsim.sim.studio.overview.watch import WATCHES
from retailsim.sim.studio.runs_list.run_summary import size_of
from retailsim.sim.studio.runs_list.run_words import size
from retailsim.sim.studio.site.pages import fragment, page, rendered
from retailsim.sim.studio.site.studio import STUDIO
from retailsim.sim.studio.state import State, state_of

PATIENCE_S = 0.5
"""A log that takes longer to read is read while the page has begun."""


class _Found(NamedTuple):
    """What a run's log says."""

    standing: Standing
    chapters: Chapters
    live: str


async def overview(request: web.Request) -> web.StreamResponse:
    """Show a run."""
    studio, key = request.app[STUDIO], request.match_info["run"]
    run = studio.run(key)
    state = await studio.work(state_of, run)
    finding = asyncio.create_task(_found(request, run, state))
    await asyncio.wait({finding}, timeout=PATIENCE_S)
    if not finding.done():
        return await _sent(request, run, state, finding)
    try:
        found = finding.result()
    except RetailSimError as error:
        said = line_and_status(error)[0]
        return page(request, "damaged.html", key=key, state=State.DAMAGED, said=said)
    return await _sent(request, run, state, finding, found.standing)


async def _found(request: web.Request, run: Path, state: State) -> _Found:
    """Read a run's log, or what is kept of it."""
    studio = request.app[STUDIO]
    if state is State.RUNNING:
        watch = await request.app[WATCHES].of(run, studio)
        made_at, chapters = await studio.work(watch.begin_chapters)
        return _Found(watch.standing, chapters, _live(request, made_at))
    chapters = await request.app[OVERVIEWS].of(run, studio)
    return _Found(standing(chapters.replay, state, chapters.budget), chapters, "")


def _live(request: web.Request, n_bytes: int) -> str:
    """The address of what follows this page."""
    measure = request.query.get("measure", "")
    return "live?" + urlencode({"since": n_bytes} | ({"measure": measure} if measure else {}))


async def _sent(
    request: web.Request,
    run: Path,
    state: State,
    finding: asyncio.Task[_Found],
    known: Standing | None = None,
) -> web.StreamResponse:
    """Send the page as it is made; without what is `known` it begins before the log was read."""
    studio, break_ = request.app[STUDIO], Markup(f"<!-- {secrets.token_hex(16)} -->")
    html = rendered(
        request,
        "overview.html",
        key=request.match_info["run"],
        running=state is State.RUNNING,
        standing=known,
        size="" if known else size(await studio.work(size_of, run)),
        break_=break_,
    )
    head, _, tail = html.partition(break_)
    response = web.StreamResponse()
    response.content_type, response.charset = "text/html", "utf-8"
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    with suppress(ConnectionResetError):  # who asked has gone; what was made is kept
        await response.write(head.encode())
        async with studio.until_closing():
            async for part in _parts(request, finding, late=known is None):
                await response.write(part.encode())
        await response.write(tail.encode())
    return response


async def _parts(
    request: web.Request, finding: asyncio.Task[_Found], *, late: bool
) -> AsyncIterator[str]:
    try:
        stands, chapters, live = await asyncio.shield(finding)
    except RetailSimError as error:
        yield Markup("<div>") + fragment("damage.html", said=line_and_status(error)[0])
        return
    before = preface(chapters, stands.state)
    yield fragment("overview_found.html", late=late, standing=stands, preface=before, live=live)
    async for one in chapters.each(request.app[STUDIO]):
        yield shown(one, chapters, request.query.get("measure", ""))


ROUTES = (web.get("/runs/{run}/", overview),)
