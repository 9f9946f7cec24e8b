"""What every application here has: what went wrong in words, the report's style, and its pulse."""

from __future__ import annotations

import structlog
from aiohttp import web

from retailsim.analysis.report.page import style
from retailsim.events.errors import RetailSimError
from retailsim.sim.error_line import line_and_status
from retailsim.sim.studio.site.guard import HEALTH
from retailsim.sim.studio.site.studio import STUDIO, NotThere

log = structlog.get_logger(__name__)


def status_and_words(request: web.Request, error: Exception) -> tuple[int, str]:
    """Return the status of the answer to a request that failed, and what it says."""
    match error:
        case NotThere():
            return 404, error.text or ""
        case web.HTTPNotFound():
            return 404, "There is no such page."
        case web.HTTPMethodNotAllowed():
            return 405, "This address can be looked at, and takes nothing."
        case web.HTTPRequestEntityTooLarge():
            return 413, "That is more than can be taken at once; please write less."
        case web.HTTPException():
            return error.status, error.text or error.reason
        case RetailSimError():
            return 409, line_and_status(error)[0]
        case _:
            log.error("a page failed", path=request.path, problem=repr(error))
            return 500, f"This page failed: {line_and_status(error)[0]}"


def prepare(app: web.Application) -> None:
    """Add what needs no page: the pulse, the report's style, and the end of open streams."""
    app.router.add_get(HEALTH, _health)
    app.router.add_get("/static/report.css", _report_style)
    app.on_shutdown.append(_end_streams)


async def _health(request: web.Request) -> web.Response:
    return web.Response(text="")


async def _report_style(request: web.Request) -> web.Response:
    return web.Response(text=style(), content_type="text/css")


async def _end_streams(app: web.Application) -> None:
    app[STUDIO].closing.set()
