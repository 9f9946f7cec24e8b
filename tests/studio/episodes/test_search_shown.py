"""A search in a browser can be stopped, and what was found stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from retailsim.analysis.lookup.log_search import SearchHit
from retailsim.sim.studio.episodes import search
from tests.analysis.fakelog import closed, market, opened, write_run
from tests.browser import expect
from tests.studio.server import shown

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


def test_stop_ends_the_search(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (write_run(tmp_path / "a", market("m", closed("e", opened()))) / "run.toml").write_text("")
    ended, hit = Event(), SearchHit(
        market="m", episode="e", seq=1, kind="EpisodeOpened", field="title", before="",
        text="Rye", after=" bread", about={},
    )  # fmt: skip

    def endless(_: Path, __: str) -> Iterator[list[SearchHit]]:
        try:
            yield [hit]
            while True:
                yield []
        finally:
            ended.set()

    monkeypatch.setattr(search, "searched", endless)
    with shown(tmp_path) as link:
        page.goto(link)
        page.goto(f"{page.url}runs/a/search?q=rye", wait_until="commit")
        expect(page.get_by_role("listitem")).to_contain_text("Rye bread")
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_role("button", name="Stop")).to_be_hidden()
        assert ended.wait(60)
        expect(page.get_by_role("listitem")).to_have_count(1)
