"""The first page: the runs there are."""

from __future__ import annotations

from aiohttp import web

from retailsim.sim.studio.pages import page
from retailsim.sim.studio.runs import run_folders
from retailsim.sim.studio.studio import STUDIO


async def runs(request: web.Request) -> web.Response:
    """Show the runs."""
    studio = request.app[STUDIO]
    found = await studio.work(run_folders, studio.root)
    return page(request, "runs.html", runs=found, folder=str(studio.root))


ROUTES = (web.get("/", runs),)
