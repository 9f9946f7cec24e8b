"""No two rooms of a package need one another: a room is a folder, or a module that stands alone."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

import retailsim

ROOT = Path(__file__).parents[1]
PACKAGES = ("agents", "analysis", "events", "market", "sim")
BESIDE = ("benchmarks", "campaign", "docs", "examples", "tests")
Arrows = Mapping[str, set[str]]
CLASS = re.compile(r"^class (\w+)", re.MULTILINE)


@cache
def imported_here(path: Path) -> frozenset[tuple[str, ...]]:
    """Return what one of our modules imports: read once, though it is in a folder of a folder."""
    return frozenset(imported(path, ROOT))


def imported(path: Path, root: Path) -> Iterator[tuple[str, ...]]:
    """Yield what of ours a module imports, wherever in it; also for type checkers alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(level=level) if level:
                raise AssertionError(f"{path}, line {node.lineno}: name the module in full")
            case ast.ImportFrom(module=str(module), names=names):
                named = [(*module.split("."), one.name) for one in names]
            case ast.Import(names=names):
                named = [tuple(one.name.split(".")) for one in names]
            case _:
                continue
        for top, *parts in named:
            if top == "retailsim":
                yield tuple(parts if _is_module(root, parts) else parts[:-1])


def _is_module(root: Path, parts: Sequence[str]) -> bool:
    place = root.joinpath(*parts)
    return place.with_suffix(".py").is_file() or place.is_dir()


def arrows(folder: Path, root: Path) -> Arrows:
    """Return which room of a folder imports which other ones of it."""
    here = folder.relative_to(root).parts
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        room = parts[len(here)]
        found.setdefault(room, set())
        for target in imported_here(path) if root == ROOT else imported(path, root):
            if target[: len(here)] == here:
                other = target[len(here)] if len(target) > len(here) else "__init__"
                found[room] |= {other} - {room}
    return found


def circles(of: Arrows) -> set[frozenset[str]]:
    """Return the sets of rooms of which each leads to each."""
    reached = {room: _reached(of, room) for room in of}
    return {
        frozenset(other for other in reached[room] if room in reached.get(other, ()))
        for room in of
        if room in reached[room]
    }


def _reached(of: Arrows, start: str) -> set[str]:
    seen, todo = set[str](), [start]
    while todo:
        new = of.get(todo.pop(), set()) - seen
        seen |= new
        todo += new
    return seen


def folders() -> list[str]:
    """Name each folder with modules in it."""
    inits = [path for one in PACKAGES for path in (ROOT / one).rglob("__init__.py")]
    return sorted(path.parent.relative_to(ROOT).as_posix() for path in inits)


@pytest.mark.parametrize("folder", folders())
def test_rooms_do_not_lead_in_a_circle(folder: str) -> None:
    assert circles(arrows(ROOT / folder, ROOT)) == set()


def test_a_circle_is_found_however_long_and_wherever_the_import_stands(tmp_path: Path) -> None:
    files = {
        "analysis/a/one.py": "from retailsim.analysis.b import two\n",
        "analysis/b/two.py": "def f():\n    from retailsim.analysis.c.deep.three import x\n",
        "analysis/c/deep/three.py": "if TYPE_CHECKING:\n    import retailsim.analysis.lone\n",
        "analysis/lone.py": "from retailsim.analysis import a\n",
        "analysis/top.py": "import retailsim.analysis.a.one\nfrom retailsim.sim.a import z\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    of = arrows(tmp_path / "analysis", tmp_path)
    assert of == {"a": {"b"}, "b": {"c"}, "c": {"lone"}, "lone": {"a"}, "top": {"a"}}
    assert circles(of) == {frozenset({"a", "b", "c", "lone"})}
    (tmp_path / "analysis/lone.py").write_text("from retailsim.sim import a\n")
    assert circles(arrows(tmp_path / "analysis", tmp_path)) == set()


MOST_MODULES = 25
"""In one folder: more are not taken in at a glance."""


def crowded(folder: Path) -> bool:
    """Whether a folder has more modules than one takes in, its ``__init__`` not counted."""
    return len([path for path in folder.glob("*.py") if path.stem != "__init__"]) > MOST_MODULES


def all_folders() -> list[str]:
    """Name each folder with modules in it, in the packages and beside them."""
    paths = (path for one in (*PACKAGES, *BESIDE) for path in (ROOT / one).rglob("*.py"))
    return sorted({path.parent.relative_to(ROOT).as_posix() for path in paths})


def test_a_folder_is_taken_in_at_a_glance() -> None:
    assert len(all_folders()) > 100
    assert [folder for folder in all_folders() if crowded(ROOT / folder)] == []


def test_a_crowded_folder_is_found(tmp_path: Path) -> None:
    for number in range(MOST_MODULES):
        (tmp_path / f"module_{number}.py").touch()
    (tmp_path / "__init__.py").touch()
    assert not crowded(tmp_path)
    (tmp_path / "one_more.py").touch()
    assert crowded(tmp_path)


def classes(root: Path) -> dict[str, list[str]]:
    """Return the modules that define a class, by its name; those in functions do not count.

    Only of names that stand at a line's beginning in more than one place: the others are alone
    anyway, and most modules need not be parsed.
    """
    texts = {
        path: path.read_text(encoding="utf-8")
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
    }
    often = Counter(name for text in texts.values() for name in CLASS.findall(text))
    found: dict[str, list[str]] = {}
    for path, text in texts.items():
        if all(often[name] == 1 for name in CLASS.findall(text)):
            continue
        module = ".".join(("retailsim", *path.relative_to(root).with_suffix("").parts))
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(module)
    return found


def test_a_public_class_shares_its_name_with_no_other() -> None:
    """Who reads `Offer` anywhere may take it for the one that `import retailsim` offers."""
    defined = classes(ROOT)
    public = [name for name in retailsim.__all__ if isinstance(getattr(retailsim, name), type)]
    assert len(public) > 30
    assert {name: defined[name] for name in public if len(defined.get(name, ())) > 1} == {}


def test_a_class_that_stands_twice_is_found(tmp_path: Path) -> None:
    for name in ("market/offers.py", "sim/pages/offers.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("class Offer:\n    class Inner: ...\n")
    (tmp_path / "sim/alone.py").write_text("class Alone: ...\n")
    assert classes(tmp_path) == {"Offer": ["retailsim.market.offers", "retailsim.sim.pages.offers"]}
