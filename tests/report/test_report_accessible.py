"""A report can be used without eyes and without a mouse."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.axe import axe
from tests.browser import every_look
from tests.keyboard import tabbed
from tests.sim.runs import SMALL, launched, sim

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("accessible")
    launched(folder / "run", *SMALL)
    assert sim("report", folder / "run", "-o", folder / "report.html").exit_code == 0
    return (folder / "report.html").read_text(encoding="utf-8")


class Faults(HTMLParser):
    """Finds what a keyboard cannot scroll, and what has no name."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        scrolls = told.get("class") == "scroll" or tag == "pre"
        if scrolls and not (told.get("tabindex") == "0" and told.get("aria-label")):
            self.found.append(f"{tag} cannot be scrolled by keyboard")
        if told.get("role") == "img" and not told.get("aria-label"):
            self.found.append(f"{tag} has no name")
        if tag == "svg" and told.get("aria-hidden") != "true":
            self.found.append("svg has no name")
        self._heading = tag == "th"

    def handle_endtag(self, tag: str) -> None:
        if tag == "th" and self._heading:  # nothing stood between
            self.found.append("an empty heading")
        self._heading = False

    def handle_data(self, data: str) -> None:
        self._heading = self._heading and not data.strip()


def faults(page: str) -> list[str]:
    reader = Faults()
    reader.feed(page)
    return reader.found


@pytest.mark.slow
def test_charts_have_names_tables_scroll_by_keyboard_and_no_heading_is_empty(report: str) -> None:
    assert faults(report) == []
    for planted in (
        '<div class="scroll">',
        '<th scope="col"></th>',
        '<div role="img"></div>',
        "<svg></svg>",
        "<pre></pre>",
    ):
        assert len(faults(f"<main>{planted}</main>")) == 1, planted


@every_look
@pytest.mark.slow
def test_axe_finds_nothing_and_nothing_is_refused(page: Page, report: str, tmp_path: Path) -> None:
    """As it is sent around: with its own policy in force."""
    (tmp_path / "report.html").write_text(report, encoding="utf-8")
    page.goto((tmp_path / "report.html").as_uri())
    assert axe(page) == []
    assert len(tabbed(page)) > 10


@pytest.mark.slow
def test_one_command_makes_a_run_and_its_report(tmp_path: Path) -> None:
    done = sim("launch", *SMALL, "--out", tmp_path / "run", "--report", "--json")
    assert done.exit_code == 0, done.stderr
    made = tmp_path / "run" / "derived" / "report.html"
    assert f"report: {made}" in done.stderr
    assert "<h2>Findings</h2>" in made.read_text(encoding="utf-8")
    launched(tmp_path / "other", *SMALL)
    assert not (tmp_path / "other" / "derived" / "report.html").exists()
