"""The application of a sitting: its pages, its files, and what wraps them all."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from retailsim.sim.play_page.handlers import ROUTES, rendered
from retailsim.sim.play_page.sitting import SITTING, Sitting
from retailsim.sim.studio.site.small_app import small_application
from retailsim.sim.studio.site.studio import Studio

STATIC = Path(__file__).parent / "static"
MOST_BYTES = 1 << 20
"""Of what is posted: a few texts as long as the market takes them, each byte written as three."""


def application(sitting: Sitting, token: str) -> web.Application:
    """Return the application of a sitting; who has the token is the person."""
    studio = Studio(root=sitting.run, token=token)
    app = small_application(studio, STATIC, _told, most_bytes=MOST_BYTES)
    app[SITTING] = sitting
    app.add_routes(ROUTES)
    return app


def _told(status: int, text: str) -> web.Response:
    html = rendered("sorry.html", text=text)
    return web.Response(text=html, status=status, content_type="text/html")
