"""Mutants: which changes are made, which are drawn, and that they tell tests apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from campaign.mutants.mutant import Mutant, compiles, mutants
from campaign.mutants.packages import PACKAGES, ROOT, Package, all_mutants, sampled
from campaign.mutants.shown import shown
from campaign.mutants.tree import mutated, renewed
from campaign.mutants.trial import rounds
from campaign.mutants.watched import Seen


def changes(body: str) -> set[str]:
    """What becomes of the lines of a function, as text without the lines around."""
    source = f"def f(a, b):\n    {body}\n".encode()
    found = {one.applied(source).decode() for one in mutants("m.py", source)}
    return {text.removeprefix("def f(a, b):\n    ").removesuffix("\n") for text in found}


@pytest.mark.parametrize(
    ("body", "becomes"),
    [
        ("x = a < b", {"x = (a <= b)"}),
        ("x = a in b", {"x = (a not in b)"}),
        ("x = a + b", {"x = (a - b)"}),
        ("x = a and b", {"x = (a or b)"}),
        ("x = not a", {"x = (a)"}),
        ("x = 3", {"x = 4"}),
        ("x = 'yes'", {'x = ""'}),
        ("x = ''", {'x = "XX"'}),
        ("x = f'{a} of {b}'", {'x = ""'}),
        ("x = a if b else 0", {"x = (a if not b else 0)", "x = a if b else 1"}),
        ("x = [y for y in a if y]", {"x = [y for y in a]"}),
        ("x = max(a, b)", {"x = min(a, b)"}),
        ("x = a(key=b)", {"x = (a())"}),
        ("return a", {"return None"}),
        ("raise a", {"pass"}),
        ("a.send(b)", {"pass"}),
        ("a[b] = a", {"pass"}),
        ("if a: return b", {"if (not (a)): return b", "if a: return None"}),
    ],
)
def test_each_operator_makes_its_change(body: str, becomes: set[str]) -> None:
    assert changes(body) == becomes


@pytest.mark.parametrize(
    "text",
    [
        '"""A docstring."""',
        "import a.b",
        "def f(a: int | None) -> list[int]: ...",
        "@frozen(slots=True)\nclass A(B, tag='x'):\n    a: int",
        "if TYPE_CHECKING:\n    X = 1",
        "__all__ = ('a',)",
        "WORDS = {'yes': 'ja'}",
        "Amount = int | float",
        "def f(a):\n    assert_never(a)",
        "def f(a):\n    return None",
    ],
)
def test_what_no_test_of_behaviour_can_see_is_left_alone(text: str) -> None:
    assert mutants("m.py", text.encode()) == []


def test_a_mutant_is_known_by_the_same_key_where_code_around_it_moves() -> None:
    before = b"def f(a):\n    return a + 1\n"
    after = b"LIMIT = 2.5\n\n\n" + before
    keys = {one.key for one in mutants("m.py", before)}
    assert len(keys) == 3
    assert keys < {one.key for one in mutants("m.py", after)}
    assert keys.isdisjoint(one.key for one in mutants("other.py", before))


def test_alike_mutants_have_keys_of_their_own() -> None:
    found = mutants("m.py", b"def f(a):\n    return a(1, 1, 1)\n")
    assert len({one.key for one in found}) == len(found) == 4


def test_characters_of_several_bytes_are_counted_as_python_does() -> None:
    source = "ORDER = ('ä', '€', 5)\n".encode()
    (one,) = mutants("m.py", source)
    assert one.applied(source).decode() == "ORDER = ('ä', '€', 6)\n"


def test_the_same_seed_draws_the_same_and_another_one_others() -> None:
    every = all_mutants(PACKAGES["estimators"])
    drawn = [one.key for one in sampled(every, 30, seed=1)]
    assert drawn == [one.key for one in sampled(every[::-1], 30, seed=1)]
    assert drawn[:10] == [one.key for one in sampled(every, 10, seed=1)]
    assert len(set(drawn) & {one.key for one in sampled(every, 30, seed=2)}) < 10


def test_what_is_drawn_is_python(tmp_path: Path) -> None:
    """Of texts that stand side by side, one alone cannot be told from both."""
    (tmp_path / "m.py").write_text("def f(a):\n    return f'{a}' 'b' if a else f(a, b=1)\n")
    every = all_mutants(Package(("m.py",), ()), tmp_path)
    source = (tmp_path / "m.py").read_bytes()
    assert all(compiles(one.applied(source)) for one in sampled(every, 100, 1, tmp_path))
    assert not compiles(b"def f(:")


def test_every_package_has_code_and_tests_and_none_has_anothers_code() -> None:
    modules = [path for package in PACKAGES.values() for path in package.modules()]
    assert len(modules) == len(set(modules)) > 150
    assert all(package.test_files() for package in PACKAGES.values())


# -- where mutants live ----------------------------------------------------------------------------


def one_mutant(path: str) -> Mutant:
    return all_mutants(Package((path,), ()))[0]


@pytest.mark.slow
def test_the_copy_is_the_repository_and_a_mutant_leaves_nothing_there(tmp_path: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("the project's files are not in a git repository here")
    (tmp_path / "left_over.py").touch()
    tree = renewed(tmp_path)
    mutant = one_mutant("events/brief.py")
    plain, file = (ROOT / mutant.path).read_bytes(), tree / mutant.path
    dated = file.stat().st_mtime_ns
    with mutated(tree, mutant):
        assert file.read_bytes() == mutant.applied(plain) != plain
        assert file.stat().st_mtime_ns != dated
    assert (file.read_bytes(), file.stat().st_mtime_ns) == (plain, dated)
    assert (tree / "retailsim" / "events").is_symlink()
    assert not (tree / "left_over.py").exists()


@pytest.mark.slow
def test_what_a_stopped_hunt_left_is_mended(tmp_path: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("the project's files are not in a git repository here")
    file = renewed(tmp_path) / "events" / "brief.py"
    before = file.read_bytes()
    file.write_bytes(b"raise SystemExit\n")
    os.utime(file, (1e9, 1e9))
    renewed(tmp_path)
    assert file.read_bytes() == before


def test_a_mutant_is_shown_with_its_key_its_place_and_both_lines() -> None:
    text = shown(one_mutant("events/brief.py"), ROOT)
    assert text.startswith(f"== {one_mutant('events/brief.py').key} events/brief.py:")
    assert sum(line.startswith("-") for line in text.splitlines()) == 1
    assert sum(line.startswith("+") for line in text.splitlines()) == 1


# -- which tests it meets --------------------------------------------------------------------------


def seen(name: str, seconds: float, lines: list[int], starts: bool = False) -> Seen:
    return Seen(name, seconds, starts, {"m.py": lines} if lines else {})


TESTS = [
    seen("a.py::slow", 2.0, [2, 3]),
    seen("a.py::quick", 0.1, [2]),
    seen("a.py::other", 0.2, []),
    seen("b.py::elsewhere", 0.1, [9]),
    seen("c.py::program", 0.3, [], starts=True),
]


def names(found: list[list[Seen]]) -> list[list[str]]:
    return [[one.name for one in part] for part in found]


def test_those_that_run_its_line_come_first_the_quick_ones_before_the_slow() -> None:
    """Then their neighbours, which may use what they have made."""
    (mutant,) = mutants("m.py", b"def f(a):\n    x = 1\n")
    assert names(rounds(mutant, TESTS)) == [
        ["a.py::quick", "a.py::slow"],
        ["a.py::other"],
    ]


def test_what_nobody_ran_meets_those_that_start_programs() -> None:
    (mutant,) = mutants("m.py", b"def f(a):\n\n\n    x = 1\n")
    assert names(rounds(mutant, TESTS)) == [["c.py::program"]]


@pytest.mark.parametrize(
    "text",
    [
        "LIMIT = 1",
        "@cache\ndef f():\n    x = 1",
        "@functools.lru_cache(maxsize=3)\ndef f():\n    x = 1",
        "def f():\n    x = 1\n\nALL = [f() for _ in some]",
        "def f():\n    x = 1\n\nclass A:\n    y = f()",
        "def f():\n    x = 1\n\nALL = [*map(f, some)]",
        "def f():\n    x = 1\n\ndef g():\n    y = f()\n\nALL = g()",
        "def f():\n    x = 1\n\ndef g():\n    y = f()\n\n@cache\ndef h():\n    z = g()",
    ],
)
def test_what_may_run_once_meets_all(text: str) -> None:
    """A function that remembers may have been called when the tests were collected."""
    (mutant,) = mutants("m.py", text.encode())
    assert names(rounds(mutant, TESTS)) == [
        ["a.py::quick", "b.py::elsewhere", "a.py::slow"],
        ["a.py::other", "c.py::program"],
    ]


# -- the whole of it, with a control ---------------------------------------------------------------


def hunted(folder: Path, tests: str) -> tuple[int, dict[str, str], dict[str, str]]:
    """How many mutants the toy has, and what became of each in the session and in processes."""
    words = [sys.executable, "-m", "tests.campaign.hunted_toy", str(folder), tests]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    there_are, changed, within, anew = json.loads(done.stdout.splitlines()[-1])
    one, other = (dict(zip(changed, results, strict=True)) for results in (within, anew))
    return there_are, one, other


@pytest.mark.slow
def test_strong_tests_kill_every_mutant_of_a_toy(tmp_path: Path) -> None:
    there_are, within, anew = hunted(tmp_path, "strong")
    assert there_are == len(within) == 13
    assert within["left -= 1 -> pass"] == "timeout"
    assert "survived" not in {*within.values(), *anew.values()}


@pytest.mark.slow
def test_weak_tests_of_the_same_toy_leave_survivors(tmp_path: Path) -> None:
    """The control: they run the lines and assert next to nothing."""
    _, within, anew = hunted(tmp_path, "weak")
    assert {change for change, result in within.items() if result != "survived"} == {
        "return total -> return None",
        "return steps -> return None",
        "cents * count -> (cents / count)",
    }
    assert anew == within
