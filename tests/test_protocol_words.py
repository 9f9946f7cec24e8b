"""No code outside a protocol's own rooms knows its name; a new one needs no change of ours."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("agents", "analysis", "events", "market", "sim")
WORD = re.compile(r"(?<![a-z])(retail|csales)(?![a-z])", re.IGNORECASE)
ROOM = re.compile(r"(?:^|/)(?:retail|csales)/")
ALLOWED = {
    "market/protocols/registry.py": "the line that registers them",
    "sim/experiments/presets.py": "data: which scenario an experiment runs",
}


def named(tree: ast.AST) -> Iterator[str]:
    """Yield what code says: its names, its imports and its strings, but for docstrings."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.arg(arg=word):
                yield word
            case ast.ClassDef(name=word) | ast.FunctionDef(name=word):
                yield word
            case ast.ImportFrom(module=str(word)) | ast.alias(name=word):
                yield word
            case ast.Constant(value=str(text)) if id(node) not in prose:
                yield text


def found(folder: Path, *packages: str) -> list[str]:
    """Return where a protocol is named in code that has to serve them all."""
    places = []
    for package in packages:
        for path in sorted((folder / package).rglob("*.py")):
            name = path.relative_to(folder).as_posix()
            if ROOM.search(name) or name in ALLOWED:
                continue
            text = path.read_text(encoding="utf-8")
            if not WORD.search(text):  # nothing in it can be: it need not be parsed
                continue
            tree = ast.parse(text)
            places += [f"{name}: {word[:60]}" for word in named(tree) if WORD.search(word)]
    return places


def test_a_protocol_is_named_in_its_rooms_the_registry_and_data_alone() -> None:
    assert found(ROOT, *PACKAGES) == []


def test_each_exception_is_needed() -> None:
    for name in ALLOWED:
        tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        assert any(WORD.search(word) for word in named(tree)), name


def test_a_name_in_code_is_found_and_one_in_a_docstring_is_not(tmp_path: Path) -> None:
    (tmp_path / "sim").mkdir()
    (tmp_path / "sim" / "a.py").write_text('"""Of csales."""\nif x == "csales":\n    pass\n')
    (tmp_path / "sim" / "b.py").write_text("from retailsim.agents.retail import base\n")
    assert found(tmp_path, "sim") == ["sim/a.py: csales", "sim/b.py: retailsim.agents.retail"]
