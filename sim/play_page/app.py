"""The application of a sitting: its pages, its files, and what wraps them all."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from retailsim.sim.play_page.handlers import ROUTES, rendered
from retailsim.sim.play_page.sitting import SITTING, Sitting
from retailsim.sim.studio import app as studio_app
from retailsim.sim.studio.guard import Handler, guard, with_headers
from retailsim.sim.studio.studio import STUDIO, Studio
from retailsim.sim.studio.words import prepare, status_and_words

STATIC = Path(__file__).parent / "static"
SHARED = ("studio.css", "icon.svg")
"""Files of the studio that the page is drawn with, too."""
MOST_BYTES = 1 << 20
"""Of what is posted: a few texts as long as the market takes them, each byte written as three."""


def application(sitting: Sitting, token: str) -> web.Application:
    """Return the application of a sitting; who has the token is the person."""
    app = web.Application(middlewares=[_in_words, guard], client_max_size=MOST_BYTES)
    app[SITTING] = sitting
    app[STUDIO] = Studio(root=sitting.run, token=token)
    app.on_response_prepare.append(with_headers)
    prepare(app)
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
    except ConnectionError:  # who asked has gone
        raise
    except Exception as error:
        status, said = status_and_words(request, error)
        if status < 400:
            raise
        return _told(status, said)


def _told(status: int, text: str) -> web.Response:
    html = rendered("sorry.html", text=text)
    return web.Response(text=html, status=status, content_type="text/html")
