"""The application: raters' pages and the organiser's, and what wraps them all."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from retailsim.sim.rate_page import handlers, organiser
from retailsim.sim.rate_page.errors import RatingRefused
from retailsim.sim.rate_page.handlers import rendered
from retailsim.sim.rate_page.ratings import RATINGS, Ratings
from retailsim.sim.studio.serve import LOOPBACK, OWN
from retailsim.sim.studio.site.guard import Handler, is_open, known, refusal, welcomed, with_headers
from retailsim.sim.studio.site.in_words import in_words
from retailsim.sim.studio.site.static_files import add_static
from retailsim.sim.studio.site.studio import STUDIO, Studio
from retailsim.sim.studio.site.words import prepare, status_and_words
from retailsim.sim.terminal.program_name import program_name

STATIC = Path(__file__).parent / "static"
MOST_BYTES = 4 << 10
"""Of what is posted: a rating is a few words."""


def application(
    ratings: Ratings, *, name: str = LOOPBACK, hosts: frozenset[str] = OWN
) -> web.Application:
    """Return the application on ratings, to be served.

    Parameters
    ----------
    name : str
        By which raters reach this machine.
    hosts : frozenset of str
        Names by which the server may be addressed.
    """
    app = web.Application(middlewares=[in_words(_page_of), _guard], client_max_size=MOST_BYTES)
    app[RATINGS] = ratings
    app[STUDIO] = Studio(root=ratings.place, token=ratings.links.organiser, hosts=hosts)
    app[organiser.NAME] = name
    app[organiser.PROGRAM] = program_name()
    app.on_response_prepare.extend((_tell_origin, with_headers))
    prepare(app)
    add_static(app, STATIC)
    app.add_routes((*handlers.ROUTES, *organiser.ROUTES))
    return app


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through whose link opens this address, or answer why not."""
    refused = refusal(request, request.app[STUDIO].hosts)
    if refused is not None:
        return _told(request, *refused)
    if is_open(request.path):
        return await handler(request)
    door = request.app[RATINGS].door(request.path)
    if door is not None:
        entering = welcomed(request, door.token, door.name)
        if entering is not None:
            return entering
        if known(request, door.token, door.name):
            return await handler(request)
    return _told(request, 401, "This page needs a link of its own; ask whoever runs the rating.")


async def _tell_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Let forms say which page they are from: to other machines, browsers say nothing else."""
    response.headers["Referrer-Policy"] = "same-origin"


async def _page_of(request: web.Request, error: Exception) -> web.Response | None:
    """Say what went wrong as a page."""
    if isinstance(error, RatingRefused):
        return _told(request, error.status, str(error))
    status, said = status_and_words(request, error)
    return None if status < 400 else _told(request, status, said)


def _told(request: web.Request, status: int, text: str) -> web.Response:
    # Below a proxy's prefix, too, all addresses are relative.
    root = "../" * (request.path.count("/") - 1) or "./"
    door = request.app[RATINGS].door(request.path)
    back = "./" if door is not None and door.name != "raters" else root
    html = rendered("sorry.html", root=root, text=text, back="" if status == 401 else back)
    return web.Response(text=html, status=status, content_type="text/html")
