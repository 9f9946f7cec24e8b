"""The form: nothing of others becomes part of the page, and a browser finds it in order."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.analysis.annotation import form
from retailsim.analysis.annotation.answers import read_ratings
from retailsim.analysis.annotation.errors import BadRatings
from retailsim.analysis.annotation.items import RaterSheet
from tests.annotation.exports import HOSTILE, by, hostile_sheet, key_of
from tests.axe import axe
from tests.browser import every_look, expect
from tests.keyboard import tabbed

if TYPE_CHECKING:
    from playwright.sync_api import Page


class Tags(HTMLParser):
    """Counts elements and collects addresses, as a browser would see them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]


def test_hostile_text_stays_text() -> None:
    page = form.page(hostile_sheet())
    found = Tags(page)
    assert "img" not in found.tags
    assert found.tags.count("script") == 2
    assert "<img" not in page


def test_the_form_needs_no_network_and_runs_its_own_script_alone() -> None:
    page = form.page(hostile_sheet())
    assert Tags(page).addresses == []
    assert "http" not in re.sub(r"<meta http-equiv[^>]*>", "", page)
    assert "default-src 'none'" in page
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/]{43}='", page)
    assert "innerHTML" not in page


def test_a_form_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "form.html"
    path.write_text(form.page(hostile_sheet()), encoding="utf-8")
    assert form.read(path) == hostile_sheet()
    path.write_text("<p>something else</p>")
    with pytest.raises(BadRatings, match="so it is not a form of an export"):
        form.read(path)


@given(st.text(max_size=30))
def test_no_cell_begins_like_a_formula_and_every_text_comes_back(text: str) -> None:
    cell = form.plain(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell in (text, f"'{text}")


def test_the_table_has_a_row_an_item_and_holds_formulas_as_text() -> None:
    rows = list(csv.DictReader(io.StringIO(form.table(hostile_sheet()))))
    assert [row["item"] for row in rows] == ["i1", "i2"]
    assert [row["allowed"] for row in rows] == ["1 2 3 4 5", "A B"]
    assert HOSTILE in rows[0]["text_a"]
    assert rows[1]["text_b"].startswith(f"Buyer: ={HOSTILE}")


@pytest.mark.slow
@every_look
def test_a_browser_shows_every_item_and_complains_about_nothing(page: Page, tmp_path: Path) -> None:
    sheet: RaterSheet = hostile_sheet()
    path = tmp_path / "form.html"
    path.write_text(form.page(sheet), encoding="utf-8")
    page.goto(path.as_uri())
    assert page.locator("article").count() == len(sheet.items)
    assert page.locator("img").count() == 0
    assert page.get_by_role("radio").count() == 5 + 2
    expect(page.get_by_role("status")).to_have_text("0 of 2 rated")
    assert axe(page) == []
    assert tabbed(page)


@pytest.mark.slow
def test_what_a_browser_saves_is_what_is_scored(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "form.html"
    path.write_text(form.page(hostile_sheet()), encoding="utf-8")
    page.goto(path.as_uri())
    page.get_by_role("radio", name="4").check()
    page.get_by_role("radio", name="B").check()
    expect(page.get_by_role("status")).to_have_text("2 of 2 rated")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("Please enter your name first.")
    page.get_by_label("Your name").fill("Ann O'Neil")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save", exact=True).click()
    assert download.value.suggested_filename == "ratings-Ann-O-Neil.json"
    saved = tmp_path / "saved.json"
    download.value.save_as(saved)
    key = key_of(("i1", "pitch", None), ("i2", "seller_friendliness", "B"))
    filled = read_ratings(saved, key)
    assert not filled.dirty
    assert filled.ratings == by("Ann O'Neil", {"i1": 4, "i2": "B"})
