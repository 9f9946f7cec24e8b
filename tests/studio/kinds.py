"""The kinds of pages that a studio has, found by following its links."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Page

LINKS = """() => [...document.querySelectorAll("a[href]:not([download])")]
    .map(one => one.href.split("#")[0])"""
FILE = re.compile(r"\.[a-z]+\??$")
"""What a browser saves."""


def kind(url: str) -> str:
    """Return what an address is of: its path without the run's name, and whether more is asked."""
    address = urlsplit(url)
    return re.sub("/runs/[^/]+/", "/runs/…/", address.path) + ("?" if address.query else "")


def each_kind(page: Page, link: str, *also: str) -> Iterator[str]:
    """Show a page of each kind, and yield its kind while it is shown.

    The first that is found stands for all of its kind; `also` are addresses that forms lead to.
    """
    page.goto(link)
    home = page.url
    waiting = deque([home, *(home + one for one in also)])
    found = {kind(one) for one in waiting}
    while waiting:
        page.goto(waiting.popleft())
        links: list[str] = page.evaluate(LINKS)
        yield kind(page.url)
        for one in links:
            if one.startswith(home) and kind(one) not in found and not FILE.search(kind(one)):
                found.add(kind(one))
                waiting.append(one)
