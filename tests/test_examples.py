"""Everything in examples/ and on the page about writing an agent works as it stands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from retailsim.agents.conformance import check, render
from retailsim.agents.registry import GROUP, part_of, resolve

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
PAGE = ROOT / "docs" / "writing-an-agent.md"
ELSEWHERE = {"over_http", "small_model", "study"}
"""Folders whose scenarios need a server of theirs, or people: see tests/wire/test_wire_examples.py,
tests/llm/test_small_model.py and tests/study/test_study_docs.py."""
SCENARIOS = sorted(path for path in EXAMPLES.rglob("*.toml") if path.parent.name not in ELSEWHERE)

_BLOCK = re.compile(r"^```(\w+)\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    """The page's blocks of one language that say which file they are."""
    return [text for kind, _, text in _BLOCK.findall(PAGE.read_text()) if kind == language]


def classes(code: str) -> list[str]:
    return re.findall(r"^class (\w+)", code, re.MULTILINE)


def launched(scenario: Path, out: Path) -> dict[str, Any]:
    """Run a scenario as the page says and return what replaying it gives."""
    for arguments in (
        ["launch", str(scenario), "--out", str(out), "--set", "products.per_category=2"],
        ["verify", str(out)],
        ["replay", str(out), "--json"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "sim", *arguments], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize("code", blocks("python"), ids=lambda code: classes(code)[0])
def test_each_agent_on_the_page_passes_the_suite(tmp_path: Path, code: str) -> None:
    (tmp_path / "my_agents.py").write_text(code)
    name = f"my_agents:{classes(code)[0]}"
    protocol, role = part_of(name, folder=tmp_path)
    agent_class = resolve(name, role, folder=tmp_path, protocol=protocol)
    findings = check(agent_class, role, timeout_s=10.0)
    assert all(finding.passed for finding in findings), render(findings)


def test_the_page_has_the_blocks_that_are_tested() -> None:
    assert [classes(code) for code in blocks("python")] == [
        ["Thrifty"],
        ["Moody"],
        ["Terse"],
        ["WellInformed"],
        ["Straight"],
    ]
    assert len(blocks("toml")) == 2


def test_the_entry_point_on_the_page_is_in_the_group_that_is_searched() -> None:
    table = tomllib.loads(blocks("toml")[1])
    assert table["project"]["entry-points"] == {GROUP: {"thrifty": "my_agents:Thrifty"}}


@pytest.mark.slow
def test_the_five_minutes_on_the_page_end_in_a_run(tmp_path: Path) -> None:
    (tmp_path / "my_agents.py").write_text(blocks("python")[0])
    (tmp_path / "scenario.toml").write_text(blocks("toml")[0])
    result = launched(tmp_path / "scenario.toml", tmp_path / "run")
    assert (result["episodes"]["opened"], result["episodes"]["closed"]) == (16, 16)
    assert {row["buyer"] for row in result["buyers"]} == {"usual", "thrifty"}


@pytest.mark.slow
def test_the_seller_from_scratch_on_the_page_sells(tmp_path: Path) -> None:
    (tmp_path / "my_agents.py").write_text(blocks("python")[2])
    seats = '[[sellers]]\nid = "terse"\nagent = "my_agents:Terse"\n[[buyers]]\nid = "usual"\n'
    (tmp_path / "scenario.toml").write_text(seats)
    result = launched(tmp_path / "scenario.toml", tmp_path / "run")
    assert (result["episodes"]["opened"], result["episodes"]["closed"]) == (8, 8)


@pytest.mark.slow
def test_the_seller_of_conversations_on_the_page_sells(tmp_path: Path) -> None:
    (tmp_path / "my_agents.py").write_text(blocks("python")[4])
    arguments = ["launch", "csales", "--sellers", "csi,my_agents:Straight", "--out", "run"]
    done = subprocess.run(
        [sys.executable, "-m", "sim", *arguments], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    events = [
        json.loads(line)
        for log in (tmp_path / "run" / "events").glob("*.jsonl")
        for line in log.read_text().splitlines()
    ]
    opened = {e["episode"]: e["seller"] for e in events if e.get("type") == "EpisodeOpened"}
    sold = {opened[e["episode"]] for e in events if e.get("type") == "OrderPlaced"}
    assert len(set(opened.values())) == 2
    assert sold == set(opened.values())
    assert not [e for e in events if e.get("type") in ("EpisodeFailed", "CommandRejected")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "said"),
    [("my_agents:Thrifty", "11 of 11 checks passed"), ("my_agents:Nobody", "there is no Nobody")],
)
def test_the_check_on_the_page_works_from_the_command_line(
    tmp_path: Path, command: str, said: str
) -> None:
    (tmp_path / "my_agents.py").write_text(blocks("python")[0])
    done = subprocess.run(
        [sys.executable, "-m", "sim", "agents", "check", command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_each_example_runs_and_no_episode_fails(tmp_path: Path, scenario: Path) -> None:
    episodes = launched(scenario, tmp_path / "run")["episodes"]
    assert episodes["closed"] == episodes["opened"] > 0


def test_the_thrifty_buyer_passes_the_suite() -> None:
    buyer = resolve("thrifty_buyer:ThriftyBuyer", "buyer", folder=EXAMPLES)
    findings = check(buyer, "buyer", options={"at_most": 20}, timeout_s=10.0)
    assert all(finding.passed for finding in findings), render(findings)


@pytest.mark.slow
def test_the_thrifty_buyer_pays_no_more_than_its_limit(tmp_path: Path) -> None:
    launched(EXAMPLES / "thrifty_buyer.toml", tmp_path / "run")
    (log,) = (tmp_path / "run" / "events").glob("*.jsonl")
    orders = [
        event
        for event in map(json.loads, log.read_text().splitlines())
        if event.get("type") == "OrderPlaced" and event["episode"].endswith("thrifty")
    ]
    assert orders
    assert all(order["unit_price_cents"] + order["shipping_cents"] <= 2000 for order in orders)


def test_the_pitch_of_ones_own_passes_the_suite() -> None:
    options = {"pitch_file": str(EXAMPLES / "own_pitch" / "pitch.md")}
    findings = check(resolve("script", "seller"), "seller", options=options, timeout_s=10.0)
    assert all(finding.passed for finding in findings), render(findings)
