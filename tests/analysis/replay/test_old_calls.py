"""Calls of runs that version 0.1 made: their lines hold the reply's tag and not the stage."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retailsim.analysis.replay.replay import replay
from retailsim.events.log.reader import read_lines
from retailsim.events.messages import DecisionMade, ModelCalled
from tests.analysis.fakelog import closed, episode, market, opened, write_run
from tests.sim.runs import sim

DATA = Path(__file__).parents[2] / "data"

RETAIL = {
    ("buyer", "decision"): (6, 9_195, 158, 9_511_000),
    ("buyer", "post_inquiry"): (9, 9_152, 159, 9_470_000),
    ("buyer", "pre_inquiry"): (10, 13_415, 170, 13_755_000),
    ("buyer", "review"): (3, 5_259, 273, 5_805_000),
    ("buyer", "topics"): (5, 5_738, 140, 6_018_000),
    ("seller", "pitch"): (2, 1_969, 114, 2_197_000),
    ("seller", "post_inquiry"): (5, 4_645, 70, 4_785_000),
    ("seller", "pre_inquiry"): (10, 8_179, 140, 8_459_000),
    ("seller", "settlement"): (2, 2_214, 80, 2_374_000),
    ("seller", "strategy"): (2, 1_681, 108, 1_897_000),
}
"""Calls, tokens in and out and nanodollars of each stage, counted by hand from the lines."""
CSALES = {
    ("buyer", "opening"): 4,
    ("buyer", "responding"): 8,
    ("seller", "planning"): 8,
    ("seller", "selling"): 16,
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy, because a replay writes into the folder."""
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in read_lines(run / "events")]


def test_the_kept_runs_are_such_as_do_not_say_the_stage() -> None:
    for name in ("retail-0.1", "csales-0.1"):
        calls = [line for line in lines(DATA / name) if line["type"] == "ModelCalled"]
        assert calls
        assert not any("task" in call for call in calls)


def test_cost_by_stage_of_an_old_retail_run_is_that_of_a_count_by_hand(old: Path) -> None:
    cost = replay(old / "retail-0.1").cost
    assert cost is not None
    found = {
        (row.role, row.stage): (row.calls, row.input_tokens, row.output_tokens, row.cost_nanousd)
        for row in cost.stages
    }
    assert found == RETAIL
    assert cost.calls == sum(count for count, *_ in RETAIL.values())


def test_cost_by_stage_of_an_old_conversation_is_that_of_a_count_by_hand(old: Path) -> None:
    cost = replay(old / "csales-0.1").cost
    assert cost is not None
    assert {(row.role, row.stage): row.calls for row in cost.stages} == CSALES


def test_what_is_said_is_where_the_market_put_the_message(old: Path) -> None:
    """By another way: the message that a call led to has the dialogue's name in the log."""
    cost, logged = replay(old / "retail-0.1").cost, lines(old / "retail-0.1")
    assert cost is not None
    dialogue = {
        (line["episode"], line["source"], line["t"]): line["stage"]
        for line in logged
        if line["type"] == "MessageSent"
    }
    answers = Counter(
        dialogue[line["episode"], line["source"], line["t"]]
        for line in logged
        if line["type"] == "ModelCalled" and line["stage"] == "answer"
    )
    sellers = {row.stage: row.calls for row in cost.stages if row.role == "seller"}
    assert answers == {stage: sellers[stage] for stage in ("pre_inquiry", "post_inquiry")}


def test_an_old_run_replays_to_the_episodes_it_had(old: Path) -> None:
    found = replay(old / "retail-0.1")
    assert (found.episodes.closed, found.episodes.failed) == (8, 0)
    assert found.episodes.superseded == 1
    found = replay(old / "csales-0.1")
    assert found.episodes.closed == 4


# -- the rule, line by line ----------------------------------------------------------------


def call(tag: str, t: int, **fields: Any) -> ModelCalled:
    """An old line: `task` is not there, which reads as None."""
    everyday: dict[str, Any] = dict.fromkeys(
        ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cost_nanousd"), 1
    )
    everyday |= dict.fromkeys(("prompt_version", "request_sha256", "answer"), "")
    everyday |= {"market": "m", "episode": "e", "source": "seller:s", "call": t, "role": "seller"}
    everyday |= {"model": "x", "finish": "stop"}
    return ModelCalled(stage=tag, t=t, **(everyday | fields))


def stages(folder: Path, *logged: Any) -> dict[str, int]:
    cost = replay(write_run(folder / "run", list(logged))).cost
    assert cost is not None
    return {str(row.stage): row.calls for row in cost.stages}


def decided() -> DecisionMade:
    """The third event of a market, so made at 2,000 microseconds."""
    return DecisionMade(
        will_purchase=True, quantity=1, quantity_reason="", sentiment="Positive", reason=""
    )


def test_the_decision_parts_the_two_dialogues(tmp_path: Path) -> None:
    events = market("m", closed("e", opened(), decided()))
    found = stages(tmp_path, *events, *(call("answer", t) for t in (0, 1999, 2000, 2001, 9000)))
    assert found == {"pre_inquiry": 3, "post_inquiry": 2}


def test_without_a_decision_all_of_it_was_the_inquiry(tmp_path: Path) -> None:
    found = stages(tmp_path, *market("m", episode("e", opened())), call("message", 10**12))
    assert found == {"pre_inquiry": 1}


def test_each_episode_has_a_decision_of_its_own(tmp_path: Path) -> None:
    parts = (closed(name, opened(), decided()) for name in ("e", "f"))
    calls = (call("answer", 3000, episode=name) for name in ("e", "f"))
    assert stages(tmp_path, *market("m", *parts), *calls) == {"pre_inquiry": 1, "post_inquiry": 1}


def test_a_line_with_a_task_is_taken_at_its_word(tmp_path: Path) -> None:
    """Whatever stages a protocol has, and whatever they are called."""
    new = [call(stage, t, task="answer") for t, stage in enumerate(("plan", "answer", "bidding"))]
    events = market("m", closed("e", opened(), decided()))
    assert stages(tmp_path, *events, *new) == {"plan": 1, "answer": 1, "bidding": 1}


def test_an_old_and_a_new_call_of_one_stage_are_one_row(tmp_path: Path) -> None:
    events = market("m", closed("e", opened(), decided()))
    logged = (call("plan", 1), call("planning", 2, task="plan"))
    assert stages(tmp_path, *events, *logged) == {"planning": 2}


def test_a_run_of_two_versions_has_no_column_more(old: Path, tmp_path: Path) -> None:
    from retailsim.analysis import load

    assert "decided_t" not in load(old / "retail-0.1").episodes.columns
    assert load(old / "retail-0.1").calls.schema["cost_nanousd"] == pl.Int64()


# -- going on with one ---------------------------------------------------------------------


def test_an_old_run_is_checked_and_not_played_again(old: Path) -> None:
    result = sim("verify", old / "retail-0.1")
    assert result.exit_code == 0, result.stderr
    assert "not re-executed: it was made by version 0.1.0 (event schema 1" in result.stdout


def test_an_old_run_is_not_resumed(old: Path) -> None:
    result = sim("resume", old / "retail-0.1")
    assert result.exit_code == 2
    [line] = result.stderr.splitlines()
    assert "made by version 0.1.0 (event schema 1" in line
    assert "resume with the version that made it" in line
