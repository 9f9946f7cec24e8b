"""The application: its pages by address, and what wraps them all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
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
from retailsim.sim.studio.pages import told
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

log = structlog.get_logger(__name__)


def application(studio: Studio) -> web.Application:
    """Return the application of a studio, to be served."""
    app = web.Application(middlewares=[_in_words, guard], client_max_size=MOST_BYTES)
    app[STUDIO] = studio
    app[LISTS] = Lists()
    app[OVERVIEWS] = Overviews()
    app[STREAMS] = Streams()
    app[WATCHES] = Watches()
    app.on_response_prepare.append(with_headers)
    app.on_shutdown.append(_end_streams)
    app.router.add_get(HEALTH, _health)
    app.router.add_get("/static/report.css", _report_style)
    app.router.add_static("/static", STATIC, follow_symlinks=False)
    for module in PAGES:
        app.add_routes(module.ROUTES)
    return app


@web.middleware
async def _in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say what went wrong as a page: a run that is damaged, an address that leads nowhere."""
    try:
        return await handler(request)
    except web.HTTPNotFound as error:
        said = error.text if isinstance(error, NotThere) else "There is no such page."
        return told(request, 404, said or "")
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return told(request, error.status, error.text or error.reason)
    except RetailSimError as error:
        return told(request, 409, line_and_status(error)[0])
    except Exception as error:  # noqa: BLE001 - one page that fails must not end the others
        log.error("a page failed", path=request.path, problem=repr(error))
        return told(request, 500, f"This page failed: {line_and_status(error)[0]}")


async def _health(request: web.Request) -> web.Response:
    return web.Response(text="")


async def _report_style(request: web.Request) -> web.Response:
    return web.Response(text=style(), content_type="text/css")


async def _end_streams(app: web.Application) -> None:
    app[STUDIO].closing.set()
