"""Without an optional package each command says in one line what to type, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from retailsim.events import extras
from retailsim.events.extras import MODULES, extra_of, how_to_install
from retailsim.sim.error_line import line_and_status
from retailsim.sim.errors import MissingExtra, packages_for
from tests.sim.runs import launched

ROOT = Path(__file__).resolve().parents[3]

WITHOUT = """
import sys
from importlib.machinery import PathFinder
from retailsim.events.extras import MODULES

found = PathFinder.find_spec
PathFinder.find_spec = lambda name, *more: None if name in MODULES else found(name, *more)
from click.testing import CliRunner
from retailsim.sim.cli import main

for line in sys.stdin.read().splitlines():
    result = CliRunner().invoke(main, line.split())
    print(result.exit_code, line, "|", result.stderr.replace("\\n", " // "))
"""
"""Runs commands where no optional package can be imported."""


def asked_for() -> dict[str, list[str]]:
    """The packages of each extra, as pyproject.toml names them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = project["optional-dependencies"]
    return {name: found[name] for name in found if name != "dev"}


@pytest.mark.slow
def test_every_package_of_an_extra_is_known_by_its_module() -> None:
    names = packages_distributions()
    known = {
        (extra, distribution.lower().replace("_", "-"))
        for module, extra in MODULES.items()
        for distribution in names.get(module, [module])
    }
    wanted = {
        (extra, re.split("[<>=]", package)[0])
        for extra, packages in asked_for().items()
        for package in packages
    }
    assert known == wanted


def test_from_a_clone_the_hint_installs_the_clone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "executable", str(ROOT / ".venv" / "bin" / "python"))
    told = ".venv/bin/python -m pip install -c constraints.txt -e '.[analysis]'"
    assert how_to_install("analysis") == told
    error = ModuleNotFoundError("No module named 'scipy.stats'", name="scipy.stats")
    line = f"this needs the package scipy.stats, which is not installed; install it: {told}"
    assert line_and_status(error) == (line, 2)


def test_without_a_clone_it_names_what_an_index_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No index has the project itself."""
    monkeypatch.setattr(extras, "__file__", str(tmp_path / "retailsim" / "events" / "extras.py"))
    says = ["rich>=13.9", 'gymnasium>=1.1; extra == "rl"', "pettingzoo>=1.25 ; extra == 'rl'"]
    monkeypatch.setattr(extras, "requires", lambda name: says)
    assert how_to_install("rl").endswith(" -m pip install 'gymnasium>=1.1' 'pettingzoo>=1.25'")
    monkeypatch.setattr(extras, "requires", lambda name: None)
    assert how_to_install("rl").endswith(" -m pip install gymnasium pettingzoo")


def test_a_module_of_somebody_else_is_not_taken_for_ours() -> None:
    assert extra_of(ModuleNotFoundError("No module named 'torch'", name="torch")) is None
    assert extra_of(ModuleNotFoundError("nameless")) is None


@pytest.mark.parametrize(("module", "extra"), [("ray", "cluster"), ("jinja2", "analysis")])
def test_a_command_names_the_extra_that_brings_what_it_lacks(module: str, extra: str) -> None:
    with pytest.raises(MissingExtra) as told, packages_for("it"):
        raise ModuleNotFoundError(f"No module named '{module}'", name=module)
    assert str(told.value).endswith(how_to_install(extra))


@pytest.mark.slow
def test_no_command_ends_with_a_traceback_where_packages_are_missing(tmp_path: Path) -> None:
    for name, scenario in (("run", "pairwise"), ("talks", "csales")):
        launched(tmp_path / name, scenario, "--set", "products.per_category=1")
    row = "design.discount=0.1,orders,49,56,96,96"
    (tmp_path / "observed.csv").write_text(
        f"change,measure,before,after,n_before,n_after\n{row}\n", encoding="utf-8"
    )
    needing = [
        "report run", "compare run run", "experiment pairwise --plan", "experiment pairwise",
        "experiment policy", "experiment csales --plan", "infer run run", "policy mine talks",
        "policy learn csales --out learnt.json", "policy evaluate x.json --log talks",
        "policy check talks", "annotate score run/derived/annotation form.csv",
        "launch --set log.compress=true --out packed", "plan pairwise --difference 3",
        "sweep pairwise design.discount=0,0.1", "backtest pairwise observed.csv", "launch --report",
    ]  # fmt: skip
    content = [
        "replay run", "replay talks --json", "verify run", "resume run", "agents", "schema",
        "annotate export run", "export run episodes --out episodes.csv", "launch --dry-run",
        "launch --sellers openai/gpt-5.4-mini --dry-run",
    ]  # fmt: skip
    runs = set(tmp_path.glob("runs/*"))
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        input="\n".join([*needing, *content]),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert done.stderr == ""
    assert set(tmp_path.glob("runs/*")) == runs, "it was said before anything was played"
    for line, command in zip(lines, [*needing, *content], strict=True):
        assert "Traceback" not in line
        if command in needing:
            assert line.startswith(f"2 {command} |")
            assert re.search(r"error: [^|]* needs? the package \w+\b.* -m pip install ", line)
        else:
            assert line.startswith(f"0 {command} |")
