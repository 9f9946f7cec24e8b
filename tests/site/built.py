"""The documentation site built, and what stands on its pages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from tests.sim.runs import ROOT

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
COUNTED = ("li", "table", "pre", "img")
LOADING = {"script": "src", "img": "src", "source": "srcset", "link": "href", "iframe": "src"}
NOT_LOADED = ("canonical", "next", "prev", "alternate")


def build(site: Path, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Build the site of a folder into another one, as `make docs` does.

    Never with ``--quiet``: it would silence the warnings before ``--strict`` counts them.
    """
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    return subprocess.run(
        words,
        cwd=root,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def copied(folder: Path) -> Path:
    """Return a copy of the project whose pages can be broken; what is no page is a link."""
    for path in ROOT.iterdir():
        if path.suffix in (".md", ".yml"):
            shutil.copy(path, folder)
        elif path.name == "docs":
            shutil.copytree(path, folder / "docs")
        elif path.is_dir() and not path.name.startswith(".") and path.name != "build":
            (folder / path.name).symlink_to(path)
    return folder


@dataclass
class Shown(HTMLParser):
    """What a page holds: anchors, links, what it loads, and how much of what its text has."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*HEADINGS, *COUNTED), 0))
    _article: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._article = self._article or tag == "article"
        if "id" in given:
            self.ids.add(given["id"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in LOADING and given.get("rel") not in NOT_LOADED:
            self.loaded.append(given.get(LOADING[tag], ""))
        if self._article and tag in self.counts:
            self.counts[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        self._article = self._article and tag != "article"


def shown(page: Path) -> Shown:
    found = Shown()
    found.feed(page.read_text(encoding="utf-8"))
    return found
