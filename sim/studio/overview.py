"""A run at a glance."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from retailsim.analysis.exhibits.parts import Report
from retailsim.analysis.report.content import report
from retailsim.sim.environments.episodes import adaptive_sellers
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.look.report import about
from retailsim.sim.studio.pages import rendered
from retailsim.sim.studio.studio import STUDIO


async def overview(request: web.Request) -> web.Response:
    """Show what the report says of a run."""
    studio, key = request.app[STUDIO], request.match_info["run"]
    html = await studio.work(_html, request, key, studio.run(key))
    return web.Response(text=html, content_type="text/html")


def _html(request: web.Request, key: str, run: Path) -> str:
    with in_currency_of(run):
        return rendered(request, "overview.html", key=key, report=_report(run))


def _report(run: Path) -> Report:
    file = RunFolder(run).read()
    return report(run, about(file), adaptive_sellers(file.scenario))


ROUTES = (web.get("/runs/{run}/", overview),)
