"""The application: its pages by address, and what wraps them all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import structlog
from aiohttp import web

from retailsim.analysis.report.page import style
from retailsim.events.errors import RetailSimError
from retailsim.sim.error_line import line_and_status
from retailsim.sim.studio import (
    compare,
    conversation,
    episodes,
    live,
    open_markets,
    overview,
    runs_page,
    search,
    studies,
    twins,
)
from retailsim.sim.studio.chapters import OVERVIEWS, Overviews
from retailsim.sim.studio.guard import HEALTH, guard, with_headers
from retailsim.sim.studio.lists import LISTS, Lists
from retailsim.sim.studio.live import STREAMS, Streams
from retailsim.sim.studio.pages import fragment, told
from retailsim.sim.studio.studio import STUDIO, NotThere, Studio
from retailsim.sim.studio.watch import WATCHES, Watches

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATIC = Path(__file__).parent / "static"
MOST_BYTES = 64 << 10
"""Of what is sent to it."""
PAGES = (
    compare,
    conversation,
    episodes,
    live,
    open_markets,
    overview,
    runs_page,
    search,
    studies,
    twins,
)
"""The modules with pages; each has its `ROUTES`."""

_BEGUN = web.RequestKey("begun", web.StreamResponse)
"""Where a request has the answer that is being sent."""

log = structlog.get_logger(__name__)


def application(studio: Studio) -> web.Application:
    """Return the application of a studio, to be served."""
    app = web.Application(middlewares=[_in_words, guard], client_max_size=MOST_BYTES)
    app[STUDIO] = studio
    app[LISTS] = Lists()
    app[OVERVIEWS] = Overviews()
    app[STREAMS] = Streams()
    app[WATCHES] = Watches()
    app.on_response_prepare.extend((with_headers, _note_begun))
    app.on_shutdown.append(_end_streams)
    app.router.add_get(HEALTH, _health)
    app.router.add_get("/static/report.css", _report_style)
    app.router.add_static("/static", STATIC, follow_symlinks=False)
    app.add_routes([web.get(f"/{kind}/{{key}}", _closed) for kind in ("runs", "studies")])
    for module in PAGES:
        app.add_routes(module.ROUTES)
    return app


@web.middleware
async def _in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say what went wrong as a page: a run that is damaged, an address that leads nowhere."""
    try:
        return await handler(request)
    except ConnectionError:  # who asked has gone
        raise
    except Exception as error:
        status, said = _words(request, error)
        if status < 400:
            raise
        begun = request.get(_BEGUN)
        return told(request, status, said) if begun is None else await _cut(request, begun, said)


def _words(request: web.Request, error: Exception) -> tuple[int, str]:
    """Return the status of an answer, and what it says."""
    match error:
        case NotThere():
            return 404, error.text or ""
        case web.HTTPNotFound():
            return 404, "There is no such page."
        case web.HTTPMethodNotAllowed():
            return 405, "This address can be looked at, and takes nothing."
        case web.HTTPException():
            return error.status, error.text or error.reason
        case RetailSimError():
            return 409, line_and_status(error)[0]
        case _:
            log.error("a page failed", path=request.path, problem=repr(error))
            return 500, f"This page failed: {line_and_status(error)[0]}"


async def _note_begun(request: web.Request, response: web.StreamResponse) -> None:
    request[_BEGUN] = response


async def _cut(request: web.Request, begun: web.StreamResponse, said: str) -> web.StreamResponse:
    """End an answer that is half sent: no other can follow it, and it must not look whole."""
    with suppress(ConnectionError):
        if begun.content_type == "text/html":
            await begun.write(fragment("cut.html", said=said).encode())
    if request.transport is not None:
        request.transport.close()
    return begun


async def _health(request: web.Request) -> web.Response:
    return web.Response(text="")


async def _closed(request: web.Request) -> web.Response:
    """Lead on from an address whose last slash was left out."""
    here = request.rel_url
    query = f"?{here.raw_query_string}" if here.raw_query_string else ""
    return web.Response(status=303, headers={"Location": f"./{here.raw_name}/{query}"})


async def _report_style(request: web.Request) -> web.Response:
    return web.Response(text=style(), content_type="text/css")


async def _end_streams(app: web.Application) -> None:
    app[STUDIO].closing.set()
