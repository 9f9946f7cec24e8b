"""The application that participants reach: it knows /p/TOKEN, and nothing else."""

from __future__ import annotations

from aiohttp import web

from retailsim.sim.study.session import SESSION, StudySession

MOST_BYTES = 1 << 18
"""Of what is posted."""


def application(session: StudySession) -> web.Application:
    """Return the participants' application of a study."""
    app = web.Application(client_max_size=MOST_BYTES)
    app[SESSION] = session
    return app
