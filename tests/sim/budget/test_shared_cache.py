"""Runs that share answers: the second pays nothing, and is as good a run as any."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.sim.budget.test_estimate import MODELS
from tests.sim.modelserver import Server, by_rote, completion, serving
from tests.sim.runs import event_lines, outside_lines, replayed, scenario, sim

SECRET = "sk-very-secret-indeed-1234567890"


def launched(server: Server, folder: Path, name: str, *arguments: object) -> Any:
    text = MODELS.format(url=server.url, products=1).replace("requests_per_minute = 120", "")
    path = scenario(folder, text + '\n[cache]\nfile = "answers.db"\n')
    return sim("launch", path, "--out", folder / name, *arguments)


@pytest.mark.slow
def test_the_second_run_asks_nothing_and_is_the_same(tmp_path: Path) -> None:
    with serving() as server:
        assert launched(server, tmp_path, "one").exit_code == 0
        asked = len(server.bodies)
        result = launched(server, tmp_path, "two", "--budget", "2")
        assert result.exit_code == 0, result.stderr
        assert len(server.bodies) == asked
    assert event_lines(tmp_path / "one") == event_lines(tmp_path / "two")
    first, second = (replayed(tmp_path / name)["cost"] for name in ("one", "two"))
    assert (first["saved_calls"], second["saved_calls"]) == (0, asked)
    assert (second["cost_nanousd"], second["saved_nanousd"]) == (0, first["cost_nanousd"])
    assert sim("verify", tmp_path / "two").exit_code == 0


@pytest.mark.slow
def test_answers_are_found_by_the_words_that_files_of_0_1_hold(tmp_path: Path) -> None:
    """Seed, episode or market, agent, tag of the reply, number of the call: not the stage."""
    with serving() as server:
        assert launched(server, tmp_path, "one").exit_code == 0
    with closing(sqlite3.connect(tmp_path / "answers.db")) as base:
        kept = {scope for (scope,) in base.execute("SELECT scope FROM answers")}
    records = list(map(json.loads, outside_lines(tmp_path / "one")))
    assert any(record["task"] != record["stage"] for record in records)
    assert kept == {
        f"1 {one['episode'] or one['market']} {one['source']} {one['task']} {one['call']}"
        for one in records
    }


@pytest.mark.slow
def test_another_seed_is_another_sample(tmp_path: Path) -> None:
    with serving() as server:
        launched(server, tmp_path, "one")
        asked = len(server.bodies)
        assert launched(server, tmp_path, "two", "--seed", 2).exit_code == 0
        assert len(server.bodies) > asked


@pytest.mark.slow
def test_what_had_to_be_asked_again_is_not_kept(tmp_path: Path) -> None:
    broken: list[dict[str, Any]] = []

    def sometimes(body: dict[str, Any]) -> tuple[int, Any]:
        if len(broken) < 5 and "cannot be used" not in json.dumps(body["messages"][-1]):
            broken.append(body)
            return 200, "no JSON"
        return by_rote({**body, "messages": [m for m in body["messages"] if _is_task(m)]})

    with serving(sometimes) as server:
        assert launched(server, tmp_path, "one").exit_code == 0
        asked = len(server.bodies)
        result = launched(server, tmp_path, "two")
        assert result.exit_code == 0, result.stderr
        again = server.bodies[asked:]
    assert len(broken) == 5
    assert 0 < len(again) <= asked
    for record in map(json.loads, outside_lines(tmp_path / "two")):
        assert not (record["saved"] and record["answer"] == "no JSON")


@pytest.mark.slow
def test_what_was_cut_off_is_not_kept_even_where_it_can_be_read(tmp_path: Path) -> None:
    """A model that ran out of room may have meant to say more: others shall ask again."""

    def cut(body: dict[str, Any]) -> tuple[int, Any]:
        status, answer = by_rote(body)
        return status, completion(body, answer, "length" if '"decision"' in answer else "stop")

    with serving(cut) as server:
        assert launched(server, tmp_path, "one").exit_code == 0
        asked = len(server.bodies)
        assert launched(server, tmp_path, "two").exit_code == 0
        again = len(server.bodies) - asked
    [one, two] = [
        [json.loads(line) for line in outside_lines(tmp_path / name)] for name in ("one", "two")
    ]
    whole = {record["finish"] == "stop" for record in two if record["saved"]}
    assert whole == {True}
    assert again == sum(record["finish"] == "length" for record in one) > 0


def _is_task(message: dict[str, Any]) -> bool:
    said = json.dumps(message)
    return "cannot be used" not in said and "no JSON" not in said


@pytest.mark.slow
def test_with_mode_only_a_miss_stops_the_run_and_says_why(tmp_path: Path) -> None:
    with serving() as server:
        launched(server, tmp_path, "one")
        asked = len(server.bodies)
        only = ("--set", "cache.mode=only")
        assert launched(server, tmp_path, "two", *only).exit_code == 0
        result = launched(server, tmp_path, "three", *only, "--seed", 2)
        assert result.exit_code == 3
        assert 'cache.mode = "only", and no answer is kept for' in result.stderr
        assert len(server.bodies) == asked


def test_with_mode_only_answers_are_never_asked_for_lack_of_a_file(tmp_path: Path) -> None:
    with serving() as server:
        only = ("--set", "cache.mode=only")
        missing = launched(server, tmp_path, "one", *only)
        assert missing.exit_code == 2
        assert "there is no such file" in missing.stderr
        unnamed = scenario(tmp_path, MODELS.format(url=server.url, products=1))
        result = sim("launch", unnamed, "--out", tmp_path / "two", *only)
        assert result.exit_code == 2
        assert "so cache.file must be set" in result.stderr
        assert not server.bodies
    assert [path.name for path in tmp_path.iterdir()] == ["scenario.toml"]


def test_a_dry_run_leaves_no_cache_behind_and_checks_one_that_is_there(tmp_path: Path) -> None:
    with serving() as server:
        assert launched(server, tmp_path, "run", "--dry-run").exit_code == 0
        assert [path.name for path in tmp_path.iterdir()] == ["scenario.toml"]
        (tmp_path / "answers.db").write_text("these are my notes " * 100)
        assert launched(server, tmp_path, "run", "--dry-run").exit_code == 2


def test_a_file_that_is_no_cache_is_told_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "answers.db").write_text("these are my notes " * 100)
    with serving() as server:
        result = launched(server, tmp_path, "run")
    assert result.exit_code == 2
    assert "it is not a cache of answers" in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_no_key_is_in_the_file(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("OUR_KEY", SECRET)
    with serving() as server:
        words = ("--set", "models.local.key_env=OUR_KEY")
        assert launched(server, tmp_path, "run", *words).exit_code == 0
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("answers.db*"))
    assert kept
    assert SECRET.encode() not in kept


@pytest.mark.slow
def test_a_cache_serves_two_workers(tmp_path: Path) -> None:
    with serving() as server:
        assert launched(server, tmp_path, "one", "--workers", 2).exit_code == 0
        asked = len(server.bodies)
        assert launched(server, tmp_path, "two", "--workers", 2).exit_code == 0
        assert len(server.bodies) == asked
    assert event_lines(tmp_path / "one") == event_lines(tmp_path / "two")
