"""The harness of pages finds what it is there to find: each fault is planted in a page."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

import tests.browser as browser_module
from tests.axe import axe
from tests.browser import Watch, every_look, watched
from tests.keyboard import tabbed
from tests.serving import HOME, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'"
FRAME = (
    "<!DOCTYPE html><html lang=en><title>A page</title><link rel=icon href=/icon.svg>"
    "<link rel=stylesheet href=/page.css><main><h1>A page</h1>{}</main>"
)
STYLE = "body { color: black; background: white } .unmarked:focus { outline: none }"
CLEAN = (
    "<p>Words, and <a href='#end'>a link</a>.</p><details><summary>More</summary>Of it.</details>"
)

PAGES = {
    "clean": CLEAN,
    "inline script": "<script>document.title = 'changed'</script>",
    "inline style": "<p style='color: red'>Red</p>",
    "said": "<script src=/said.js></script>",
    "error": "<script src=/error.js></script>",
    "box": "<script src=/box.js></script>",
    "missing": "<img src=/nowhere.png alt=Nothing>",
    "image of others": "<img src=http://elsewhere.example/one.png alt=Theirs>",
    "no label": "<input type=text>",
    "unmarked": "<a class=unmarked href='#end'>a link</a>",
    "unreached": "<a tabindex=5 href='#end'>a link</a><script src=/trap.js></script>",
}
FAULTS = {
    "inline-script": "console error: Executing inline script violates",
    "inline-style": "console error: Applying inline style violates",
    "said": "console log: a word",
    "error": "error: nobody is not defined",
    "box": "dialogue: a box",
    "missing": "console error: Failed to load resource: the server responded with a status of 404",
    "image-of-others": "console error: Loading the image 'http://elsewhere.example",
    "image-of-others?open": "leaves: http://elsewhere.example/one.png",
    "clean?open": "no strict policy: ",
}
"""What is asked for -> how the line begins that the watch writes about it."""

FILES = {
    "/icon.svg": ("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "/page.css": ("text/css", STYLE),
    "/said.js": ("text/javascript", "console.log('a word')"),
    "/error.js": ("text/javascript", "nobody.knows()"),
    "/box.js": ("text/javascript", "alert('a box')"),
    "/trap.js": (
        "text/javascript",
        "addEventListener('keydown', event => event.key === 'Tab' && event.preventDefault())",
    ),
}


async def answer(request: web.Request) -> web.Response:
    """Answer with the page or the file that was asked for, under a strict policy or under none."""
    name = request.match_info["name"].replace("-", " ")
    if f"/{name}" in FILES:
        kind, text = FILES[f"/{name}"]
        return web.Response(text=text, content_type=kind)
    if name not in PAGES:
        raise web.HTTPNotFound
    headers = {} if "open" in request.query else {"Content-Security-Policy": POLICY}
    return web.Response(text=FRAME.format(PAGES[name]), content_type="text/html", headers=headers)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    application = web.Application()
    application.router.add_get("/{name}", answer)
    with serving(application) as address:
        yield address


@every_look
def test_a_clean_page_passes_and_is_seen_as_asked_for(page: Page, site: str, look: object) -> None:
    page.goto(f"{site}clean")
    assert axe(page) == []
    assert tabbed(page) == ["a link", "More"]
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert str(look) == f"{page.evaluate('innerWidth')}-{'dark' if dark else 'light'}"


@pytest.mark.parametrize("name", FAULTS)
def test_what_goes_wrong_is_found(page: Page, watch: Watch, site: str, name: str) -> None:
    page.goto(site + name)
    found = watch.faults()
    assert any(one.startswith(FAULTS[name]) for one in found), found
    assert watch.faults() == [], "asked for, and forgotten"


def test_what_nobody_asks_for_fails_the_test(browser: Browser, site: str) -> None:
    with pytest.raises(AssertionError, match="console log: a word"), watched(browser) as watch:
        watch.page.goto(f"{site}said")


def test_an_icon_that_a_closed_server_did_not_send_is_no_fault(page: Page, watch: Watch) -> None:
    """Any other file that is missing then is one."""
    with socket.create_server((HOME, 0)) as held:
        port = held.getsockname()[1]
    for name in ("icon.svg", "page.js"):
        page.evaluate(
            "url => fetch(url, {mode: 'no-cors'}).catch(() => {})",
            f"http://{HOME}:{port}/static/{name}",
        )
    [found] = watch.faults()
    assert "ERR_CONNECTION_REFUSED" in found and found.endswith("/static/page.js)")


def test_what_a_server_that_its_test_has_ended_does_not_send_is_no_fault(
    page: Page, watch: Watch
) -> None:
    ask = "url => fetch(url, {mode: 'no-cors'}).catch(() => {})"
    with serving(web.Application()) as address:
        page.evaluate(ask, f"{address}page.js")
        [found] = watch.faults()
        assert "404" in found
    page.evaluate(ask, f"{address}page.js")
    assert watch.faults() == []


def test_a_page_that_hangs_fails_the_test_and_is_not_waited_for_without_an_end(
    page: Page, watch: Watch, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_module, "PATIENCE_MS", 500)
    page.route("**/never", lambda route: None)
    page.goto(f"{site}clean")
    page.evaluate("location.assign('never')")
    with pytest.raises(AssertionError, match="navigation to finish"):
        watch.faults()
    page.goto(f"{site}clean")
    assert watch.faults() == []


def test_what_keeps_people_out_is_found(page: Page, site: str) -> None:
    page.goto(f"{site}no-label")
    assert [one.partition(":")[0] for one in axe(page)] == ["label"]
    page.goto(f"{site}unmarked")
    with pytest.raises(AssertionError, match="the focus cannot be seen on <a class"):
        tabbed(page)
    page.goto(f"{site}unreached")
    with pytest.raises(AssertionError, match=r"Tab does not reach .*a link"):
        tabbed(page)
