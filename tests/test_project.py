"""What holds for the project as a whole: its files, its packages, its words about itself."""

from __future__ import annotations

import ast
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any

import click
import pytest

from retailsim.sim.cli import main

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("agents", "analysis", "events", "market", "sim")
SOURCES = (*PACKAGES, "benchmarks", "campaign", "docs", "examples")
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60
HEAVY = ("aiohttp", "anyio", "asyncio", "msgspec", "polars", "rich", "structlog", "tenacity")

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

# In pieces, so that this file passes its own check.
FORBIDDEN = {
    "a machine's path": re.compile(r"/(?:work|root|mnt)/[a-z]|/home/[a-z]+/|/Users/[a-z]"),
    "a registry's host": re.compile(
        r"p[y]pi\.org|python[h]osted\.org|anaconda\.[o]rg|--(?:extra-)?index[-]url"
    ),
}


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tracked() -> list[Path]:
    """The files under version control, as they are on disk."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("the project's files are not in a git repository here")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    paths = [ROOT / one for one in listed.stdout.decode().split("\0") if one]
    return [path for path in paths if path.is_file()]


# -- size --------------------------------------------------------------------------------------


def silent_file(text: str) -> bool:
    """Whether a file beyond 400 lines gives no reason at its top: ``Over 400 lines:``."""
    reason = f"Over {MOST_LINES_OF_A_FILE} lines:"
    return text.count("\n") > MOST_LINES_OF_A_FILE and reason not in text[:2000]


def silent_functions(text: str) -> Iterator[str]:
    """Name the functions beyond 60 lines that give no reason inside: ``Over 60 lines:``."""
    lines = text.splitlines()
    if len(lines) <= MOST_LINES_OF_A_FUNCTION:
        return
    reason = f"Over {MOST_LINES_OF_A_FUNCTION} lines:"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = lines[node.lineno - 1 : node.end_lineno]
            if len(body) > MOST_LINES_OF_A_FUNCTION and not any(reason in line for line in body):
                yield f"{node.name}: {len(body)} lines"


def test_a_long_file_says_why() -> None:
    paths = sources(*SOURCES)
    assert len(paths) > 1000
    assert [name(path) for path in paths if silent_file(path.read_text(encoding="utf-8"))] == []


@pytest.mark.slow
def test_a_long_function_says_why() -> None:
    texts = {name(path): path.read_text(encoding="utf-8") for path in sources(*SOURCES, "tests")}
    found = {path: [*silent_functions(text)] for path, text in texts.items()}
    assert {path: functions for path, functions in found.items() if functions} == {}


@pytest.mark.parametrize("reason", ["", "Over 60 lines: a table. Over 400 lines: a table."])
def test_what_is_long_is_found_by_the_line(reason: str) -> None:
    def file(lines: int) -> str:
        return "\n".join((f"# {reason}", *["pass"] * (lines - 1), ""))

    def functions(lines: int) -> list[str]:
        body = [f"    # {reason}", *["    pass"] * (lines - 2)]
        return [*silent_functions("\n".join(("import ast", "async def long():", *body)))]

    assert not silent_file(file(400))
    assert silent_file(file(401)) == (not reason)
    assert functions(60) == []
    assert functions(61) == ([] if reason else ["long: 61 lines"])


# -- packages ----------------------------------------------------------------------------------


def test_every_package_is_shipped() -> None:
    """``packages`` in pyproject.toml lists what is on disk, and nothing else."""
    on_disk = {
        ".".join(("retailsim", *file.parent.relative_to(ROOT).parts))
        for package in PACKAGES
        for file in (ROOT / package).rglob("__init__.py")
    }
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == on_disk | {"retailsim", "sim"}


@pytest.mark.parametrize("package", PACKAGES)
def test_each_folder_is_a_link_below_retailsim(package: str) -> None:
    link = ROOT / "retailsim" / package
    assert link.is_symlink() and str(link.readlink()) == f"../{package}"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_bare_name_is_refused_in_a_line(package: str) -> None:
    """Imported by its plain name, a folder would be a second copy of every module in it."""
    done = subprocess.run(
        [sys.executable, "-c", f"import {package}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.splitlines()[-1]
    assert last == (
        f"ImportError: {package} of RetailSim is retailsim.{package}: "
        f"write `from retailsim.{package} import ...`"
    )


def test_data_files_are_those_that_are_named() -> None:
    """Else setuptools takes folders of data for forgotten packages, and warns of each."""
    assert PROJECT["tool"]["setuptools"]["include-package-data"] is False


def test_what_a_package_says_of_itself_leads_nowhere() -> None:
    """On an index page and in ``METADATA`` a relative link or a picture is broken."""
    text = read(PROJECT["project"]["readme"])
    assert not LINK.search(text) and "![" not in text and "<" not in text


@pytest.mark.parametrize("page", ["README.md", PROJECT["project"]["readme"]])
def test_who_has_only_the_wheel_is_told_its_name_and_extras(page: str) -> None:
    text = read(page)
    assert f"pip install 'retailsim-{PROJECT['project']['version']}-py3-none-any.whl[" in text
    named = set(re.findall(r"`([a-z-]+)`", text.partition("| extra |")[2].partition("\n## ")[0]))
    extras = set(PROJECT["project"]["optional-dependencies"]) - {"dev", "browser"}
    assert named in (set(), extras)


def test_every_module_is_in_a_package() -> None:
    """A folder with modules and no ``__init__.py`` would be left out without a word."""
    folders = {path.parent for path in sources(*PACKAGES)}
    assert [name(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_every_data_file_is_shipped() -> None:
    """Each file beside the modules, or in a folder of its package, fits a pattern."""
    patterns = PROJECT["tool"]["setuptools"]["package-data"]
    for path in tracked():
        if path.relative_to(ROOT).parts[0] in PACKAGES and path.suffix != ".py":
            package = next(one for one in path.parents if (one / "__init__.py").is_file())
            dotted = ".".join(("retailsim", *package.relative_to(ROOT).parts))
            inside = path.relative_to(package).as_posix()
            own = [*patterns["*"], *patterns.get(dotted, ())]
            assert any(
                PurePath(inside).match(one) for one in own if one.count("/") == inside.count("/")
            ), name(path)


def test_every_test_file_has_a_name_of_its_own() -> None:
    """Two of one name cannot be collected together."""
    names = Counter(path.name for path in sources("tests") if path.name.startswith("test_"))
    assert [one for one, count in names.items() if count > 1] == []


def test_the_package_is_typed() -> None:
    """It has its ``py.typed``, so that users' type checkers look at it."""
    assert (ROOT / "retailsim" / "py.typed").is_file()


