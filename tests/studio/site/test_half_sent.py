"""A page that fails when a part of it was sent ends there, and no second answer follows."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import anyio
import pytest
from aiohttp import web

from retailsim.sim.studio.app import application
from retailsim.sim.studio.site.guard import HEALTH
from retailsim.sim.studio.site.studio import Studio
from tests.serving import serving


@pytest.mark.parametrize(
    ("kind", "told"), [("text/html", b"This page ends here: no &lt;b&gt;"), ("text/plain", b"")]
)
def test_what_was_begun_is_not_answered_twice(tmp_path: Path, kind: str, told: bytes) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_type = kind
        await response.prepare(request)
        await response.write(b"first")
        raise web.HTTPConflict(text="no <b>")

    app = application(Studio(root=tmp_path, token="a"))
    app.router.add_get("/static/half", half)
    with serving(app) as address:
        sent = anyio.run(_everything, address, "/static/half")
        whole = anyio.run(_everything, address, HEALTH)
    assert b"first" in sent
    assert told in sent
    assert sent.count(b"HTTP/1.1 ") == 1
    assert b"409" not in sent
    assert not sent.endswith(b"0\r\n\r\n")  # a browser sees that something is missing
    assert whole.startswith(b"HTTP/1.1 200 ")


async def _everything(address: str, path: str) -> bytes:
    """Return all bytes of an answer, until the connection is closed."""
    where = urlsplit(address)
    got = b""
    async with await anyio.connect_tcp(str(where.hostname), int(where.port or 0)) as stream:
        await stream.send(
            f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: close\r\n\r\n".encode()
        )
        async for piece in stream:
            got += piece
    return got
