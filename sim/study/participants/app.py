"""The application that participants reach: it knows /p/TOKEN, and nothing else."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import structlog
from aiohttp import web

from retailsim.analysis.report.page import style
from retailsim.events.errors import RetailSimError
from retailsim.sim.play_page import app as play_app
from retailsim.sim.studio.site.guard import Handler, with_headers
from retailsim.sim.studio.site.in_words import in_words
from retailsim.sim.studio.site.static_files import KINDS, STUDIOS, content
from retailsim.sim.study.errors import BadRegister, NoSeatFree, NoSuchSeat, TakesNobodyNew
from retailsim.sim.study.participants.front import FRONT, Front
from retailsim.sim.study.participants.handlers import ROUTES
from retailsim.sim.study.participants.pages import page
from retailsim.sim.study.participants.way import Way
from retailsim.sim.study.results import Results
from retailsim.sim.study.session import SESSION, StudySession

MOST_BYTES = 1 << 18
"""Of what is posted: the longest text that the market takes, each byte written as three."""
STATIC = Path(__file__).parent / "static"
FILES = {
    "icon.svg": STUDIOS,
    "play.css": play_app.STATIC,
    "play.js": play_app.STATIC,
    "studio.css": STUDIOS,
    "study.css": STATIC,
}
"""What pages are drawn with, by name, and where it is."""
KEPT_S = 300
"""How long a browser may keep them."""
_NOTHING = "There is nothing here."
_SENTENCES = {
    400: "This could not be read. Please go back and try again.",
    404: _NOTHING,
    405: "This cannot be done here.",
    408: "That took too long to come in. Please go back and try again.",
    413: "That is more than can be taken at once; please write less.",
    415: "Only the page's own form is taken here.",
    429: "That was too much at once; please wait a moment and load the page again.",
}
_FAILED = "Something went wrong here; nothing that you sent before is lost. Please load it again."

log = structlog.get_logger(__name__)


def application(session: StudySession) -> web.Application:
    """Return the participants' application of a study."""
    app = web.Application(middlewares=[in_words(_page_of), _bounded], client_max_size=MOST_BYTES)
    app[SESSION] = session
    app[FRONT] = Front(session=session, way=Way(session), results=Results(session.run))
    app.on_response_prepare.append(_with_headers)
    app.on_shutdown.append(_end_waiting)
    app.router.add_get("/p/{token}/static/{name}", _file)
    app.add_routes(ROUTES)
    return app


async def _file(request: web.Request) -> web.StreamResponse:
    try:
        body, kind = _files()[request.match_info["name"]]
    except KeyError:
        raise web.HTTPNotFound from None
    kept = {"Cache-Control": f"max-age={KEPT_S}"}
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=kept)


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    """Return what pages are drawn with, and its kind, by name."""
    read = {name: content(folder / name) for name, folder in FILES.items()}
    read["report.css"] = style().encode()
    return {name: (body, KINDS[Path(name).suffix]) for name, body in read.items()}


async def _with_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add what every answer carries, and take off what says with which program it was made."""
    await with_headers(request, response)
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers.popall("Server", None)


async def _end_waiting(app: web.Application) -> None:
    app[FRONT].closing = True
    app[FRONT].touch()


@web.middleware
async def _bounded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what one address or one seat asks for beyond measure, and other sites' forms."""
    front = request.app[FRONT]
    if not front.addresses.take(request.remote or ""):
        raise web.HTTPTooManyRequests
    token = request.match_info.get("token")
    if token not in (None, front.room) and not front.seats.take(str(token)):
        raise web.HTTPTooManyRequests
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise web.HTTPBadRequest
    return await handler(request)


async def _page_of(request: web.Request, error: Exception) -> web.Response | None:
    """Say what went wrong as a page, in one sentence that says nothing of the program."""
    status, said = _status_and_words(request, error)
    if status < 400:
        return None
    if "token" not in request.match_info:
        return web.Response(text=said, status=status)
    there = not isinstance(error, NoSuchSeat | NoSeatFree | TakesNobodyNew)
    return page(request.app[FRONT], "sorry.html", None, status=status, text=said, there=there)


def _status_and_words(request: web.Request, error: Exception) -> tuple[int, str]:
    match error:
        case NoSuchSeat():
            return 404, str(error)
        case NoSeatFree() | TakesNobodyNew():
            return 409, str(error)
        case BadRegister():
            log.error("nothing can be kept", problem=str(error))
            return 503, _FAILED
        case web.HTTPException():
            return error.status, _SENTENCES.get(error.status, _FAILED)
        case RetailSimError():
            log.error("a participant's page failed", problem=str(error))
            return 500, _FAILED
    log.error("a participant's page failed", problem=repr(error))
    return 500, _FAILED
