"""An experiment of several runs goes on where it stopped, with one budget for all of them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from retailsim.sim.experiments.arm_runs import spent
from tests.analysis.fakelog import market, write_run
from tests.sim.modelserver import serving
from tests.sim.runs import sim

WORDS = ("persona-effects", "--set", "products.per_category=2")


def outcome(*arguments: object) -> object:
    result = sim("experiment", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)["outcome"]


@pytest.mark.slow
def test_the_same_words_go_on_with_what_is_missing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = outcome(*WORDS, "--out", out)
    log = next((out / "buyers" / "events").glob("*.jsonl"))
    written = log.stat().st_mtime_ns
    shutil.rmtree(out / "sellers")
    assert outcome(*WORDS, "--out", out) == first
    assert log.stat().st_mtime_ns == written


@pytest.mark.slow
def test_a_run_that_was_cut_off_is_finished(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = outcome(*WORDS, "--out", out)
    log = next((out / "sellers" / "events").glob("*.jsonl"))
    lines = log.read_bytes()
    log.rename(log.with_name(log.name + ".open"))
    log.with_name(log.name + ".open").write_bytes(lines[: len(lines) // 2])
    (out / "sellers" / "events" / "SEAL").unlink()
    assert outcome(*WORDS, "--out", out) == first


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [(*WORDS, "--seed", 2), ("demographic",), (*WORDS, "--sellers", "plain-dealer")]
)
def test_other_words_are_refused(words: tuple[str, ...], tmp_path: Path) -> None:
    out = tmp_path / "out"
    outcome(*WORDS, "--out", out)
    result = sim("experiment", *words, "--out", out)
    assert result.exit_code == 2
    assert "holds the runs of another experiment: choose another --out" in result.stderr


@pytest.mark.slow
def test_after_words_that_made_no_sense_the_folder_serves_others(tmp_path: Path) -> None:
    out = tmp_path / "out"
    wrong = sim("experiment", "demographic", "--set", "products.per_category=0", "--out", out)
    assert wrong.exit_code == 2
    assert "per_category" in wrong.stderr
    right = sim("experiment", *WORDS, "--out", out)
    assert right.exit_code == 0, right.stderr


def test_what_other_runs_cost_is_no_longer_there_to_spend(tmp_path: Path) -> None:
    call = {
        "type": "ModelCalled",
        "market": "m",
        "episode": None,
        "source": "market",
        "seq": 1,
        "t": 0,
        "model": "x/y",
        "role": "seller",
        "stage": "pitch",
        "input_tokens": 1,
        "cached_tokens": 0,
        "output_tokens": 1,
        "reasoning_tokens": 0,
        "cost_nanousd": 2_500_000_000,
    }
    for name in ("0.0", "0.25"):
        write_run(tmp_path / name, [*market("m"), call])
        (tmp_path / name / "run.toml").touch()
    (tmp_path / "experiment.json").touch()
    assert spent(tmp_path, but=tmp_path / "0.5") == pytest.approx(5.0)
    assert spent(tmp_path, but=tmp_path / "0.25") == pytest.approx(2.5)


@pytest.mark.slow
def test_ratings_fill_table_1(tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("fidelity", "--set", "products.per_category=1", "--out", out)
    empty = sim("experiment", *words, "--json")
    assert empty.exit_code == 0, empty.stderr
    assert "forms:" in empty.stderr
    key = json.loads((out / "annotation" / "key.json").read_text())
    sheet = (out / "annotation" / "ratings.csv").read_text(encoding="utf-8-sig")
    assert sheet.count("\n") > len(key["items"])
    rated = out / "ratings-ann.json"
    rated.write_text(json.dumps(answers(key)))
    told = sim("experiment", "fidelity", "--out", out, "--ratings", rated, "--json")
    assert told.exit_code == 0, told.stderr
    for before, row in zip(
        json.loads(empty.stdout)["outcome"]["rows"],
        json.loads(told.stdout)["outcome"]["rows"],
        strict=True,
    ):
        assert before["values"][0]["measured"]["value"] is None
        mean = row["values"][0]["measured"]["value"]
        assert mean == pytest.approx(4.0 if row["values"][0]["unit"] == "number" else 1.0)
        assert row["values"][2]["published"] is not None
    again = sim("experiment", *words)
    assert again.exit_code == 0, again.stderr


def answers(key: dict[str, object]) -> dict[str, object]:
    """What a rater saves who gives four to everything and always finds the right side."""
    items = key["items"]
    assert isinstance(items, list)
    ratings = [{"item": one["id"], "rating": one.get("right") or 4} for one in items]
    return {"export": key["export"], "rater": "Ann", "kind": "person", "ratings": ratings}


def test_ratings_belong_to_fidelity(tmp_path: Path) -> None:
    result = sim("experiment", "pairwise", "--ratings", tmp_path / "x.json", "--out", tmp_path)
    assert result.exit_code == 2
    assert "fidelity" in result.stderr


@pytest.mark.slow
def test_a_budget_that_is_used_up_says_how_the_experiment_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with serving() as server:
        model = (
            f'models.m={{provider="openai-compatible", model="x", base_url="{server.url}", '
            "price={input=1.0, output=4.0}}"
        )
        words = (
            "experiment", "cost", "--sellers", "m", "--buyers", "easy-shopper", "--set", model,
            "--set", "products.per_category=1", "--out", out, "--json",
        )  # fmt: skip
        stopped = sim(*words, "--budget", 0.0001)
        ended = sim(*words, "--budget", 5)
    assert stopped.exit_code == 3
    assert f"to continue the experiment, repeat the command with --out {out}" in stopped.stderr
    assert ended.exit_code == 0, ended.stderr
    assert re.search(r"^models cost \$0\.\d{4}$", ended.stderr, re.MULTILINE)


@pytest.mark.slow
def test_without_models_nothing_is_said_of_costs(tmp_path: Path) -> None:
    result = sim("experiment", *WORDS, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "cost" not in result.stderr
