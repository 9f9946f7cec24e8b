"""The episodes of a run: a page that needs no script, the rows for the script, and as JSON."""

from __future__ import annotations

from aiohttp import web

from retailsim.analysis.listing.episode_filter import EpisodeFilter, filter_of
from retailsim.analysis.listing.errors import BadFilter
from retailsim.events.errors import RetailSimError
from retailsim.market.core.money import in_currency
from retailsim.sim.error_line import line_and_status
from retailsim.sim.studio.episodes import episodes_view as view
from retailsim.sim.studio.episodes.lists import LISTS, ReadList, newer
from retailsim.sim.studio.site.pages import rendered
from retailsim.sim.studio.site.studio import STUDIO


async def episodes(request: web.Request) -> web.Response:
    """Show a hundred of the episodes that the address asks for, and what else can be asked."""
    if "" in request.query.values():  # a form sends what is not set, too; no link should have it
        clean = [(key, value) for key, value in request.query.items() if value]
        raise web.HTTPSeeOther(request.rel_url.with_query(clean).raw_path_qs.rpartition("/")[2])
    return await _html(request, "episodes.html", as_read=False)


async def rows(request: web.Request) -> web.Response:
    """Return the part of the page that changes with the filter, of what was read last."""
    return await _html(request, "episodes_list.html", as_read=True)


async def newer_json(request: web.Request) -> web.Response:
    """Return whether the log says more than what was read of it last, in words."""
    run = request.app[STUDIO].run(request.match_info["run"])
    said = await request.app[LISTS].ask(request, lambda read: newer(read, run), as_read=True)
    return web.json_response({"newer": said})


async def episodes_json(request: web.Request) -> web.Response:
    """Return how many episodes the filter lets through, and some of them."""
    try:
        wanted = filter_of(request.query.items())
        found = await request.app[LISTS].ask(request, lambda read: read.episodes.rows(wanted))
    except BadFilter as error:
        return web.json_response({"error": str(error)}, status=400)
    except RetailSimError as error:
        return web.json_response({"error": line_and_status(error)[0]}, status=409)
    return web.json_response({"total": found.total, "rows": found.rows})


async def _html(request: web.Request, template: str, *, as_read: bool) -> web.Response:
    try:
        wanted = filter_of(request.query.items())
        html = await request.app[LISTS].ask(
            request, lambda read: _page(request, template, read, wanted), as_read=as_read
        )
    except BadFilter as error:
        raise web.HTTPBadRequest(text=str(error)) from None
    return web.Response(text=html, content_type="text/html")


def _page(request: web.Request, template: str, read: ReadList, wanted: EpisodeFilter) -> str:
    with in_currency(read.currency):
        return rendered(
            request,
            template,
            key=request.match_info["run"],
            wanted=wanted,
            found=read.episodes.rows(wanted),
            read=read,
            columns=view.shown_columns(read.episodes),
            selects=view.selects(read.episodes, wanted),
            chips=view.chips(wanted),
            conditions=wanted.query(offset=0, limit=view.PAGE_ROWS),
            how=view,
        )


ROUTES = (
    web.get("/runs/{run}/episodes", episodes),
    web.get("/runs/{run}/episodes/rows", rows),
    web.get("/runs/{run}/episodes/newer.json", newer_json),
    web.get("/runs/{run}/episodes.json", episodes_json),
)
