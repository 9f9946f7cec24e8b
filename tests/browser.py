"""Pages in a real Chromium that is watched: what goes wrong in a page fails the test that shows it.

The fixtures `page`, `watch` and `look` are in conftest.py. With the environment variable
STUDIO_PICTURES, a folder, each test leaves a picture of what it showed last.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin, urlsplit

import pytest

from tests.serving import ENDED, HOME

if TYPE_CHECKING:
    from playwright.sync_api import (
        Browser,
        BrowserContext,
        ConsoleMessage,
        Dialog,
        Page,
        Request,
        Response,
        WebError,
        expect,
        sync_playwright,
    )
else:
    _playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    expect, sync_playwright = _playwright.expect, _playwright.sync_playwright

__all__ = [
    "DESK",
    "FOREIGN",
    "Look",
    "Watch",
    "chromium",
    "every_look",
    "expect",
    "picture",
    "watched",
]

FOREIGN = "foreign.example"
"""A name that leads here, as a name server of somebody else's could say."""
NAMES = f"MAP {FOREIGN} {HOME}, MAP * ~NOTFOUND, EXCLUDE {HOME}"
ARGUMENTS = ("--no-sandbox", f"--host-resolver-rules={NAMES}")
"""Root has no sandbox; and no other name leads anywhere, whatever a page asks for."""
ICON = "/static/icon.svg"
HEIGHT = 900
PATIENCE_MS = 20_000
"""How long an expectation may take to come true: on a busy machine five seconds are not many."""

expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Look:
    """How a page is looked at.

    Parameters
    ----------
    width : int
        Of the window, in CSS pixels.
    scheme : {"light", "dark"}
        Which colours a person prefers.
    """

    width: int
    scheme: Literal["light", "dark"]

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}"


DESK = Look(1280, "light")
LOOKS = (DESK, Look(1280, "dark"), Look(390, "light"), Look(390, "dark"))
every_look = pytest.mark.parametrize("look", LOOKS, ids=str)
"""Runs a test at the width of a desk and of a telephone, light and dark."""


BREAKS_OFF = """() => {
  const real = window.fetch;
  window.fetch = async () => {
    window.fetch = real;
    return {ok: true, text: async () => { throw new TypeError("network error"); }};
  };
}"""
"""To be evaluated: lets the next answer that a page fetches break off in its middle."""
_UNSENT = re.compile(r"net::ERR_(CONNECTION_\w+|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING)")


class Watch:
    """Writes down what goes wrong in a browser's pages, also in those that open by themselves.

    That is: anything on the console, an error of a script, a request that leaves this machine, a
    dialogue box, and an answer without a strict Content-Security-Policy. What such a policy refuses
    stands on the console. Not counted is what a server did not send that its test has ended: a page
    that still comes, or follows a run, asks until it is closed. Nor is an icon that any closed
    server did not send: Chromium asks for icons when it has nothing else to do.
    """

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self._faults: list[str] = []
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("dialog", self._dialog)
        self.page = context.new_page()

    def faults(self) -> list[str]:
        """Return what went wrong, a line each, and forget it: a test that expects it asks."""
        for page in self._context.pages:
            # What the page said before its answer has arrived with it. `evaluate` waits without an
            # end for a page that hangs, and once a test has failed no time limit ends that.
            expect(page.locator(":root")).to_be_attached(timeout=PATIENCE_MS)
        found, self._faults = self._faults, []
        return found

    def _console(self, message: ConsoleMessage) -> None:
        address = message.location["url"]
        if "ERR_CONNECTION_REFUSED" in message.text and address.endswith(ICON):
            return
        if _UNSENT.search(message.text) and urljoin(address, "/") in ENDED:
            return
        self._faults.append(f"console {message.type}: {message.text} ({address})")

    def _error(self, error: WebError) -> None:
        self._faults.append(f"error: {error.error}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob", "file") and address.hostname != HOME:
            self._faults.append(f"leaves: {request.url}")

    def _response(self, response: Response) -> None:
        policy = response.headers.get("content-security-policy", "")
        strict = policy.startswith("default-src 'none'") and "unsafe" not in policy
        served = response.url.startswith("http") and response.request.is_navigation_request()
        if served and not strict:
            self._faults.append(f"no strict policy: {response.url}")

    def _dialog(self, dialog: Dialog) -> None:
        self._faults.append(f"dialogue: {dialog.message}")
        dialog.dismiss()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium; a test is skipped where there is none.

    While it runs, an event loop of playwright's counts as running in this thread; what runs one
    itself, as `launched` does, needs `tests.sim.runs.beside_a_browser`.
    """
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*ARGUMENTS])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched(browser: Browser, look: Look = DESK, *, scripts: bool = True) -> Iterator[Watch]:
    """Open a window with cookies of its own; fails if something went wrong in it."""
    context = browser.new_context(
        viewport={"width": look.width, "height": HEIGHT},
        color_scheme=look.scheme,
        java_script_enabled=scripts,
    )
    try:
        watch = Watch(context)
        yield watch
        left = watch.faults()
        assert not left, "\n".join(left)
    finally:
        context.close()


def picture(page: Page, name: str) -> None:
    """Take a picture of a whole page, if somebody wants to look."""
    folder = os.environ.get("STUDIO_PICTURES")
    if folder:
        file = Path(folder) / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.png"
        page.screenshot(path=file, full_page=True)
