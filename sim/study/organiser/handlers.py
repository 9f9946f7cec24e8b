"""The organiser's pages: the seats, one seat, the links, and the second question."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment

from retailsim.market.core.money import NANOUSD_PER_CENT, us_dollars
from retailsim.sim.play.progress import ModelUsage
from retailsim.sim.studio.runs_list.run_words import age
from retailsim.sim.studio.site.posted import posted_form
from retailsim.sim.studio.site.small_app import templates_of
from retailsim.sim.studio.site.studio import NotThere
from retailsim.sim.study.links import ROOM
from retailsim.sim.study.links_file import address_of, links_csv
from retailsim.sim.study.organiser import monitor
from retailsim.sim.study.organiser.acts import ACTS, OF_ALL, OF_ONE, Act, NotNow, possible
from retailsim.sim.study.participant import Participant
from retailsim.sim.study.session import SESSION, StudySession

ADDRESS = web.AppKey("address", str)
"""How participants get to their server."""
COUNTED = {
    monitor.WAY: "on the way",
    monitor.AWAY: "no sign for 5 minutes",
    "done": "done",
    "screened out": "screened out",
    "failed": "failed",
    monitor.WITHDREW: "withdrew",
    monitor.FREE: "free",
}
"""Which counts stand on top, and what they are called."""

CHOICES = {one: COUNTED.get(one, one) for one in (monitor.WAY, monitor.AWAY, *monitor.STATES)} | {
    monitor.WITHDREW: COUNTED[monitor.WITHDREW]
}
"""Which seats can be asked for."""


async def seats(request: web.Request) -> web.Response:
    """Show how all seats stand."""
    session, at = request.app[SESSION], monitor.now()
    wanted = monitor.asked(request.query)
    return _page(
        request,
        "seats.html",
        wanted=wanted,
        found=monitor.standing(session, wanted, at),
        balance=monitor.balance(session),
        room=address_of(session, request.app[ADDRESS], ROOM),
        acts=possible(OF_ALL, session),
        models=spent(session.usage),
        at=at,
    )


async def seat(request: web.Request) -> web.Response:
    """Show what is known of one seat."""
    session, at = request.app[SESSION], monitor.now()
    name = _seat(session, request.query.get("id", ""))
    row = next(one for one in monitor.rows(session, at) if one.seat == name)
    one = session.register.participant(name)
    return _page(
        request,
        "seat.html",
        row=row,
        one=one,
        plan=session.plan[name],
        kind=monitor.kind_of(session).capitalize(),
        question=session.question(name),
        link=address_of(session, request.app[ADDRESS], name),
        acts=possible(OF_ONE, session, one),
        at=at,
    )


async def links(request: web.Request) -> web.Response:
    """Show the links of seats, a page at a time."""
    session, base = request.app[SESSION], request.app[ADDRESS]
    wanted = monitor.asked(request.query)
    found = monitor.standing(session, wanted, monitor.now())
    return _page(
        request,
        "links.html",
        wanted=wanted,
        found=found,
        room=address_of(session, base, ROOM),
        links={one.seat: address_of(session, base, one.seat) for one in found.rows},
    )


async def links_file(request: web.Request) -> web.Response:
    """Give all links as a CSV file."""
    text = links_csv(request.app[SESSION], request.app[ADDRESS])
    return web.Response(
        text=text,
        content_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="links.csv"'},
    )


async def sure(request: web.Request) -> web.Response:
    """Ask the second question."""
    session = request.app[SESSION]
    act, one = _asked_for(session, request.query.get("do", ""), request.query.get("seat", ""))
    return _page(request, "sure.html", act=act, one=one, then=act.then(session, one))


async def do(request: web.Request) -> web.Response:
    """Do it."""
    session, posted = request.app[SESSION], await posted_form(request)
    act, one = _asked_for(session, str(posted.get("do", "")), str(posted.get("seat", "")))
    act.do(session, one)
    raise web.HTTPSeeOther(f"./seat?{urlencode({'id': one.seat})}" if one else "./")


def _asked_for(session: StudySession, name: str, seat: str) -> tuple[Act, Participant | None]:
    """Return what shall be done to whom, if it can be now."""
    act, one = ACTS.get(name), None
    if act is None:
        raise NotThere(text="There is no such thing to do.")
    if name in OF_ONE:
        one = session.register.participant(_seat(session, seat))
    if not act.fits(session, one):
        raise NotNow(text=f"“{act.label}” cannot be done now; perhaps it was done already.")
    return act, one


def _seat(session: StudySession, name: str) -> str:
    if name not in session.plan:
        raise NotThere(text="This study has no such seat.")
    return name


def spent(usage: ModelUsage | None) -> str:
    """Say what language models were asked in this session; empty where none take part."""
    if usage is None:
        return ""
    cost = "price unknown"
    if usage.nanousd is not None:
        cost = us_dollars(usage.nanousd / NANOUSD_PER_CENT)
    return f"{cost}, {usage.calls:,} {'call' if usage.calls == 1 else 'calls'}"


def _page(request: web.Request, template: str, **values: Any) -> web.Response:
    session = request.app[SESSION]
    html = rendered(template, session=session, **values)
    return web.Response(text=html, content_type="text/html")


def rendered(template: str, **values: Any) -> str:
    """Return a page as HTML; all of its addresses are beside one another."""
    html = _environment().get_template(template).render(root="./", **values)
    # What came in a link may hold halves of characters, which cannot be sent.
    return html.encode(errors="backslashreplace").decode()


def ago(then: str, at: datetime) -> str:
    """Say how long ago something was that is kept as ISO 8601; empty if it never was."""
    if not then:
        return ""
    began = datetime.fromisoformat(then)
    return age(at - began, began)


def minute(then: str) -> str:
    """Write a time that is kept as ISO 8601."""
    return f"{datetime.fromisoformat(then):%Y-%m-%d %H:%M:%S} UTC" if then else ""


def query(wanted: monitor.Asked, **changed: Any) -> str:
    """Return the query of an address that asks for other seats."""
    values = {"state": wanted.state, "text": wanted.text, "sort": wanted.sort, **changed}
    left = {name: one for name, one in values.items() if one and (name, one) != ("sort", "seat")}
    return f"?{urlencode(left)}" if left else "./"


@cache
def _environment() -> Environment:
    return templates_of(
        "retailsim.sim.study.organiser",
        "retailsim.sim.studio",
        ago=ago,
        minute=minute,
        query=query,
        COUNTED=COUNTED,
        CHOICES=CHOICES,
        SORTS=monitor.SORTS,
        PAGE=monitor.PAGE,
    )


ROUTES = (
    web.get("/", seats),
    web.get("/seat", seat),
    web.get("/links", links),
    web.get("/links.csv", links_file),
    web.get("/sure", sure),
    web.post("/do", do),
)
