"""What the documentation site (mkdocs.yml) shows beside the pages of docs/: MkDocs calls it.

The pages are written to be read beside the code, where a link may lead to any file of the project.
The site has no other files, so it gets a page for each that is linked: README and its kin as they
are, sources as listings, the folder of decisions as a table. Links are turned towards them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "README.md": "project/overview.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
}
"""Pages beside docs/, by what they are on the site."""
DECISIONS = "decisions/index.md"
LANGUAGES = {".py": "python", ".mjs": "javascript", ".toml": "toml", ".json": "json"}

LINK = re.compile(r"(?<=\]\()([^)#\s]+)((?:#[^)\s]*)?\))")
"""The address in a link or a picture, and its anchor with the bracket."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are no files of docs/."""
    made = {target: _read(source) for source, target in PAGES.items()}
    made[DECISIONS] = _decisions()
    linked: set[str] = set()
    for page in [one.src_uri for one in files.documentation_pages()]:
        linked |= _sources(_read(f"docs/{page}"), f"docs/{page}")
    for source in PAGES:
        linked |= _sources(_read(source), source)
    made |= {_on_site(source): _listing(source) for source in sorted(linked)}
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Turn the links of a page towards the site's own pages."""
    here = page.file.src_uri
    source = next((one for one, target in PAGES.items() if target == here), f"docs/{here}")
    return turned(markdown, source)


def on_post_build(config: MkDocsConfig) -> None:
    """Write the search's texts as a script, too: a page in a folder may load nothing else."""
    texts = Path(config.site_dir, "search", "search_index.json")
    program = "var __index = " + texts.read_text(encoding="utf-8")
    texts.with_suffix(".js").write_text(program, encoding="utf-8")


def turned(markdown: str, source: str) -> str:
    """Return a page with its links as the site has them.

    Parameters
    ----------
    markdown : str
    source : str
        The page's path in the project.
    """
    folder = posixpath.dirname(_on_site(source))

    def turn(match: re.Match[str]) -> str:
        target = _target(match[1], source)
        if target is None:
            return match[0]
        return posixpath.relpath(_on_site(target), folder or ".") + match[2]

    return LINK.sub(turn, markdown)


def _target(link: str, source: str) -> str | None:
    """Return where a link leads, as a path in the project; None if it is not one of its files."""
    if ":" in link:
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
    return target if (ROOT / target).exists() else None


def _on_site(path: str) -> str:
    """Return where the site has what is at a path of the project."""
    if path in PAGES:
        return PAGES[path]
    if path.startswith("docs/") and (ROOT / path).is_dir():
        path = f"{path}/index.md"
    return path.removeprefix("docs/") if path.startswith("docs/") else f"source/{path}.md"


def _sources(markdown: str, page: str) -> set[str]:
    """Return the sources that a page links to."""
    targets = {_target(match[1], page) for match in LINK.finditer(markdown)}
    return {one for one in targets if one and _on_site(one).startswith("source/")}


def _listing(path: str) -> str:
    language = LANGUAGES.get(Path(path).suffix, "text")
    return (
        "---\nsearch:\n  exclude: true\n---\n"
        f"# {path}\n\n~~~~{language}\n{_read(path).rstrip()}\n~~~~\n"
    )


def _decisions() -> str:
    """Return the table of decisions: what each says in its first line."""
    records = sorted((ROOT / "docs/decisions").glob("0*.md"))
    head = ("# Decisions", "", "What was decided, why, and what else was tried.", "")
    return "\n".join([*head, *_decision_lines(records), ""])


def _decision_lines(records: Iterable[Path]) -> Iterable[str]:
    for record in records:
        title = record.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
        number, _, subject = title.partition(". ")
        yield f"- {number}: [{subject}]({record.name})"


def _read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")
