"""Packages of others that take our names are named, before anything of them is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.shadow import PACKAGES
from tests.sim.runs import ROOT


def started(folder: Path, *words: str, path: str = str(ROOT)) -> subprocess.CompletedProcess[str]:
    """Start the program in this folder, which Python searches first; ours is on the path."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def says(done: subprocess.CompletedProcess[str], package: str, intruder: Path) -> None:
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert f"error: the package '{package}' is taken by {intruder}, ours is in" in done.stderr
    assert "start from another directory, or uninstall the other package" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("package", sorted(set(PACKAGES) - {"sim"}))
def test_a_package_where_one_starts_is_named(tmp_path: Path, package: str) -> None:
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("")
    says(started(tmp_path, "-m", "sim", "schema"), package, tmp_path / package)


def test_a_module_of_our_name_is_named(tmp_path: Path) -> None:
    (tmp_path / "events.py").write_text("")
    says(started(tmp_path, "-m", "sim", "schema"), "events", tmp_path / "events.py")


def test_an_intruder_on_the_path_is_named_by_the_installed_program_too(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("retailsim")
    if not program.exists():
        pytest.skip("the program is not installed beside this interpreter")
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "agents").mkdir(parents=True)
    (elsewhere / "agents" / "__init__.py").write_text("")
    done = started(tmp_path, str(program), "schema", path=f"{elsewhere}{os.pathsep}{ROOT}")
    says(done, "agents", elsewhere / "agents")


def test_a_folder_that_is_no_package_does_no_harm(tmp_path: Path) -> None:
    """Ours stands on the path as a real package, which goes before a bare folder."""
    (tmp_path / "agents").mkdir()
    assert started(tmp_path, "-m", "sim", "schema").returncode == 0


HEAVY = "polars rich structlog aiohttp msgspec anyio"


@pytest.mark.parametrize(
    "words", ["--help", "replay --help", "launch --help", "agents check --help", "--version"]
)
def test_help_imports_nothing_heavy(words: str) -> None:
    """So that it is there in a fraction of the 0.2 seconds that a person notices."""
    code = (
        "import sys\nfrom sim.cli import main\n"
        f"try:\n    main({words.split()!r})\nexcept SystemExit:\n    pass\n"
        f"print(sorted(set({HEAVY.split()!r}) & sys.modules.keys()), file=sys.stderr)"
    )
    assert started(ROOT, "-c", code).stderr == "[]\n"
