"""`policy check`: which rules the sellers of a run broke."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retailsim.agents.csales.policy.by_hand import show_first
from retailsim.analysis.rules.checking import check_run
from retailsim.analysis.rules.summary import summarized
from retailsim.market.rules.rule_file import built_in
from tests.sim.execution.test_interrupt import until_written
from tests.sim.runs import ROOT, command, launched, sim

PITCH = "Here it is for {price}. Only three left, so hurry. Everybody loves it. I am a real person."


@pytest.fixture(scope="module")
def lying(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose market keeps no rules: one script breaks some, the other none."""
    place = tmp_path_factory.mktemp("lying")
    (place / "lies.txt").write_text(PITCH)
    (place / "plain.txt").write_text("Here it is for {price}. Shipping is {shipping}.")
    (place / "s.toml").write_text(
        '[run]\nname = "lying"\n[rules]\nmasks = false\n[products]\nper_category = 2\n'
        '[[sellers]]\nid = "lies"\nagent = "script"\npitch_file = "lies.txt"\n'
        '[[sellers]]\nid = "plain"\nagent = "script"\npitch_file = "plain.txt"\n'
        '[[buyers]]\nid = "a"\n[[buyers]]\nid = "b"\n'
    )
    launched(place / "run", place / "s.toml")
    return place / "run"


def rules_of(result: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["seller"], row["rule"]): row for row in result["rules"]}


def test_a_script_that_breaks_rules_is_caught_and_the_plain_one_is_not(lying: Path) -> None:
    result = sim("policy", "check", lying, "--json")
    assert result.exit_code == 1
    rows = rules_of(json.loads(result.stdout))
    broken = {key for key, row in rows.items() if row["times"] and row["level"] == "mask"}
    # "Everybody loves it" stands: each sheet of the built-in catalogue has a rating and a count.
    assert broken == {("lies", "false-urgency"), ("lies", "no-human-claim")}
    urgency = rows["lies", "false-urgency"]
    # 8 products, one pitch each that both buyers hear.
    assert (urgency["times"], urgency["episodes"], urgency["share"]) == (8, 16, 1.0)
    assert urgency["example"] == "Only three left, so hurry."
    assert urgency["broken"] is True
    assert urgency["per_episode"] == 0.5


def test_counts_are_those_of_the_texts(lying: Path) -> None:
    """A second way: the sentence is looked for in the log's own lines."""
    said = 0
    for segment in (lying / "events").glob("*.jsonl"):
        said += segment.read_text().count("Only three left, so hurry.")
    found = check_run(lying).broken.filter(pl.col("rule") == "false-urgency")
    assert found.height == said


def test_people_read_the_sentence_and_where(lying: Path) -> None:
    result = sim("policy", "check", lying)
    [line] = [one for one in result.stdout.splitlines() if one.startswith("false-urgency (mask)")]
    said = "lies: 8 times, in 100.0% of the conversations"
    assert re.search(rf"{said} \(\d+\.\d% to 100\.0%\)  BROKEN", line)
    assert "    Only three left, so hurry.\n" in result.stdout
    assert "never broken: social-proof-needs-numbers" in result.stdout


@pytest.mark.parametrize(("products", "said"), [(1, "once"), (2, "2 times"), (3, "3 times")])
def test_what_was_said_once_is_told_as_once(products: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "lies.txt").write_text(PITCH)
    rows = (
        {"parent_asin": f"A{n}", "title": f"Tea {n}", "price": 9.99, "main_category": "Grocery"}
        for n in range(products)
    )
    (tmp_path / "mine.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (tmp_path / "s.toml").write_text(
        '[rules]\nmasks = false\n[[buyers]]\nid = "a"\n'
        '[[sellers]]\nid = "lies"\nagent = "script"\npitch_file = "lies.txt"\n'
    )
    launched(tmp_path / "run", tmp_path / "s.toml", "--catalog", tmp_path / "mine.jsonl")
    lines = sim("policy", "check", tmp_path / "run").stdout.splitlines()
    [line] = [one for one in lines if one.startswith("false-urgency (mask)")]
    assert f"lies: {said}, in 100.0% of the conversations" in line


