"""The documentation site: it builds strictly, its links hold, and it says what the pages say."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt

from tests.sim.runs import ROOT
from tests.site.built import COUNTED, HEADINGS, Shown, build, copied, shown

pytestmark = pytest.mark.slow

OUTSIDE = {
    "README.md": "project/overview",
    "CHANGELOG.md": "project/changelog",
    "CONTRIBUTING.md": "project/contributing",
    "SECURITY.md": "project/security",
}
PAGES = {
    **OUTSIDE,
    **{
        str(page.relative_to(ROOT)): str(page.relative_to(ROOT / "docs").with_suffix(""))
        for page in sorted((ROOT / "docs").rglob("*.md"))
    },
}
"""Page of the project -> page of the site."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Shown]:
    return {page: shown(page) for page in sorted(site.rglob("*.html"))}


def meant(text: str) -> dict[str, int]:
    """How much a page has of what, by the rules of CommonMark."""
    tokens = [
        part
        for token in MarkdownIt("commonmark").enable("table").parse(text)
        for part in (token, *(token.children or ()))
    ]
    counts = dict.fromkeys((*HEADINGS, *COUNTED), 0)
    for token in tokens:
        match token.type:
            case "fence" | "code_block":
                counts["pre"] += 1
            case "image":
                counts["img"] += 1
            case "heading_open" | "list_item_open" | "table_open":
                counts[token.tag] += 1
    return counts


@pytest.mark.parametrize("source", PAGES)
def test_a_page_shows_what_it_shows_beside_the_code(
    source: str, site: Path, pages: dict[Path, Shown]
) -> None:
    """The site's Markdown is another dialect: a list taken for a paragraph is found here."""
    counts = pages[site / f"{PAGES[source]}.html"].counts
    assert counts == meant((ROOT / source).read_text(encoding="utf-8"))


def test_every_link_leads_to_a_page_and_its_anchor(site: Path, pages: dict[Path, Shown]) -> None:
    """Looked up in what was built, without asking what built it."""
    followed = 0
    for page, found in pages.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme or page.name == "404.html":
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{page.relative_to(site)}: {link}"
            if parts.fragment and target.suffix == ".html":
                followed += 1
                there = pages[site / target.relative_to(site.resolve())].ids
                assert unquote(parts.fragment) in there, f"{page.relative_to(site)}: {link}"
    assert followed > 1000


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[Path, Shown]) -> None:
    for page, found in pages.items():
        foreign = [one for one in found.loaded if urlsplit(one).netloc]
        assert foreign == [], page.relative_to(site)
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert "url(http" not in text and "@import" not in text, sheet.name


@pytest.mark.parametrize(
    ("page", "added", "said"),
    [
        ("docs/money.md", "\n[gone](gone.md)\n", "'gone.md'"),
        ("docs/money.md", "\n[gone](rules.md#gone)\n", "'#gone'"),
        ("README.md", "\n[gone](docs/gone.md)\n", "'docs/gone.md'"),
        ("docs/unlisted.md", "# Listed nowhere\n", "unlisted.md"),
        ("mkdocs.yml", "      - Gone: gone.md\n", "'gone.md'"),
    ],
)
def test_what_is_broken_is_no_site(tmp_path: Path, page: str, added: str, said: str) -> None:
    (tmp_path / "project").mkdir()
    root = copied(tmp_path / "project")
    with (root / page).open("a", encoding="utf-8") as file:
        file.write(added)
    done = build(tmp_path / "site", root)
    assert done.returncode == 1
    assert said in done.stdout + done.stderr
