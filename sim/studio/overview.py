"""A run at a glance: how it stands, and what it says so far, chapter by chapter.

The page is sent as it is made: its head at once, each chapter when there is one. So the first
numbers do not wait for the last, and no script is needed for that.
"""

from __future__ import annotations

import secrets
from contextlib import suppress

from aiohttp import web
from markupsafe import Markup

from retailsim.events.errors import RetailSimError
from retailsim.sim.error_line import line_and_status
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.studio.chapters import OVERVIEWS, Chapter, Chapters
from retailsim.sim.studio.heatmap import heatmap
from retailsim.sim.studio.links import to_episodes
from retailsim.sim.studio.pages import fragment, page, rendered
from retailsim.sim.studio.reading import PAIRS
from retailsim.sim.studio.standing import standing
from retailsim.sim.studio.state import State, state_of
from retailsim.sim.studio.studio import STUDIO
from retailsim.sim.terminal.program_name import program_name


async def overview(request: web.Request) -> web.StreamResponse:
    """Show a run."""
    studio, key = request.app[STUDIO], request.match_info["run"]
    run = studio.run(key)
    state = await studio.work(state_of, run)
    try:
        chapters = await request.app[OVERVIEWS].of(run, studio)
    except RetailSimError as error:
        said = line_and_status(error)[0]
        return page(request, "damaged.html", key=key, state=State.DAMAGED, said=said)
    break_ = Markup(f"<!-- {secrets.token_hex(16)} -->")
    with in_currency_of(run):
        html = rendered(
            request,
            "overview.html",
            key=key,
            standing=standing(chapters.replay, state, chapters.budget),
            chapters=chapters,
            resume=f"{program_name()} resume {run}" if state is State.UNFINISHED else "",
            break_=break_,
        )
    head, _, tail = html.partition(break_)
    return await _sent(request, head, chapters, tail)


async def _sent(
    request: web.Request, head: str, chapters: Chapters, tail: str
) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type, response.charset = "text/html", "utf-8"
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    with suppress(ConnectionResetError):  # who asked has gone; what was made is kept
        await response.write(head.encode())
        async with request.app[STUDIO].until_closing():
            async for one in chapters.each(request.app[STUDIO]):
                shown = _shown(one, chapters, request.query.get("measure", ""))
                await response.write(shown.encode())
        await response.write(tail.encode())
    return response


def _shown(one: Chapter, chapters: Chapters, measure: str) -> str:
    if one.name != PAIRS:
        return one.html
    with in_currency_of(chapters.run):
        found = heatmap(chapters.replay, chapters.own, measure)
        return "" if found is None else fragment("heatmap.html", map=found, link=to_episodes)


ROUTES = (web.get("/runs/{run}/", overview),)
