"""The examples over HTTP pass the suite and play runs, each in its own language."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.sim.runs import ROOT, launched, sim

EXAMPLES = ROOT / "examples" / "over_http"


@contextmanager
def started(*words: str) -> Iterator[str]:
    """Start an example at any free port, and yield its address."""
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def checked(url: str, role: str, protocol: str = "retail") -> None:
    result = sim("agents", "check", url, "--role", role, "--protocol", protocol)
    assert result.exit_code == 0, result.stdout + result.stderr
    lines = result.stdout.splitlines()
    assert lines[-1] == "7 of 7 checks passed, 5 not checked"
    names = "determinism", "global random", "clock", "episodes apart", "side by side"
    skipped = [line for line in lines if line.startswith("skip")]
    assert [line.split("  ")[1] for line in skipped] == list(names)
    assert all("not checked: each question is asked once" in line for line in skipped)


def in_python() -> tuple[str, ...]:
    return (sys.executable, str(EXAMPLES / "agent.py"), "--port", "0")


def in_javascript() -> tuple[str, ...]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("examples/over_http/agent.mjs needs node")
    return (node, str(EXAMPLES / "agent.mjs"), "0")


@pytest.mark.slow
def test_the_scenario_of_the_example_runs_and_no_episode_fails(tmp_path: Path) -> None:
    with started(*in_python()) as url:
        seats = (
            "--set", f"sellers.shop.options.url={url}", "--set", f"buyers.ann.options.url={url}",
            "--set", "products.per_category=1",
        )  # fmt: skip
        said = launched(tmp_path / "run", EXAMPLES / "scenario.toml", *seats)
    assert said["episodes"] == {"opened": 16, "closed": 16, "failed": 0, "superseded": 0}
    assert not said["rejected_outputs"]
    assert not said["rejected_commands"]
    assert sim("verify", tmp_path / "run").exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize("role", ["seller", "buyer"])
def test_the_example_in_python_passes_the_suite(role: str) -> None:
    with started(*in_python()) as url:
        checked(url, role)


@pytest.mark.slow
def test_the_example_in_javascript_passes_the_suite_and_sells(tmp_path: Path) -> None:
    with started(*in_javascript()) as url:
        checked(url, "seller", "csales")
        checked(url, "buyer", "csales")
        words = ("--sellers", f"csi,{url}", "--buyers", url, "--set", "profiles.count=12")
        said = launched(tmp_path / "run", "csales", *words)
    assert said["episodes"]["closed"] == said["episodes"]["opened"] == 24
    assert all(row["orders"] for row in said["sellers"])
    assert not said["rejected_outputs"]
    assert not said["rejected_commands"]


@pytest.mark.slow
def test_an_agent_of_a_framework_buys(tmp_path: Path) -> None:
    if find_spec("pydantic_ai") is None:
        pytest.skip("examples/over_http/pydantic_ai_buyer.txt is not installed")
    with started(sys.executable, str(EXAMPLES / "pydantic_ai_buyer.py"), "--port", "0") as url:
        checked(url, "buyer")


def test_what_the_check_says_of_an_agent_that_is_not_there() -> None:
    down = sim("agents", "check", "http://127.0.0.1:9/")
    assert down.exit_code == 1
    assert "s: connection failed" in down.stdout
    for name in ("replies", "values", "outside"):
        assert re.search(f"^skip  {name} +not checked: there was no answer$", down.stdout, re.M)
    assert down.stdout.splitlines()[-1] == "2 of 3 checks passed, 3 not checked"
    bad = sim("agents", "check", "http", "--set", "url=ftp://x")
    assert bad.exit_code == 2
    assert "options of http: url 'ftp://x' must begin with http:// or https://" in bad.stderr


@pytest.mark.slow
def test_what_the_check_says_of_an_agent_that_refuses() -> None:
    with started(*in_python()) as url:
        wrong = sim("agents", "check", url, "--protocol", "csales")
    assert wrong.exit_code == 1
    assert "refused the request (HTTP 422): nobody here knows 'PlanTurn'" in wrong.stdout
    assert re.search("^FAIL  replies ", wrong.stdout, re.M)
    assert re.search("^skip  values +not checked: there was no answer$", wrong.stdout, re.M)


def test_the_requirements_of_the_framework_name_what_it_imports() -> None:
    code = (EXAMPLES / "pydantic_ai_buyer.py").read_text(encoding="utf-8")
    wanted = (EXAMPLES / "pydantic_ai_buyer.txt").read_text(encoding="utf-8")
    assert "from pydantic_ai import" in code
    assert wanted.startswith("pydantic-ai-slim")


def test_the_pages_answer_is_what_the_market_takes() -> None:
    """The request and the answer that the page shows are of the published form."""
    page = (ROOT / "docs" / "agent-over-http.md").read_text(encoding="utf-8")
    shown = [json.loads(block.split("```")[0]) for block in page.split("```json\n")[1:]]
    assert shown[0]["request"] == "Decide"
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "docs" / "wire-retail.schema.json").read_text(encoding="utf-8"))
    for answer in shown[1:2]:
        jsonschema.validate(answer, {**schema["answers"]["Decide"], "$defs": schema["$defs"]})
