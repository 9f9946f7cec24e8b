"""The organiser's application: how far the seats are, the links to them, and what can be done."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from retailsim.sim.studio.site.small_app import small_application
from retailsim.sim.studio.site.studio import Studio
from retailsim.sim.study.organiser.handlers import ADDRESS, ROUTES, rendered
from retailsim.sim.study.session import SESSION, StudySession

STATIC = Path(__file__).parent / "static"
MOST_BYTES = 1 << 12
"""Of what is posted: what to do, and with which seat."""


def application(session: StudySession, token: str, address: str) -> web.Application:
    """Return the organiser's application of a study.

    Parameters
    ----------
    token : str
        Who has it is the organiser.
    address : str
        How participants get to their server.
    """
    studio = Studio(root=session.run, token=token)

    def told(status: int, text: str) -> web.Response:
        html = rendered("sorry.html", session=session, text=text)
        return web.Response(text=html, status=status, content_type="text/html")

    app = small_application(studio, STATIC, told, most_bytes=MOST_BYTES)
    app[SESSION] = session
    app[ADDRESS] = address
    app.add_routes(ROUTES)
    return app
