"""The application of a sitting: its pages, its files, and what wraps them all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from aiohttp import web

from retailsim.analysis.report.page import style
from retailsim.events.errors import RetailSimError
from retailsim.sim.error_line import line_and_status
from retailsim.sim.play_page.handlers import ROUTES, rendered
from retailsim.sim.play_page.sitting import SITTING, Sitting
from retailsim.sim.studio import app as studio_app
from retailsim.sim.studio.guard import HEALTH, guard, with_headers
from retailsim.sim.studio.studio import STUDIO, Studio

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATIC = Path(__file__).parent / "static"
SHARED = ("studio.css", "icon.svg")
"""Files of the studio that the page is drawn with, too."""
MOST_BYTES = 1 << 20
"""Of what is posted: a few texts as long as the market takes them, each byte written as three."""

log = structlog.get_logger(__name__)


def application(sitting: Sitting, token: str) -> web.Application:
    """Return the application of a sitting; who has the token is the person."""
    app = web.Application(middlewares=[_in_words, guard], client_max_size=MOST_BYTES)
    app[SITTING] = sitting
    app[STUDIO] = Studio(root=sitting.run, token=token)
    app.on_response_prepare.append(with_headers)
    app.on_shutdown.append(_end_polls)
    app.router.add_get(HEALTH, _health)
    app.router.add_get("/static/report.css", _report_style)
    for name in SHARED:
        app.router.add_get(f"/static/{name}", _file(studio_app.STATIC / name))
    app.router.add_static("/static", STATIC, follow_symlinks=False)
    app.add_routes(ROUTES)
    return app


def _file(path: Path) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.FileResponse(path)

    return answer


@web.middleware
async def _in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say what went wrong as a page."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _told(error.status, _WORDS.get(error.status) or error.text or error.reason)
    except RetailSimError as error:
        return _told(409, line_and_status(error)[0])
    except Exception as error:  # noqa: BLE001 - one page that fails must not end the run
        log.error("a page failed", path=request.path, problem=repr(error))
        return _told(500, f"This page failed: {line_and_status(error)[0]}")


_WORDS = {
    404: "There is no such page.",
    405: "There is no such page.",
    413: "That is more than can be taken at once; please write less.",
}


def _told(status: int, text: str) -> web.Response:
    html = rendered("sorry.html", text=text)
    return web.Response(text=html, status=status, content_type="text/html")


async def _health(request: web.Request) -> web.Response:
    return web.Response(text="")


async def _report_style(request: web.Request) -> web.Response:
    return web.Response(text=style(), content_type="text/css")


async def _end_polls(app: web.Application) -> None:
    app[STUDIO].closing.set()
