"""One conversation: what was said beside its money, its events and what models answered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from retailsim.analysis.conversation.clock import clock
from retailsim.analysis.conversation.outcome import outcome
from retailsim.analysis.conversation.transcript import transcript
from retailsim.analysis.conversation.turns import fields
from retailsim.analysis.projection.loader import load
from retailsim.market.core.money import dollars, nanodollars
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.studio.offers import offers
from retailsim.sim.studio.pages import rendered, told
from retailsim.sim.studio.one_episode import lines_of, read
from retailsim.sim.studio.studio import STUDIO

OWN = ("id", "tab")
"""The keys of the query that are the page's own; all others are the filter it stands in."""
TABS = ("ledger", "events", "product", "calls", "beside")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an episode stands among those of the filter.

    Parameters
    ----------
    number : int or None
        From 1; None where the filter does not hold it.
    total : int
    before, behind : str or None
        The episodes next to it.
    """

    number: int | None
    total: int
    before: str | None
    behind: str | None


async def page(request: web.Request) -> web.Response:
    """Show a conversation."""
    studio, key = request.app[STUDIO], request.match_info["run"]
    html = await studio.work(_html, request, key, studio.run(key))
    if html is None:
        return _unknown(request)
    return web.Response(text=html, content_type="text/html")


async def lines(request: web.Request) -> web.Response:
    """Give the lines of the log that the conversation is made of, as they are."""
    studio, key = request.app[STUDIO], request.match_info["run"]
    found = await studio.work(lines_of, studio.run(key), _episode(request))
    if not found:
        return _unknown(request)
    body = b"".join(line + b"\n" for line in found)
    return _file(body, "application/x-ndjson", "episode.jsonl")


async def text(request: web.Request) -> web.Response:
    """Give the conversation as text."""
    studio, key = request.app[STUDIO], request.match_info["run"]
    found = await studio.work(_text, studio.run(key), _episode(request))
    if found is None:
        return _unknown(request)
    return _file(found.encode(), "text/plain", "conversation.txt")


def _episode(request: web.Request) -> str:
    return request.query.get("id", "")


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


def _text(run: Path, episode: str) -> str | None:
    with in_currency_of(run):
        shown = read(run, episode)
        return None if shown is None else transcript(shown)


def _html(request: web.Request, key: str, run: Path) -> str | None:
    episode = _episode(request)
    with in_currency_of(run):
        shown = read(run, episode)
        if shown is None:
            return None
        wanted = request.query.get("tab", "")
        chosen = [(k, v) for k, v in request.query.items() if k not in OWN]
        return rendered(
            request,
            "conversation.html",
            key=key,
            shown=shown,
            outcome=outcome(shown),
            offers=offers(RunFolder(run), shown),
            place=_place(run, episode),
            lines=f"episode.jsonl?{urlencode({'id': episode})}",
            filter=urlencode(chosen),
            tab=wanted if wanted in TABS else TABS[0],
            clock=clock,
            fields=fields,
            dollars=dollars,
            nanodollars=nanodollars,
        )


def _place(run: Path, episode: str) -> Place:
    names: Sequence[str] = load(run, ("episode",)).episodes["episode"].to_list()
    at = names.index(episode) if episode in names else None
    if at is None:
        return Place(number=None, total=len(names), before=None, behind=None)
    return Place(
        number=at + 1,
        total=len(names),
        before=names[at - 1] if at else None,
        behind=names[at + 1] if at + 1 < len(names) else None,
    )


ROUTES = (
    web.get("/runs/{run}/episode", page),
    web.get("/runs/{run}/episode.jsonl", lines),
    web.get("/runs/{run}/episode.txt", text),
)
