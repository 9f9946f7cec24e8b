"""What a form posts, as every page here takes it: in UTF-8, and not for ever."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from multidict import MultiMapping

FORM = "application/x-www-form-urlencoded"
SENT_WITHIN_S = 60.0
"""How long a form may take to come in."""


async def posted_form(request: web.Request) -> MultiMapping[Any]:
    """Return what a form posted.

    Raises
    ------
    HTTPUnsupportedMediaType
        If it is none, or says that it is in another encoding than our pages are: to decode some
        (punycode) takes seconds, in which nobody else is answered.
    HTTPRequestTimeout
        If it takes too long: a trickle of bytes would keep its connection for good.
    HTTPBadRequest
        If it is no UTF-8.
    HTTPRequestEntityTooLarge
        If it is longer than the application takes.
    """
    if request.content_type != FORM or (request.charset or "utf-8").casefold() != "utf-8":
        raise web.HTTPUnsupportedMediaType(text="Only the page's own form is taken here.")
    try:
        async with asyncio.timeout(SENT_WITHIN_S):
            return await request.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="That took too long to come in.") from None
    except ValueError:
        raise web.HTTPBadRequest(text="This could not be read.") from None
