"""Starting the program: whatever stands in the folder, and without heavy imports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("package", ["agents", "analysis", "events", "market"])
def test_packages_of_our_folders_names_do_no_harm(tmp_path: Path, package: str) -> None:
    """Whoever works in a folder with a package `agents`, or has installed one, can start ours."""
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("raise SystemExit('the wrong one')")
    assert started(tmp_path, "-m", "sim", "schema").returncode == 0


@pytest.mark.slow
def test_a_built_in_agent_is_never_looked_up_in_the_folder(tmp_path: Path) -> None:
    """`behavioral` is ours, even where a folder holds modules of the same names."""
    for package in ("agents", "agents/behavioral", "retailsim/agents/behavioral"):
        (tmp_path / package).mkdir(parents=True)
        (tmp_path / package / "__init__.py").write_text("raise SystemExit('the wrong one')")
    (tmp_path / "mine.toml").write_text('[[sellers]]\nid = "a"\n[[buyers]]\nid = "b"\n')
    words = ("launch", "mine.toml", "--set", "products.per_category=1", "--out", "run")
    done = started(tmp_path, "-m", "sim", *words)
    assert done.returncode == 0, done.stderr


HEAVY = "polars rich structlog aiohttp msgspec anyio"


@pytest.mark.parametrize(
    "words", ["--help", "replay --help", "launch --help", "agents check --help", "--version"]
)
def test_help_imports_nothing_heavy(words: str) -> None:
    """So that it is there in a fraction of the 0.2 seconds that a person notices."""
    code = (
        "import sys\nfrom retailsim.sim.cli import main\n"
        f"try:\n    main({words.split()!r})\nexcept SystemExit:\n    pass\n"
        f"print(sorted(set({HEAVY.split()!r}) & sys.modules.keys()), file=sys.stderr)"
    )
    assert started(ROOT, "-c", code).stderr == "[]\n"
