"""Learners of others, in examples/: they run where what they need is installed."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LEARNERS = {"sb3_maskable_ppo": "sb3_contrib", "d3rlpy_offline": "d3rlpy"}
"""Example -> the package that it shows."""
FEW = {
    "sb3_maskable_ppo": ("--steps", "1024", "--episodes", "10"),
    "d3rlpy_offline": ("--steps", "50", "--episodes", "10"),
}

ENDS = {
    "sb3_maskable_ppo": " turns, 0 illegal actions",
    "d3rlpy_offline": " actions would have been illegal",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNERS)
def test_it_learns_and_never_does_what_is_not_legal(name: str) -> None:
    if find_spec(LEARNERS[name]) is None:
        pytest.skip(f"examples/{name}.txt is not installed")
    done = subprocess.run(
        [sys.executable, f"examples/{name}.py", *FEW[name]],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert re.search(r": \d+% buy, \$\d+\.\d\d net revenue and \$-?\d+\.\d\d buyer surplus", last)
    assert last.endswith(ENDS[name])


@pytest.mark.parametrize("name", LEARNERS)
def test_its_requirements_name_what_it_imports(name: str) -> None:
    code = (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")
    tops = {
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    tops = {top.partition(".")[0] for top in tops} - sys.stdlib_module_names
    needed = (ROOT / "examples" / f"{name}.txt").read_text(encoding="utf-8")
    named = {line.split("#")[0].strip() for line in needed.splitlines()} - {""}
    packages = {re.split(r"[\[=<>]", line)[0].replace("-", "_") for line in named}
    come_along = {"gymnasium", "numpy"}
    assert (tops | {"retailsim"}) - come_along == packages
    assert LEARNERS[name] in packages


def test_no_learner_of_others_is_a_dependency() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8").lower()
    for name in ("torch", "stable-baselines3", "sb3-contrib", "d3rlpy"):
        assert name not in project
