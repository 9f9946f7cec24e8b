"""What a rater's pages are asked for: where one stands, an item, a rating, a step back."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from aiohttp import web
from jinja2 import Environment

from retailsim.analysis.annotation.tasks import STARS
from retailsim.sim.rate_page.desk import Card, Desk
from retailsim.sim.rate_page.errors import RatingRefused
from retailsim.sim.rate_page.ratings import RATINGS
from retailsim.sim.studio.site.posted import posted_form
from retailsim.sim.studio.site.small_app import templates_of

_WHOLE = re.compile(r"[0-9]{1,9}")
_FEW = 12
"""So many open items are named one by one."""
TAKEN_BACK = "undone"
"""What the address of a page says that is shown because a rating was taken back."""


async def begin(request: web.Request) -> web.Response:
    """Show what is to be done, and where one stands."""
    desk = _desk(request)
    left = desk.open
    few = left if len(left) <= _FEW and desk.rated else ()
    return _page("begin.html", desk=desk, next=desk.next_open(), few=few)


async def item(request: web.Request) -> web.Response:
    """Show an item."""
    desk, number = _desk(request), _number(request)
    note = ""
    if request.query.get("note") == TAKEN_BACK:
        note = "Your rating of this item was taken back."
    return _shown(desk, desk.look(number), note=note)


async def rate(request: web.Request) -> web.Response:
    """Keep a rating or a flag; the browser is answered once it is on the disk."""
    desk, number = _desk(request), _number(request)
    posted = await _posted(request)
    if "flag" in posted:
        desk.flag(number, flag=posted["flag"] == "yes")
        raise web.HTTPSeeOther(f"./{number}")
    try:
        desk.rate(number, posted.get("rating", ""), posted.get("seen", ""), _seconds(posted))
    except RatingRefused as error:
        return _shown(desk, desk.card(number), status=error.status, problem=str(error))
    following = desk.next_open(number)
    raise web.HTTPSeeOther("./" if following is None else f"./{following}")


async def undo(request: web.Request) -> web.Response:
    """Take back the latest rating, and show its item."""
    desk = _desk(request)
    line = (await _posted(request)).get("latest", "")
    number = desk.take_back(int(line) if _WHOLE.fullmatch(line) else 0)
    raise web.HTTPSeeOther(f"./{number}?note={TAKEN_BACK}")


async def closed(request: web.Request) -> web.Response:
    """Lead on from an address whose last slash was left out."""
    raise web.HTTPSeeOther(f"./{request.match_info['rater']}/")


def _desk(request: web.Request) -> Desk:
    # The guard has let nobody through but this rater.
    return request.app[RATINGS].desks[int(request.match_info["rater"]) - 1]


def _number(request: web.Request) -> int:
    return int(request.match_info["item"])


async def _posted(request: web.Request) -> dict[str, str]:
    posted = await posted_form(request)
    return {name: value for name, value in posted.items() if isinstance(value, str)}


def _seconds(posted: dict[str, str]) -> float | None:
    """Return what the page measured; without scripts it measures nothing."""
    told = posted.get("visible_ms", "")
    return int(told) / 1000 if _WHOLE.fullmatch(told) else None


def _shown(
    desk: Desk, card: Card, *, status: int = 200, note: str = "", problem: str = ""
) -> web.Response:
    return _page(
        "item.html",
        status=status,
        desk=desk,
        card=card,
        choices=_choices(card),
        undo=desk.undo,
        note=note,
        problem=problem,
    )


def _choices(card: Card) -> list[tuple[str, str]]:
    """Return what can be said of an item, each with its words."""
    if card.task.kind == "pair":
        return [("A", "Text A"), ("B", "Text B")]
    return [(str(number), words) for number, words in enumerate(STARS, 1)]


def _page(template: str, *, status: int = 200, **values: Any) -> web.Response:
    html = rendered(template, root="../../", **values)
    return web.Response(text=html, status=status, content_type="text/html")


def rendered(template: str, *, root: str, **values: Any) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    root : str
        From the page's address to the root.
    """
    html = _environment().get_template(template).render(root=root, **values)
    # Halves of characters, as some texts have them, cannot be sent.
    return html.encode(errors="backslashreplace").decode()


@cache
def _environment() -> Environment:
    return templates_of("retailsim.sim.rate_page", "retailsim.sim.studio")


ROUTES = (
    web.get("/rate/{rater:[0-9]{1,6}}", closed),
    web.get("/rate/{rater:[0-9]{1,6}}/", begin),
    web.get("/rate/{rater:[0-9]{1,6}}/{item:[0-9]{1,6}}", item),
    web.post("/rate/{rater:[0-9]{1,6}}/{item:[0-9]{1,6}}", rate),
    web.post("/rate/{rater:[0-9]{1,6}}/undo", undo),
)
