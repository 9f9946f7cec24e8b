"""A report can be used without eyes and without a mouse."""

from __future__ import annotations

import re
import shutil
import subprocess
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.sim.runs import SMALL, launched, sim

PACKAGE = "axe-core@4.14.1"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--virtual-time-budget=60000"),
)
ASK = """
document.querySelectorAll("details").forEach(one => one.open = true);
axe.run().then(found => {
  const said = document.createElement("pre");
  said.id = "found";
  said.textContent = found.violations.map(one => one.id + ": " + one.nodes[0].html).join(" ;; ");
  document.body.appendChild(said);
});
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
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


def test_charts_have_names_tables_scroll_by_keyboard_and_no_heading_is_empty(page: str) -> None:
    assert faults(page) == []
    for planted in (
        '<div class="scroll">',
        '<th scope="col"></th>',
        '<div role="img"></div>',
        "<svg></svg>",
        "<pre></pre>",
    ):
        assert len(faults(f"<main>{planted}</main>")) == 1, planted


def axe(folder: Path, page: str, width: int) -> list[str]:
    """What axe-core finds, a line each, with everything opened."""
    library = (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    asked = f"<script>{library}</script><script>{ASK}</script></body>"
    (folder / "page.html").write_text(page.replace("</body>", asked), encoding="utf-8")
    profile = folder / f"profile-{width}"
    shown = subprocess.run(
        [
            *("chromium", *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},900"),
            *("--dump-dom", (folder / "page.html").as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    ).stdout
    found = re.search(r'<pre id="found">(.*?)</pre>', shown, re.DOTALL)
    assert found is not None, "axe gave no answer"
    return [one for one in unescape(found[1]).split(" ;; ") if one]


@pytest.mark.slow
def test_axe_finds_nothing_at_the_width_of_a_desk_and_of_a_telephone(
    page: str, tmp_path: Path
) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("chromium") is None:
        pytest.skip("needs npm and chromium")
    flags = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(tmp_path))
    done = subprocess.run(
        [npm, "install", *flags, PACKAGE], capture_output=True, timeout=240, check=False
    )
    if done.returncode:
        pytest.skip("npm could not install the package: no network?")
    assert axe(tmp_path, "<html lang=en><body><img src=x></body></html>", 1100), "a planted fault"
    for width in (1100, 500):
        assert axe(tmp_path, page, width) == []


@pytest.mark.slow
def test_one_command_makes_a_run_and_its_report(tmp_path: Path) -> None:
    done = sim("launch", *SMALL, "--out", tmp_path / "run", "--report", "--json")
    assert done.exit_code == 0, done.stderr
    made = tmp_path / "run" / "derived" / "report.html"
    assert f"report: {made}" in done.stderr
    assert "<h2>Findings</h2>" in made.read_text(encoding="utf-8")
    launched(tmp_path / "other", *SMALL)
    assert not (tmp_path / "other" / "derived" / "report.html").exists()
