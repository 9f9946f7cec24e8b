"""What goes wrong in a request, as an answer in words: a page, or whatever an application makes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from retailsim.sim.studio.site.guard import Handler

Answered = Callable[[web.Request, Exception], Awaitable[web.StreamResponse | None]]
"""A request and what went wrong -> the answer; None where it is none, as with a redirection."""


def in_words(answered: Answered) -> Middleware:
    """Return what answers for handlers that fail."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except ConnectionError:  # who asked has gone
            raise
        except Exception as error:
            answer = await answered(request, error)
            if answer is None:
                raise
            return answer

    return middleware