def test_the_version_is_in_one_place() -> None:
    """Only pyproject.toml states the version; the installed program and every module ask for it."""
    assert version("retailsim") == PROJECT["project"]["version"]
    stated = re.compile(r"__version__|^version\s*=\s*[\"']\d", re.IGNORECASE | re.MULTILINE)
    for path in sources(*PACKAGES):
        assert not stated.search(path.read_text(encoding="utf-8")), name(path)


def test_every_dependency_has_its_version() -> None:
    """constraints.txt pins each package that pyproject.toml names.

    But for the extra `embedding-large`, gigabytes that depend on the machine's accelerator: nobody
    here installs it, so no version of it was tried out.
    """
    extras = {**PROJECT["project"]["optional-dependencies"]}
    del extras["embedding-large"]
    wanted = [
        *PROJECT["project"]["dependencies"],
        *(one for extra in extras.values() for one in extra),
    ]
    names = {re.split(r"[\[<>=~!]", one)[0].lower().replace("_", "-") for one in wanted}
    pins = [line for line in read("constraints.txt").splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9.]+", pin) for pin in pins), pins
    pinned = {pin.split("==")[0].lower().replace("_", "-") for pin in pins}
    assert names - {"retailsim"} <= pinned


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


# -- cheap imports -----------------------------------------------------------------------------


def test_the_command_line_imports_nothing_heavy() -> None:
    """``--help`` answers at once: what a command needs is imported when it runs."""
    code = f"import retailsim.sim.cli, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


# -- words -------------------------------------------------------------------------------------

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)|(?:src|href|srcset)=\"([^\"#]+)\"")
COMMAND = re.compile(r"(?:python -m sim|\bretailsim)(?: --?[a-z]+)* ([a-z]+)((?:[ \t].*)?)$", re.M)
CODE = re.compile(r"```.*?\n(.*?)```|^((?: {4}.*\n)+)|`([^`\n]+)`", re.DOTALL | re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*)")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link of a page is a file of the project."""
    for match in LINK.finditer(page.read_text(encoding="utf-8")):
        target = match[1] or match[2]
        if "://" not in target:
            assert (page.parent / target).exists(), f"{name(page)}: {target}"


def test_every_page_is_listed() -> None:
    """docs/index.md links to each page of docs/, and the README to the index."""
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    linked = {match[1] for match in LINK.finditer(index)}
    pages = {page.name for page in (ROOT / "docs").glob("*.md")}
    folders = {f"{page.parent.name}/" for page in (ROOT / "docs").glob("*/*.md")}
    assert pages - {"index.md"} | folders <= linked
    assert "docs/index.md" in {match[1] for match in LINK.finditer(read("README.md"))}


def code(page: Path) -> Iterator[str]:
    """The lines of a page that are code, without their comments."""
    for match in CODE.finditer(page.read_text(encoding="utf-8")):
        for line in (match[1] or match[2] or match[3]).splitlines():
            yield re.sub(r"\s#.*|\s{3,}\S.*", "", line.strip().replace("\\", ""))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_exist(page: Path) -> None:
    """Each command and option that a page names is one of the program's."""
    for line in code(page):
        for match in COMMAND.finditer(line):
            command = main.commands.get(match[1])
            assert command is not None, f"{name(page)}: {line}"
            known = {option for one in family(command) for option in one.opts}
            unknown = set(OPTION.findall(match[2])) - known - {"--help"}
            assert not unknown, f"{name(page)}: {line}: {unknown}"


def family(command: click.Command) -> list[click.Parameter]:
    """The parameters of a command and of those below it."""
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return [*command.params, *(one for sub in below for one in sub.params)]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_targets_exist(page: Path) -> None:
    """Each ``make`` line that a page names has its target."""
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    for line in code(page):
        if line.startswith("make "):
            named = {word for word in line.split()[1:] if re.fullmatch("[a-z]+", word)}
            assert named <= targets, f"{name(page)}: {line}"


@pytest.mark.slow
def test_the_module_map_is_true() -> None:
    """docs/architecture.md lists the modules there are; ``make map`` writes the list anew."""
    made = runpy.run_path(str(ROOT / "docs" / "module_map.py"))
    assert made["written"](read("docs/architecture.md")) == made["module_map"](), "run `make map`"


def test_files_named_in_the_architecture_exist() -> None:
    """Each path in the text of docs/architecture.md is there."""
    text = read("docs/architecture.md").split("## Module map")[0]
    for path in re.findall(r"`((?:events|market|agents|analysis|sim)/[a-z_/.]+)`", text):
        assert (ROOT / path).exists(), path


def test_nothing_tells_where_it_was_made() -> None:
    """No file names a machine's folders or the place packages come from."""
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        for what, pattern in FORBIDDEN.items():
            found = pattern.search(text)
            assert found is None, f"{name(path)} holds {what}: {found}"
