"""A text in a run's whole log, on a page that is sent as it is found."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup

from retailsim.analysis.listing.episode_filter import MOST_TEXT
from retailsim.analysis.lookup.log_search import SearchHit, searched
from retailsim.events.errors import RetailSimError
from retailsim.sim.error_line import line_and_status
from retailsim.sim.studio.episodes.links import to_episodes
from retailsim.sim.studio.site.pages import fragment, page, rendered
from retailsim.sim.studio.site.studio import STUDIO, Studio

MOST_HITS = 200
PIECE_S = 0.2
"""How long is looked without a break: others want a thread, too, and who asked may have gone."""


async def search(request: web.Request) -> web.StreamResponse:
    """Show where in the log a text stands."""
    key, text = request.match_info["run"], request.query.get("q", "").strip()
    run = request.app[STUDIO].run(key)
    if len(text) > MOST_TEXT:
        raise web.HTTPBadRequest(text=f"q: it is longer than {MOST_TEXT} characters")
    if not text:
        return page(request, "search.html", key=key, text=text, break_="", most=MOST_TEXT)
    break_ = Markup(f"<!-- {secrets.token_hex(16)} -->")
    html = rendered(request, "search.html", key=key, text=text, break_=break_, most=MOST_TEXT)
    head, _, tail = html.partition(break_)
    response = web.StreamResponse()
    response.content_type, response.charset = "text/html", "utf-8"
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    with suppress(ConnectionResetError):  # who asked has gone, or pressed Stop
        await response.write(head.encode())
        async with request.app[STUDIO].until_closing():
            await _send_hits(request, response, Search(run, text))
        await response.write(tail.encode())
    return response


class Search:
    """A search that goes on piece by piece.

    Parameters
    ----------
    run : Path
    text : str
    """

    def __init__(self, run: Path, text: str) -> None:
        self._batches = searched(run, text)
        self.found = 0
        self.ended = ""
        """Why it ended, in a sentence; empty: it has not."""

    def piece(self) -> list[SearchHit]:
        """Look further for a while; returns what was found."""
        until, hits = time.monotonic() + PIECE_S, list[SearchHit]()
        try:
            for some in self._batches:
                hits += some
                if self.found + len(hits) > MOST_HITS:
                    hits = hits[: MOST_HITS - self.found]
                    self.ended = f"These are the first {MOST_HITS}; there are more."
                    break
                if time.monotonic() > until:
                    break
            else:
                self.ended = "That is all." if self.found + len(hits) else "It stands nowhere."
        except RetailSimError as error:
            self.ended = line_and_status(error)[0]
        self.found += len(hits)
        return hits


async def _send_hits(request: web.Request, response: web.StreamResponse, going: Search) -> None:
    studio: Studio = request.app[STUDIO]
    while not going.ended:
        if request.transport is None or request.transport.is_closing():
            return
        hits = await studio.work(going.piece)
        await response.write(fragment("search_hits.html", hits=hits, link=link).encode())
    await response.write(fragment("search_end.html", said=going.ended).encode())


def link(hit: SearchHit) -> str | None:
    """Return what shows a hit: its turn, or the episodes that what was said to all belongs to."""
    if hit.episode is not None:
        turn = "" if hit.seq is None else f"#e{hit.seq}"
        return f"episode?{urlencode({'id': hit.episode})}{turn}"
    whole = {"seller", "product"} <= hit.about.keys()
    return to_episodes(hit.about) if whole else None


ROUTES = (web.get("/runs/{run}/search", search),)
