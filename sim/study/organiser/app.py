"""The organiser's application: how far the seats are, and the links to them."""

from __future__ import annotations

from aiohttp import web

from retailsim.sim.study.session import SESSION, StudySession


def application(session: StudySession, token: str) -> web.Application:
    """Return the organiser's application of a study; who has the token is the organiser."""
    app = web.Application()
    app[SESSION] = session
    return app