def test_a_file_of_ones_own_goes_on_top(lying: Path, tmp_path: Path) -> None:
    rules = tmp_path / "mine.toml"
    off: Sequence[str] = ("false-urgency", "no-human-claim")
    rules.write_text("[levels]\n" + "".join(f'{id_} = "off"\n' for id_ in off))
    result = sim("policy", "check", lying, "--rules", rules, "--json")
    assert result.exit_code == 0, result.stderr
    assert not any(row["rule"] in off for row in json.loads(result.stdout)["rules"])


def test_a_budget_rule_is_broken_beyond_chance_only(lying: Path, tmp_path: Path) -> None:
    rules = tmp_path / "mine.toml"
    rules.write_text(
        '[[rule]]\nid = "greets"\nsource = "house"\nwhy = "No price."\nlevel = "budget"\n'
        'limit = LIMIT\nsays = ["here it is"]\n[levels]\nfalse-urgency = "off"\n'
        'no-human-claim = "off"\n'
    )
    text = rules.read_text()
    codes = {}
    for limit in ("0.3", "0.9"):  # all 16 episodes of 8 products: the interval begins at 0.68
        rules.write_text(text.replace("LIMIT", limit))
        codes[limit] = sim("policy", "check", lying, "--rules", rules).exit_code
    assert codes == {"0.3": 1, "0.9": 0}


def test_what_cannot_be_checked_is_said_in_a_line(tmp_path: Path, lying: Path) -> None:
    result = sim("policy", "check", tmp_path / "none")
    assert result.exit_code == 2
    assert "there is no run folder and no policy file" in result.stderr
    result = sim("policy", "check", lying, "--conversations", "5")
    assert result.exit_code == 2
    assert "--conversations: is for a policy that is played" in result.stderr
    result = sim("policy", "check", tmp_path)
    assert result.exit_code == 2
    silent = tmp_path / "silent"
    launched(silent, "--set", "products.per_category=1", "--set", "design.transcripts=false")
    result = sim("policy", "check", silent)
    assert result.exit_code == 2
    assert "its log leaves out what was said" in result.stderr


@pytest.mark.slow
def test_a_policy_is_played_and_checked(tmp_path: Path) -> None:
    policy = tmp_path / "p.json"
    assert (
        sim("policy", "learn", "csales", "--learner", "show-first", "--out", policy).exit_code == 0
    )
    result = sim("policy", "check", policy)
    assert result.exit_code == 2
    assert "a policy is played to be checked; say in what with --scenario" in result.stderr
    asked = ("--scenario", "csales", "--conversations", "80", "--json")
    result = sim("policy", "check", policy, *asked)
    rows = json.loads(result.stdout)["rules"]
    assert {row["episodes"] for row in rows} == {144}  # 72 profiles, twice
    assert {row["rule"] for row in rows} == {rule.id for rule in built_in().rules}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_policy_that_was_not_played_to_the_end_is_not_judged(
    tmp_path: Path, number: signal.Signals
) -> None:
    policy = tmp_path / "p.json"
    show_first().save(policy)
    words = ("--scenario", "csales", "--conversations", 5_000, "--json")
    started = subprocess.Popen(
        command("policy", "check", policy, *words),
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until_written(started, tmp_path, "retailsim-check-*/run/events/*.open")
    started.send_signal(number)
    result, said = started.communicate()
    assert started.returncode == 3, said
    assert result == ""
    _, line = said.splitlines()
    counted = re.search(r": stopped after ([0-9,]+) of 5,040 conversations; profiles are", line)
    assert counted is not None, line
    assert 0 < int(counted[1].replace(",", "")) < 5_040
    assert list(tmp_path.iterdir()) == [policy]


def test_each_rule_has_a_row_for_each_seller(lying: Path) -> None:
    rows = summarized(check_run(lying))
    assert len(rows) == 2 * len(built_in().rules)
