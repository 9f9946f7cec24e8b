"""Code of others is found as module:NAME, fails in one line, and is known again by its digest."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from runpy import run_path

import pytest

from retailsim.market.core.plugin_code import (
    blamed,
    find_object,
    is_foreign,
    search_path,
    source_digest,
)
from retailsim.sim.execution.workers import worker_environment


class Complaint(Exception):
    """What a caller raises: the name, and what is wrong."""


@pytest.fixture(autouse=True)
def clean_modules() -> Iterator[None]:
    """Forget the modules that a test imported."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def found(target: str, folder: Path | None) -> object:
    return find_object("mine", target, folder, Complaint)


def problem(target: str, folder: Path | None) -> str:
    with pytest.raises(Complaint) as caught:
        found(target, folder)
    name, said = caught.value.args
    assert name == "mine"
    assert "\n" not in said
    return str(said)


def test_a_value_of_any_kind_is_found_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "wares.py").write_text("NAME = 'a lamp'\nclass Shop: ...\n")
    assert found("wares:NAME", tmp_path) == "a lamp"
    assert isinstance(found("wares:Shop", tmp_path), type)


def test_modules_of_one_name_in_two_folders_are_kept_apart(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "wares.py").write_text(f"NAME = {name!r}\n")
    assert [found("wares:NAME", tmp_path / name) for name in ("one", "two")] == ["one", "two"]


def test_a_module_named_as_one_of_the_library_does_not_stand_in_for_it(tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text("MINE = True\n")
    assert found("random:MINE", tmp_path) is True
    assert not hasattr(sys.modules["random"], "MINE")


def test_neighbours_can_be_imported_and_the_path_is_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_wares.py").write_text("NAME = 'next door'\n")
    (tmp_path / "wares.py").write_text("from neighbour_of_wares import NAME\n")
    before = list(sys.path)
    assert found("wares:NAME", tmp_path) == "next door"
    assert sys.path == before


def test_what_is_installed_is_found_without_a_folder() -> None:
    assert found("json:loads", None) is sys.modules["json"].loads
    assert problem("no_such_module:X", None) == "there is no module no_such_module installed"


@pytest.mark.parametrize("folder", [True, False])
def test_what_is_installed_and_lacks_a_module_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: bool
) -> None:
    (tmp_path / "site" / "shelf_of_others").mkdir(parents=True)
    (tmp_path / "site" / "shelf_of_others" / "wares.py").write_text("import no_such_thing\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    beside = tmp_path if folder else None
    said = problem("shelf_of_others.wares:NAME", beside)
    assert said.startswith("importing shelf_of_others.wares failed: ModuleNotFoundError: ")
    assert "no_such_thing" in said
    missing = problem("shelf_of_others.bread:NAME", beside)
    assert missing.startswith("there is no module shelf_of_others.bread")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("1 / 0\n", "importing wares failed: ZeroDivisionError: division by zero (wares.py, line"),
        ("raise SystemExit('bye')\n", "importing wares failed: SystemExit: bye (wares.py, line 1)"),
        ("import no_such_thing\n", "importing wares failed: ModuleNotFoundError: No module named"),
        ("raise OSError('two\\nlines')\n", "importing wares failed: OSError: two lines"),
        ("x = (\n", "importing wares failed: SyntaxError: "),
        ("", "there is no NAME in "),
    ],
)
def test_what_goes_wrong_in_it_is_one_line_that_says_where(
    tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / "wares.py").write_text(content)
    assert problem("wares:NAME", tmp_path).startswith(said)


@pytest.mark.parametrize("target", ["wares", "wares:", ":NAME", "wa-res:NAME", "a/b:NAME", "a:b:c"])
def test_what_is_no_place_is_refused_before_anything_is_imported(
    tmp_path: Path, target: str
) -> None:
    (tmp_path / "wares.py").write_text("raise AssertionError\n")
    assert problem(target, tmp_path).startswith("write it as module:")


def test_neither_python_nor_the_simulator_is_foreign() -> None:
    assert not is_foreign("json.decoder")
    assert not is_foreign("retailsim.market.errors")
    assert is_foreign("retailsimilar.wares")
    assert is_foreign("wares")


def test_a_digest_is_of_the_sources_and_not_of_where_they_stand(tmp_path: Path) -> None:
    sources = {"bread": "X = 1\n", "wares": "X = 2\n"}
    digests = []
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        names = []
        for name, text in sources.items():
            (tmp_path / place / f"{name}.py").write_text(text + "class Y: ...\n")
            names.append(found(f"{name}:Y", tmp_path / place).__module__)
        digests.append(source_digest(reversed(names)))
    whole = "".join(f"{text}class Y: ...\n" for text in sources.values())
    assert digests == [sha256(whole.encode()).hexdigest()] * 2


def test_another_process_looks_for_modules_where_this_one_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The folder that an editable install links to holds an `agents` that hides another's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", "/one", "/two"])
    assert search_path() == os.pathsep.join([str(tmp_path), "/one", "/two"])
    assert worker_environment()["PYTHONPATH"] == search_path()


def raised(call: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:
        call()
    return caught.value


def test_blame_goes_to_what_was_named_and_not_to_a_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that went through a library alone is ours, and shows its traceback."""
    text = "import msgspec\ndef f():\n    return msgspec.json.decode(b'{')\ndef g():\n    1 / 0\n"
    (tmp_path / "blamed_lib.py").write_text(text)
    (tmp_path / "blamed_plugin.py").write_text("import blamed_lib\n" + text)
    monkeypatch.syspath_prepend(str(tmp_path))
    library = import_module("blamed_lib")
    assert blamed(raised(library.g)) is None
    named = find_object("p", "blamed_plugin:f", None, Complaint)
    code = "code of the package blamed_plugin"
    assert blamed(raised(named)) == f"blamed_plugin.py, line 4: {code}"
    through = import_module("blamed_plugin")
    assert blamed(raised(through.g)) == f"blamed_plugin.py, line 6: {code}"
    assert blamed(raised(library.g)) is None
    assert find_object("j", "json:loads", None, Complaint) is json.loads
    assert blamed(raised(lambda: json.loads("{"))) is None


def test_nothing_compiled_is_left_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a run's folder every file counts that an import may find, and compiled ones do."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    link = tmp_path.with_name("link")
    link.symlink_to(tmp_path)
    monkeypatch.syspath_prepend(link)
    (tmp_path / "deep").mkdir()
    for name, text in {
        "mine.py": "import beside_mine\nfrom . import deep\n"
        "class Mine:\n    def late(self):\n        from .deep import later as it\n"
        "        return it.X\n",
        "beside_mine.py": "",
        "deep/__init__.py": "",
        "deep/later.py": "X = 1\n",
    }.items():
        (tmp_path / name).write_text(text)
    files = sorted(tmp_path.rglob("*"))
    mine = find_object("mine", "mine:Mine", tmp_path, Complaint)
    assert mine().late() == 1
    assert run_path(str(tmp_path / "deep" / "later.py"))["X"] == 1, "a file there is a program"
    assert sorted(tmp_path.rglob("*")) == files
    elsewhere = tmp_path.with_name("elsewhere")
    elsewhere.mkdir()
    (elsewhere / "plain_of_elsewhere.py").write_text("")
    monkeypatch.syspath_prepend(elsewhere)
    __import__("plain_of_elsewhere")
    assert (elsewhere / "__pycache__").is_dir(), "others are compiled as ever"
