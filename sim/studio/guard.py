"""Who may look: a server on one's own machine can be reached by every page one has open.

A request needs a Host that is ours, or a foreign name could be made to lead here; must not be sent
by another site's page; and needs the token, once in the link, then as a cookie.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from retailsim.sim.studio.pages import told
from retailsim.sim.studio.studio import STUDIO, Studio

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_SAME = frozenset({"same-origin", "none"})
_LOOKING = frozenset({"GET", "HEAD"})
HEALTH = "/healthz"
_OPEN = (HEALTH, "/static/")
"""What says nothing of anybody's runs."""


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through, or answer why not."""
    studio = request.app[STUDIO]
    refused = _refusal(request, studio)
    if refused is not None:
        return refused
    given = request.query.get("token")
    if given is not None and _same(given, studio.token):
        return _welcomed(request, studio)
    known = _same(request.cookies.get(_cookie(request), ""), studio.token)
    if not known and not request.path.startswith(_OPEN):
        return told(request, 401, "This page needs the link that the program printed.")
    return await handler(request)


async def with_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add what every answer carries, just before it is sent."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def _refusal(request: web.Request, studio: Studio) -> web.Response | None:
    if _name(request.host) not in studio.hosts | {_came_to(request)[0]}:
        return told(request, 421, "This server answers to the address that it printed only.")
    if _of_another_site(request):
        return told(request, 403, "Another site's page asked for this.")
    return None


def _of_another_site(request: web.Request) -> bool:
    """Whether this was not asked for by a page of ours or by a person; what changes, by a page."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin")
    # A form of ours says null, since our pages tell no referrer; a browser says whose it is.
    ours = origin in (None, "null") if site == "same-origin" else origin is None
    if not ours and urlsplit(origin or "").netloc != request.host:
        return True
    if request.method not in _LOOKING:
        return site != "same-origin"
    return site not in _SAME and not _followed_link(request)


def _followed_link(request: web.Request) -> bool:
    """Whether a person followed a link to here, as from a report on the disk."""
    asked = request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest")
    return request.method == "GET" and asked == ("navigate", "document")


def _welcomed(request: web.Request, studio: Studio) -> web.Response:
    """Keep the token as a cookie, and lead to the address without it: it stays in no history."""
    clean = request.rel_url.without_query_params("token")
    query = f"?{clean.raw_query_string}" if clean.raw_query_string else ""
    answer = web.Response(status=303, headers={"Location": f"./{clean.raw_name}{query}"})
    # Lax, so that a link in a report opens the page it names; no GET changes anything.
    answer.set_cookie(_cookie(request), studio.token, httponly=True, samesite="Lax", path="/")
    return answer


def _cookie(request: web.Request) -> str:
    """The cookie's name: cookies are shared by all ports of a machine, so the port is in it."""
    return f"retailsim-studio-{_came_to(request)[1]}"


def _came_to(request: web.Request) -> tuple[str, int]:
    """The address and port of this machine that a request came to: no name can be made to be it."""
    found = request.transport.get_extra_info("sockname") if request.transport else None
    return (str(found[0]), int(found[1])) if found else ("", 0)


def _name(host: str) -> str:
    """The name in a Host header, without its port: a tunnel has another one."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _same(given: str, token: str) -> bool:
    return secrets.compare_digest(given.encode(), token.encode())
