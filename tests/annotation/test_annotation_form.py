"""The form: nothing of others becomes part of the page, and a browser finds it in order."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from base64 import b64encode
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.analysis.annotation import form
from retailsim.analysis.annotation.answers import read_ratings
from retailsim.analysis.annotation.errors import BadRatings
from retailsim.analysis.annotation.items import RaterSheet
from tests.annotation.exports import HOSTILE, by, hostile_sheet, key_of


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


def chromium(page: Path, profile: Path, width: int) -> subprocess.CompletedProcess[str]:
    quiet = ("--disable-background-networking", "--disable-component-update", "--disable-sync")
    return subprocess.run(
        [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu", *quiet),
            *(f"--user-data-dir={profile}", f"--window-size={width},2000"),
            *("--enable-logging=stderr", "--v=0", "--dump-dom", page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
@pytest.mark.parametrize("width", [1100, 390])
def test_a_browser_shows_every_item_and_complains_about_nothing(width: int, tmp_path: Path) -> None:
    sheet: RaterSheet = hostile_sheet()
    path = tmp_path / "form.html"
    path.write_text(form.page(sheet), encoding="utf-8")
    shown = chromium(path, tmp_path / "profile", width)
    assert shown.returncode == 0
    assert "CONSOLE" not in shown.stderr
    found = Tags(shown.stdout)
    assert found.tags.count("article") == len(sheet.items)
    assert "img" not in found.tags
    assert shown.stdout.count('type="radio"') == 5 + 2
    assert "0 of 2 rated" in shown.stdout


RATER = """
document.querySelectorAll("article")[0].querySelectorAll("input")[3].click();
document.querySelectorAll("article")[1].querySelectorAll("input")[1].click();
at("save").click();
const asked = at("message").textContent;
window.Blob = class extends Blob {  // at once, so that nobody has to wait for a promise
  constructor(parts, options) {
    super(parts, options);
    document.body.append(element("pre", parts.join("")), element("p", asked));
  }
};
URL.createObjectURL = () => "blob:none";
HTMLAnchorElement.prototype.click = function () { document.title = this.download; };
at("name").value = "Ann O'Neil";
at("save").click();
"""


def by_hand(page: str, acts: str) -> str:
    """The page with a rater in its script, who may act for the digest says so."""
    script = page[page.index("<script>") + 8 : page.rindex("</script>")]
    old, new = (b64encode(sha256(s.encode()).digest()).decode() for s in (script, script + acts))
    return page.replace(old, new).replace(script, script + acts)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_what_a_browser_saves_is_what_is_scored(tmp_path: Path) -> None:
    path = tmp_path / "form.html"
    path.write_text(by_hand(form.page(hostile_sheet()), RATER), encoding="utf-8")
    shown = chromium(path, tmp_path / "profile", 1100)
    assert "CONSOLE" not in shown.stderr
    assert "<p>Please enter your name first.</p>" in shown.stdout
    assert "2 of 2 rated" in shown.stdout
    assert "<title>ratings-Ann-O-Neil.json</title>" in shown.stdout
    [text] = re.findall(r"<pre>(.*?)</pre>", shown.stdout, re.DOTALL)
    saved = tmp_path / "saved.json"
    saved.write_text(unescape(text))
    key = key_of(("i1", "pitch", None), ("i2", "seller_friendliness", "B"))
    filled = read_ratings(saved, key)
    assert not filled.dirty
    assert filled.ratings == by("Ann O'Neil", {"i1": 4, "i2": "B"})
