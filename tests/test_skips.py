"""Skips are named, and one that nobody expects fails in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.skips import ALLOWED, is_allowed, skips

ROOT = Path(__file__).parents[1]
TESTS = """
import pytest

def test_runs():
    pass

def test_skips():
    pytest.skip({reason!r})
"""


def session(folder: Path, reason: str, *options: str, ci: bool = True) -> tuple[int, list[str]]:
    """Run pytest on a test that skips; return its status and what it says."""
    (folder / "test_it.py").write_text(TESTS.format(reason=reason))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CI": str(ci).lower()}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.skips", *options, str(folder)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "with workers"])
def test_an_unexpected_skip_fails_in_ci(tmp_path: Path, options: tuple[str, ...]) -> None:
    status, said = session(tmp_path, "no chromium", *options)
    assert status == 1
    assert said[-2] == (
        "skipped: test_it.py::test_skips: no chromium (not allowed in CI, see tests/skips.py)"
    )
    assert said[-1].startswith("1 passed, 1 skipped in ")


@pytest.mark.slow
def test_elsewhere_a_skip_is_named_only(tmp_path: Path) -> None:
    status, said = session(tmp_path, "no chromium", ci=False)
    assert (status, said[-2]) == (0, "skipped: test_it.py::test_skips: no chromium")


@pytest.mark.slow
def test_an_allowed_skip_passes_in_ci(tmp_path: Path) -> None:
    status, said = session(tmp_path, f"{next(iter(ALLOWED))} is not here")
    assert (status, said[-2][:35]) == (0, "skipped: test_it.py::test_skips: sh")


def test_only_what_nobody_can_install_may_be_missing() -> None:
    assert is_allowed("shared/data/retailsim_demo.json is not beside the repository")
    assert not is_allowed("chromium is not installed")


def test_a_file_that_is_skipped_as_a_whole_is_named() -> None:
    where = ("test_it.py", 3, "Skipped: could not import 'duckdb'")
    report = pytest.CollectReport("test_it.py", "skipped", where, [])
    assert list(skips([report])) == [("test_it.py", "could not import 'duckdb'")]
