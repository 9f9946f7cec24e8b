"""Names of modules and files that pages give are those that a reader finds."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest

from tests.sim.runs import ROOT

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
WITHIN = {"api.md", "architecture.md", *(path.name for path in (ROOT / "docs/decisions").iterdir())}
"""Pages of the code itself, which leave out the `retailsim.` that all names have."""
CODE = re.compile(r"`([^`\n]+)`")
DOTTED = re.compile(r"^(?:retailsim|sim|agents|market|events|analysis)(?:\.\w+)+")
PATH = re.compile(
    r"^(?:tests|benchmarks|campaign|examples|agents|market|events|sim|analysis)/[\w./-]+$"
)


def quoted(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    """Each page with what it quotes as code and the pattern finds at the beginning of."""
    return [
        (page.name, found.group())
        for page in PAGES
        for code in CODE.findall(page.read_text(encoding="utf-8"))
        if (found := pattern.match(code))
    ]


def there(name: str) -> bool:
    """Whether a dotted name of the package is a module, or something in one."""
    parts = name.split(".")
    if parts[0] != "retailsim":  # as it is called where the repository is not the working folder
        return False
    for end in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:end]))
        except ImportError:
            continue
        for part in parts[end:]:
            found = getattr(found, part, None)
        return found is not None
    return False


def imported(page: str, name: str) -> bool:
    """Whether the code on a page imports a name from the package by itself."""
    (text,) = [one.read_text(encoding="utf-8") for one in PAGES if one.name == page]
    return f"from retailsim import {name}\n" in text


def test_what_pages_import_is_there_by_that_name() -> None:
    wrong = [
        (page, name)
        for page, name in quoted(DOTTED)
        if page not in WITHIN and not there(name) and not imported(page, name.split(".")[0])
    ]
    assert not wrong


def test_files_that_pages_name_are_there() -> None:
    wrong = [
        (page, path)
        for page, path in quoted(PATH)
        if "NAME" not in path and not (ROOT / path).exists()
    ]
    assert not wrong


@pytest.mark.parametrize("name", ["sim.raters.annotate.export", "retailsim.analysis.nothing"])
def test_a_name_that_is_not_there_is_found(name: str) -> None:
    assert not there(name)
