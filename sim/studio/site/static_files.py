"""Files that pages are drawn with, sent from memory.

aiohttp's own way of sending a file opens it in a thread: a browser that leaves meanwhile leaves an
open file behind. These are few and small.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from aiohttp import web

from retailsim.sim.studio.site.guard import Handler

STUDIOS = Path(__file__).parent.parent / "static"
SHARED = ("studio.css", "icon.svg")
"""Files of the studio that every page is drawn with."""
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""Content types, by the end of a file's name."""


def add_static(app: web.Application, folder: Path) -> None:
    """Serve a folder's files, and what pages share, under /static/; the folder's have precedence.

    Raises
    ------
    KeyError
        A file is of no kind that pages are drawn with.
    """
    shared = [STUDIOS / name for name in SHARED]
    named = {file.name: file for file in (*shared, *folder.iterdir())}
    for name, file in named.items():
        app.router.add_get(f"/static/{name}", _sent(content(file), KINDS[file.suffix]))


def _sent(body: bytes, kind: str) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=kind, charset="utf-8")

    return answer


@cache
def content(file: Path) -> bytes:
    """Return what stands in a file of this program's, read once."""
    return file.read_bytes()
