"""What is built and installed: two names of ours, beside a package that has one of our old ones.

`openai-agents` is imported as `agents`, as a folder of ours is named. Installed in either order,
both work, together in one plug-in too, and it still works when ours is removed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("agents", "analysis", "events", "market", "sim")
BUILD = "build==1.6.1"
NEIGHBOUR = "openai-agents==0.24.0"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
SMALL = ("--set", "products.per_category=1")

FROM_PYTHON = """
import retailsim
run = retailsim.run("pairwise", settings={"products.per_category": 1}, out="from python")
print(run.measures()["episodes"]["closed"], run.path.is_dir())
"""
PLUGIN = '''
"""A plug-in of somebody else, who uses openai-agents."""

from agents import Agent

from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer

HELPER = Agent(name="helper", instructions="Say what to ask.")


class Helped(BehavioralBuyer):
    """Buys as a built-in buyer does, with an agent of another kind beside it."""
'''
PLUGIN_PROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
[project]
name = "helped"
version = "1.0"
dependencies = ["openai-agents", "retailsim"]
[project.entry-points."retailsim.agents"]
helped = "helped:Helped"
[tool.setuptools]
py-modules = ["helped"]
"""
UNHARMED = """
import asyncio
from base64 import urlsafe_b64encode
from hashlib import sha256
from importlib.metadata import files
from agents import Agent, RunContextWrapper, function_tool

for file in files("openai-agents"):
    if file.hash is not None:
        found = urlsafe_b64encode(sha256(file.read_binary()).digest()).rstrip(b"=").decode()
        assert found == file.hash.value, file

@function_tool
def price(product: str) -> int:
    return 5

agent = Agent(name="seller", tools=[price])
tools = asyncio.run(agent.get_all_tools(RunContextWrapper(None)))
assert [tool.name for tool in tools] == ["price"]
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Return what a command says on either stream, once it has ended well; no clone is in sight."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ran = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


def tracked() -> list[Path]:
    """Return all that is under version control, relative to the repository."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("the project's files are not in a git repository here")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    paths = [Path(one) for one in listed.stdout.decode().split("\0") if one]
    return [path for path in paths if (ROOT / path).exists()]


def environment(folder: Path) -> Path:
    """Make an empty virtual environment; returns its interpreter."""
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    return folder / "bin" / "python"


def pip_install(python: Path, *what: str | Path) -> None:
    quiet = ("--quiet", "--disable-pip-version-check", "-c", ROOT / "constraints.txt")
    run(python, "-m", "pip", "install", *quiet, *what, cwd=python.parent)


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is under version control, links as links."""
    copy = tmp_path_factory.mktemp("source")
    for path in tracked():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, copy / path, follow_symlinks=False)
    return copy


@pytest.fixture(scope="session")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that pip builds of the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", folder, source, cwd=folder)
    [wheel] = folder.glob("retailsim-*.whl")
    return wheel


@pytest.fixture(scope="session")
def distributions(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist of the tree, and the wheel of that sdist."""
    folder = tmp_path_factory.mktemp("distributions")
    python = environment(folder / "builder")
    pip_install(python, BUILD)
    said = run(python, "-m", "build", "--outdir", folder, source, cwd=folder)
    assert "is absent from" not in said and "Deprecat" not in said
    [sdist], [wheel] = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_wheel_owns_two_names(wheel: Path) -> None:
    """`retailsim`, and `sim` for ``python -m sim``."""
    tops = {name.partition("/")[0] for name in contents(wheel)}
    assert tops == {"retailsim", "sim", f"retailsim-{VERSION}.dist-info"}


def test_its_description_is_that_of_packages(wheel: Path) -> None:
    """Links of the README lead to files that no wheel has."""
    said = contents(wheel)[f"retailsim-{VERSION}.dist-info/METADATA"].decode()
    text = (ROOT / "launcher" / "description.md").read_text(encoding="utf-8")
    assert said.partition("\n\n")[2].strip() == text.strip()


