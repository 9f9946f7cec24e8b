"""Another site's page, open in the same browser, sees nothing of the studio."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from retailsim.sim.studio.app import application
from retailsim.sim.studio.site.studio import Studio
from tests.browser import FOREIGN, Watch, expect
from tests.serving import HOME, serving
from tests.studio.server import TOKEN, shown

pytestmark = pytest.mark.slow

ATTEMPTS = {
    "iframe": "<iframe src={studio} onload=document.title='over'></iframe>",
    "image": "<img src={studio}static/icon.svg onerror=document.title='over'>",
    "script": "<script src={studio}static/episodes.js onerror=document.title='over'></script>",
    "form": "<form method=post action={studio}><script>document.forms[0].submit()</script>",
    "fetch": (
        "<script>fetch('{studio}', {{mode: 'no-cors', credentials: 'include'}})"
        ".finally(() => {{ document.title = 'over' }})</script>"
    ),
}
"""What a page tries -> as it is written; it says when it is over."""


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_another_sites_page_is_refused(watch: Watch, tmp_path: Path, attempt: str) -> None:
    """The browser has the cookie, and would send it; but the page comes from another port."""
    answered: list[int] = []

    async def note(request: web.Request, response: web.StreamResponse) -> None:
        if request.headers["Sec-Fetch-Site"] == "same-site":
            answered.append(response.status)

    async def theirs(request: web.Request) -> web.Response:
        html = f"<!DOCTYPE html>{ATTEMPTS[attempt].format(studio=home)}"
        return web.Response(text=html, content_type="text/html")

    studio, other = application(Studio(root=tmp_path, token=TOKEN)), web.Application()
    studio.on_response_prepare.append(note)
    other.router.add_get("/", theirs)
    with serving(studio) as home, serving(other) as address:
        watch.page.goto(f"{home}?token={TOKEN}")
        watch.page.goto(address)
        expect(watch.page).to_have_title("Forbidden · RetailSim" if attempt == "form" else "over")
        assert answered == [403]
        assert watch.faults()


def test_a_foreign_name_for_this_machine_is_refused(watch: Watch, tmp_path: Path) -> None:
    with shown(tmp_path) as link:
        theirs = link.replace(HOME, FOREIGN)
        watch.page.goto(theirs)
        expect(watch.page.get_by_role("heading", level=1)).to_have_text("Misdirected Request")
        assert f"leaves: {theirs}" in watch.faults()
