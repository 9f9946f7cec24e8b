"""The application: its pages by address, and what wraps them all."""

from __future__ import annotations

from contextlib import suppress

from aiohttp import web

from retailsim.sim.studio.compare import page as compare
from retailsim.sim.studio.compare import twins
from retailsim.sim.studio.episodes import conversation, open_markets, search
from retailsim.sim.studio.episodes import page as episodes
from retailsim.sim.studio.episodes.lists import LISTS, Lists
from retailsim.sim.studio.overview import live
from retailsim.sim.studio.overview import page as overview
from retailsim.sim.studio.overview.chapters import OVERVIEWS, Overviews
from retailsim.sim.studio.overview.live import STREAMS, Streams
from retailsim.sim.studio.overview.watch import WATCHES, Watches
from retailsim.sim.studio.runs_list import runs_page, studies
from retailsim.sim.studio.site.guard import guard, with_headers
from retailsim.sim.studio.site.in_words import in_words
from retailsim.sim.studio.site.pages import fragment, told
from retailsim.sim.studio.site.static_files import STUDIOS, add_static
from retailsim.sim.studio.site.studio import STUDIO, Studio
from retailsim.sim.studio.site.words import prepare, status_and_words

MOST_BYTES = 64 << 10
"""Of what is sent to it."""
PAGES = (
    compare,
    conversation,
    episodes,
    live,
    open_markets,
    overview,
    runs_page,
    search,
    studies,
    twins,
)
"""The modules with pages; each has its `ROUTES`."""

_BEGUN = web.RequestKey("begun", web.StreamResponse)
"""Where a request has the answer that is being sent."""


def application(studio: Studio) -> web.Application:
    """Return the application of a studio, to be served."""
    app = web.Application(middlewares=[in_words(_page_of), guard], client_max_size=MOST_BYTES)
    app[STUDIO] = studio
    app[LISTS] = Lists()
    app[OVERVIEWS] = Overviews()
    app[STREAMS] = Streams()
    app[WATCHES] = Watches()
    app.on_response_prepare.extend((with_headers, _note_begun))
    prepare(app)
    add_static(app, STUDIOS)
    app.add_routes([web.get(f"/{kind}/{{key}}", _closed) for kind in ("runs", "studies")])
    for module in PAGES:
        app.add_routes(module.ROUTES)
    return app


async def _page_of(request: web.Request, error: Exception) -> web.StreamResponse | None:
    """Say what went wrong as a page: a run that is damaged, an address that leads nowhere."""
    status, said = status_and_words(request, error)
    if status < 400:
        return None
    begun = request.get(_BEGUN)
    return told(request, status, said) if begun is None else await _cut(request, begun, said)


async def _note_begun(request: web.Request, response: web.StreamResponse) -> None:
    request[_BEGUN] = response


async def _cut(request: web.Request, begun: web.StreamResponse, said: str) -> web.StreamResponse:
    """End an answer that is half sent: no other can follow it, and it must not look whole."""
    with suppress(ConnectionError):
        if begun.content_type == "text/html":
            await begun.write(fragment("cut.html", said=said).encode())
    if request.transport is not None:
        request.transport.close()
    return begun


async def _closed(request: web.Request) -> web.Response:
    """Lead on from an address whose last slash was left out."""
    here = request.rel_url
    query = f"?{here.raw_query_string}" if here.raw_query_string else ""
    return web.Response(status=303, headers={"Location": f"./{here.raw_name}/{query}"})
