"""One conversation: what was said beside its money, its events and what models answered."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web

from retailsim.analysis.conversation.clock import clock
from retailsim.analysis.conversation.conversation import Conversation
from retailsim.analysis.conversation.outcome import outcome
from retailsim.analysis.conversation.transcript import transcript
from retailsim.analysis.conversation.turns import fields
from retailsim.analysis.listing.episode_filter import EpisodeFilter, filter_of
from retailsim.analysis.listing.errors import BadFilter
from retailsim.analysis.listing.listing import Neighbours
from retailsim.market.core.money import dollars, nanodollars
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.studio.episodes.asked import asked_for
from retailsim.sim.studio.episodes.episodes_view import PAGE_ROWS
from retailsim.sim.studio.episodes.lists import neighbours
from retailsim.sim.studio.episodes.offers import named, offers
from retailsim.sim.studio.episodes.one_episode import lines_of, read
from retailsim.sim.studio.site.pages import rendered, told
from retailsim.sim.studio.site.studio import STUDIO

OWN = ("id", "market", "tab", "prompts")
"""The keys of the query that are the page's own; all others are the filter it stands in."""
TABS = ("ledger", "events", "product", "calls", "beside")


async def page(request: web.Request) -> web.Response:
    """Show a conversation, where it stands in the filter of the address."""
    studio, key = request.app[STUDIO], request.match_info["run"]
    try:
        wanted = filter_of(
            (name, value) for name, value in request.query.items() if name not in OWN
        )
    except BadFilter as error:
        raise web.HTTPBadRequest(text=str(error)) from None
    place = await neighbours(request, wanted, _named(request)[0])
    html = await studio.work(_html, request, studio.run(key), wanted, place)
    if html is None:
        return _unknown(request)
    return web.Response(text=html, content_type="text/html")


async def lines(request: web.Request) -> web.Response:
    """Give the lines of the log that the conversation is made of, as they are."""
    studio, key = request.app[STUDIO], request.match_info["run"]
    found = await studio.work(lines_of, studio.run(key), *_named(request))
    if not found:
        return _unknown(request)
    body = b"".join(line + b"\n" for line in found)
    return _file(body, "application/x-ndjson", "episode.jsonl")


async def text(request: web.Request) -> web.Response:
    """Give the conversation as text."""
    studio, key = request.app[STUDIO], request.match_info["run"]
    found = await studio.work(_text, studio.run(key), *_named(request))
    if found is None:
        return _unknown(request)
    return _file(found.encode(), "text/plain", "conversation.txt")


def _named(request: web.Request) -> tuple[str, str]:
    """Which episode is asked for, and in which market if the address says so."""
    return request.query.get("id", ""), request.query.get("market", "")


def _unknown(request: web.Request) -> web.Response:
    return told(
        request,
        404,
        "The log of this run has no episode of this name. One of a market that is still open "
        "stands in it when the market ends.",
    )


def _file(body: bytes, kind: str, name: str) -> web.Response:
    attached = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=attached)


def _text(run: Path, episode: str, market: str) -> str | None:
    with in_currency_of(run):
        shown = read(run, episode, market)
        return None if shown is None else transcript(shown)


def _html(request: web.Request, run: Path, wanted: EpisodeFilter, place: Neighbours) -> str | None:
    own = {name: value for name in OWN[:2] if (value := request.query.get(name))}
    with in_currency_of(run):
        shown = read(run, *_named(request))
        if shown is None:
            return None
        products = offers(RunFolder(run), shown)
        return rendered(
            request,
            "conversation.html",
            key=request.match_info["run"],
            shown=shown,
            outcome=outcome(shown),
            offers=products,
            named=named(shown, products),
            place=place,
            asked=asked_for(run, shown) if "prompts" in request.query else None,
            filter=wanted.query(offset=0, limit=PAGE_ROWS),
            filtered=bool(wanted.conditions),
            own=urlencode(own),
            lines=f"episode.jsonl?{urlencode(own)}",
            tab=_tab(request, shown),
            clock=clock,
            fields=fields,
            dollars=dollars,
            nanodollars=nanodollars,
        )


def _tab(request: web.Request, shown: Conversation) -> str:
    """The tab that is open: of a conversation without events, the one that has anything."""
    asked = request.query.get("tab", "")
    return asked if asked in TABS else TABS[0] if shown.events else "calls"


ROUTES = (
    web.get("/runs/{run}/episode", page),
    web.get("/runs/{run}/episode.jsonl", lines),
    web.get("/runs/{run}/episode.txt", text),
)
