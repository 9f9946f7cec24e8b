"""Who may look: a server on one's own machine can be reached by every page one has open.

A request needs a Host that is ours, or a foreign name could be made to lead here; must not be sent
by another site's page; and needs the token, once in the link, then as a cookie.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Set
from urllib.parse import urlsplit

from aiohttp import web

from retailsim.sim.studio.site.pages import told
from retailsim.sim.studio.site.studio import STUDIO

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
    refused = refusal(request, studio.hosts)
    if refused is not None:
        return told(request, *refused)
    entering = welcomed(request, studio.token, "studio")
    if entering is not None:
        return entering
    if not known(request, studio.token, "studio") and not is_open(request.path):
        return told(request, 401, "This page needs the link that the program printed.")
    return await handler(request)


def is_open(path: str) -> bool:
    """Whether an address says nothing of anybody's."""
    return path.startswith(_OPEN)


async def with_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add what every answer carries, just before it is sent."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def refusal(request: web.Request, hosts: Set[str]) -> tuple[int, str] | None:
    """Return with which status and words a request is refused, whoever sent it.

    Parameters
    ----------
    hosts : set of str
        Names by which the server may be addressed, whatever the port.
    """
    if _name(request.host) not in hosts | {came_to(request)[0]}:
        return 421, "This server answers to the address that it printed only."
    if _of_another_site(request):
        return 403, "Another site's page asked for this."
    return None


def _of_another_site(request: web.Request) -> bool:
    """Whether this was not asked for by a page of ours or by a person; what changes, by a page."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin")
    # A form of ours says null, since our pages tell no referrer; a browser says whose it is.
    ours = origin in (None, "null") if site == "same-origin" else origin is None
    named = origin is not None and urlsplit(origin).netloc == request.host
    if not ours and not named:
        return True
    if request.method not in _LOOKING:
        # To a server that is neither this machine nor encrypted, browsers say no more than Origin.
        return site != "same-origin" and not (named and "Sec-Fetch-Site" not in request.headers)
    return site not in _SAME and not _followed_link(request)


def _followed_link(request: web.Request) -> bool:
    """Whether a person followed a link to here, as from a report on the disk."""
    asked = request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest")
    return request.method == "GET" and asked == ("navigate", "document")


def welcomed(request: web.Request, token: str, name: str) -> web.Response | None:
    """Return the answer to who brings a token in the link; None to anybody else.

    The token becomes a cookie, and the answer leads to the address without it: it stays in no
    history.

    Parameters
    ----------
    name : str
        What the token opens; part of the cookie's name.
    """
    given = request.query.get("token")
    if given is None or not _same(given, token):
        return None
    clean = request.rel_url.without_query_params("token")
    query = f"?{clean.raw_query_string}" if clean.raw_query_string else ""
    answer = web.Response(status=303, headers={"Location": f"./{clean.raw_name}{query}"})
    # Lax, so that a link in a report opens the page it names; no GET changes anything.
    answer.set_cookie(_cookie(request, name), token, httponly=True, samesite="Lax", path="/")
    return answer


def known(request: web.Request, token: str, name: str) -> bool:
    """Whether a request has the cookie that `welcomed` gave."""
    return _same(request.cookies.get(_cookie(request, name), ""), token)


def _cookie(request: web.Request, name: str) -> str:
    """The cookie's name: cookies are shared by all ports of a machine, so the port is in it."""
    return f"retailsim-{name}-{came_to(request)[1]}"


def came_to(request: web.Request) -> tuple[str, int]:
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
