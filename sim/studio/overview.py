"""A run at a glance: how it stands, and what it says so far, chapter by chapter.

The page is sent as it is made: its head at once, each chapter when there is one. So the first
numbers do not wait for the last, and no script is needed for that.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup

from retailsim.events.errors import RetailSimError
from retailsim.sim.error_line import line_and_status
from retailsim.sim.studio.chapters import OVERVIEWS, Chapters
from retailsim.sim.studio.pages import page, rendered
from retailsim.sim.studio.parts import preface, shown
from retailsim.sim.studio.standing import Standing, standing
from retailsim.sim.studio.state import State, state_of
from retailsim.sim.studio.studio import STUDIO
from retailsim.sim.studio.watch import WATCHES


async def overview(request: web.Request) -> web.StreamResponse:
    """Show a run."""
    studio, key = request.app[STUDIO], request.match_info["run"]
    run = studio.run(key)
    live = ""
    try:
        state = await studio.work(state_of, run)
        if state is State.RUNNING:
            watch = await request.app[WATCHES].of(run, studio)
            chapters = await studio.work(watch.begin_chapters)
            stands, live = watch.standing, _live(request, watch.n_bytes)
        else:
            chapters = await request.app[OVERVIEWS].of(run, studio)
            stands = standing(chapters.replay, state, chapters.budget)
    except RetailSimError as error:
        said = line_and_status(error)[0]
        return page(request, "damaged.html", key=key, state=State.DAMAGED, said=said)
    return await _sent(request, key, stands, chapters, live)


def _live(request: web.Request, n_bytes: int) -> str:
    """The address of what follows this page."""
    measure = request.query.get("measure", "")
    return "live?" + urlencode({"since": n_bytes} | ({"measure": measure} if measure else {}))


async def _sent(
    request: web.Request, key: str, stands: Standing, chapters: Chapters, live: str
) -> web.StreamResponse:
    break_ = Markup(f"<!-- {secrets.token_hex(16)} -->")
    html = rendered(
        request,
        "overview.html",
        key=key,
        standing=stands,
        preface=preface(chapters, stands.state),
        live=live,
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
        async with request.app[STUDIO].until_closing():
            async for one in chapters.each(request.app[STUDIO]):
                html = shown(one, chapters, request.query.get("measure", ""))
                await response.write(html.encode())
        await response.write(tail.encode())
    return response


ROUTES = (web.get("/runs/{run}/", overview),)