def test_the_wheel_holds_every_file_of_the_folders(wheel: Path) -> None:
    held = contents(wheel)
    for path in tracked():
        if path.parts[0] in FOLDERS and (ROOT / path).is_file():
            assert held[f"retailsim/{path}"] == (ROOT / path).read_bytes()


def test_the_sdist_holds_the_linked_folders_and_gives_the_same_wheel(
    wheel: Path, distributions: tuple[Path, Path]
) -> None:
    sdist, of_sdist = distributions
    with tarfile.open(sdist) as archive:
        members = {member.name.partition("/")[2]: member for member in archive.getmembers()}
    assert all(members[f"retailsim/{folder}/__init__.py"].isfile() for folder in FOLDERS)
    assert not any(member.issym() for member in members.values())
    for path in tracked():
        if path.parts[0] in ("docs", "examples", "tests"):
            assert members[str(path)].isfile(), path
    assert not any("__pycache__" in name for name in members)
    assert contents(of_sdist) == contents(wheel)


@pytest.mark.parametrize("order", ["ours first", "theirs first"])
def test_it_works_beside_openai_agents(
    order: str, distributions: tuple[Path, Path], tmp_path: Path
) -> None:
    """Outside of any clone: first as a wheel, second as an sdist."""
    sdist, wheel = distributions
    python = environment(tmp_path / "venv")
    for what in (wheel, NEIGHBOUR) if order == "ours first" else (NEIGHBOUR, sdist):
        pip_install(python, what)
    (tmp_path / "work").mkdir()
    the_program_runs(python, tmp_path / "work")
    an_agent_beside_its_scenario_runs(python, tmp_path / "work")
    a_plugin_may_use_both(python, tmp_path / "work")
    run(python, "-c", UNHARMED, cwd=tmp_path)
    run(python, "-m", "pip", "uninstall", "--yes", "retailsim", cwd=tmp_path)
    run(python, "-c", UNHARMED, cwd=tmp_path)
    left = "import importlib.util as u; print([u.find_spec(n) for n in ('retailsim', 'sim')])"
    assert run(python, "-c", left, cwd=tmp_path).strip() == "[None, None]"


def the_program_runs(python: Path, folder: Path) -> None:
    program = python.parent / "retailsim"
    assert VERSION in run(program, "--version", cwd=folder)
    for number, words in enumerate([(program,), (python, "-m", "sim")]):
        said = run(*words, "launch", *SMALL, "--out", f"run {number}", cwd=folder)
        assert "100 of 100 episodes closed" in said
    assert "every event is the same" in run(program, "verify", "run 0", cwd=folder)
    assert run(python, "-c", FROM_PYTHON, cwd=folder).split() == ["100", "True"]


def an_agent_beside_its_scenario_runs(python: Path, folder: Path) -> None:
    for name in ("thrifty_buyer.py", "thrifty_buyer.toml"):
        shutil.copy(ROOT / "examples" / name, folder)
    words = ("launch", "thrifty_buyer.toml", *SMALL, "--out", "thrifty")
    assert "episodes closed" in run(python.parent / "retailsim", *words, cwd=folder)


def a_plugin_may_use_both(python: Path, folder: Path) -> None:
    """An agent of a third package that imports the other `agents`; in worker processes, too."""
    plugin = folder / "plugin"
    plugin.mkdir()
    (plugin / "helped.py").write_text(PLUGIN)
    (plugin / "pyproject.toml").write_text(PLUGIN_PROJECT)
    pip_install(python, plugin)
    program = python.parent / "retailsim"
    words = ("launch", *SMALL, "--buyers", "helped", "--workers", "2", "--out", "helped")
    assert "20 of 20 episodes closed" in run(program, *words, cwd=folder)
    assert "helped 1.0" in run(program, "agents", cwd=folder)
    run(program, "agents", "check", "helped:Helped", cwd=folder)
