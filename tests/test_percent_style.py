"""Percentages are written one way, without a space, wherever a user reads one: 67.0%."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ("agents", "analysis", "benchmarks", "campaign", "docs", "events", "market", "sim")
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *(page for folder in ("docs", "examples") for page in sorted((ROOT / folder).rglob("*.md"))),
]
SPACED = re.compile("[0-9][ \u00a0\u2009\u202f]%(?![0-9A-Za-z_(])")
MAYBE = re.compile(r"([ \u00a0\u2009\u202f]|\\\w+)%")
LOGGED = {
    "market/protocols/csales/action_table.py": "the name of an option, in logs since 0.1",
    "market/protocols/csales/market_words.py": "what the market says, in logs since 0.1",
}
OPTION = re.compile(r"`[^`\n]*, \d+ % off[^`\n]*`")  # such a name, quoted on a page
TAG, VALUE = re.compile(r"\{%.*?%\}", re.DOTALL), re.compile(r"\{\{.*?\}\}", re.DOTALL)


def strings(source: str) -> Iterator[str]:
    """Yield the strings of a module, docstrings too, with 0 for what is put into them.

    None of a module without a space, written as it is or as an escape, before any percent sign:
    most are so, and need not be parsed.
    """
    if not MAYBE.search(source):
        return
    tree = ast.parse(source)
    parts = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts |= {id(part) for part in node.values}
            texts = (p.value if isinstance(p, ast.Constant) else "0" for p in node.values)
            yield "".join(str(text) for text in texts)
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in parts:
                yield text


def spaced(texts: Iterator[str] | list[str]) -> list[str]:
    """Return where a percentage has a space, with the words around it."""
    return [
        text[max(0, found.start() - 30) : found.end() + 10]
        for text in texts
        for found in SPACED.finditer(text)
    ]


def template(text: str) -> str:
    """Return a template as it is shown, with 0 for each of its values."""
    return VALUE.sub("0", TAG.sub("", text))


def test_no_string_of_the_sources_has_one_with_a_space() -> None:
    names = (path for folder in SOURCES for path in sorted((ROOT / folder).rglob("*.py")))
    found = {
        str(path.relative_to(ROOT)): places
        for path in names
        if (places := spaced(strings(path.read_text(encoding="utf-8"))))
    }
    assert found.keys() == LOGGED.keys(), found


def test_no_template_has_one_with_a_space() -> None:
    paths = [path for end in ("html", "js") for path in sorted(ROOT.glob(f"[as]*/**/*.{end}"))]
    assert len(paths) > 20
    texts = {path: template(path.read_text(encoding="utf-8")) for path in paths}
    assert {str(path): spaced([text]) for path, text in texts.items() if spaced([text])} == {}


def test_no_page_has_one_with_a_space() -> None:
    assert len(PAGES) > 50
    texts = {str(page): OPTION.sub("", page.read_text(encoding="utf-8")) for page in PAGES}
    assert {page: spaced([text]) for page, text in texts.items() if spaced([text])} == {}


def test_the_control_finds_each_way_to_write_one() -> None:
    source = '"""At 95 %."""\na = f"{b:.1f} % off"\nc = 7 % size\nd = "67.0%, %d"\ne = "5 %s" % c'
    assert len(spaced(strings(source))) == 2
    assert len(spaced(strings('a = "5\\u00a0%"\nb = f"5\\x20%"\nc = f"{a}" " %"'))) == 3
    assert spaced(["5\u00a0% and 5\u202f%."]) != []
    assert spaced([template("{% if a == 1 %}{{ share * 100 }} %</td>{% endif %}")]) == ["0 %</td>"]
    assert OPTION.sub("", "`Framing, 5 % off` and 5 % off") == " and 5 % off"
