"""A budget is hard, and no market that has begun is cut short by it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.sim.budget.test_estimate import MODELS
from tests.sim.modelserver import by_rote, completion, serving
from tests.sim.runs import event_lines, outside_lines, scenario, sim


def launched(path: Path, out: Path, *arguments: object) -> Any:
    return sim("launch", path, "--out", out, *arguments)


def paid(run: Path) -> int:
    return sum(json.loads(line)["cost_nanousd"] for line in outside_lines(run))


def begun_and_ended(run: Path) -> tuple[set[str], set[str]]:
    lines = [json.loads(line) for line in (*event_lines(run), *outside_lines(run))]
    ended = {line["market"] for line in lines if line["type"] == "MarketClosed"}
    return {line["market"] for line in lines}, ended


def one(pattern: str, said: str) -> str:
    [amount] = re.findall(pattern, said, re.MULTILINE)
    return str(amount)


def advised(said: str) -> str:
    """The budget that a stopped run asks for."""
    return one(r" resume \S+ --budget (\d+\.\d\d)$", said)


@pytest.mark.parametrize(
    "workers", [pytest.param(1, marks=pytest.mark.slow), pytest.param(4, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(
    "budget",
    [pytest.param(1.0, marks=pytest.mark.slow), 1.2, pytest.param(1.3, marks=pytest.mark.slow)],
)
def test_a_market_that_has_begun_is_finished(workers: int, budget: float, tmp_path: Path) -> None:
    with serving() as server:
        text = MODELS.format(url=server.url, products=10).replace("requests_per_minute = 120", "")
        path, run = scenario(tmp_path, text), tmp_path / "run"
        result = launched(path, run, "--budget", budget, "--workers", workers)
        assert result.exit_code == 3, result.stderr
        begun, ended = begun_and_ended(run)
        assert begun == ended
        assert 0 < len(ended) < 40
        assert paid(run) <= budget * 1e9
        largest = float(one(r"may cost \$(\d+\.\d+) at worst", result.stderr))
        assert paid(run) + largest * 1e9 > budget * 1e9, "no market more would have fitted"
        resumed = sim("resume", run, "--budget", advised(result.stderr))
        assert resumed.exit_code == 0, "what is advised is enough"
        assert paid(run) <= float(advised(result.stderr)) * 1e9
        whole = launched(path, tmp_path / "whole")
        assert whole.exit_code == 0, whole.stderr
        assert len(server.bodies) == 2 * len(outside_lines(run)), "no call is paid twice"
    assert event_lines(run) == event_lines(tmp_path / "whole")


def test_a_budget_that_covers_no_market_pays_nothing_and_says_how_much_is_needed(
    tmp_path: Path,
) -> None:
    with serving() as server:
        path = scenario(tmp_path, MODELS.format(url=server.url, products=1))
        result = launched(path, tmp_path / "run", "--budget", "0.01")
        assert result.exit_code == 3
        assert not server.bodies
    assert "may cost $" in result.stderr
    assert (tmp_path / "run" / "run.toml").exists()


@pytest.mark.slow
def test_a_resume_keeps_the_budget_until_another_is_given(tmp_path: Path) -> None:
    with serving() as server:
        text = MODELS.format(url=server.url, products=2).replace("requests_per_minute = 120", "")
        run = tmp_path / "run"
        assert launched(scenario(tmp_path, text), run, "--budget", "0.01").exit_code == 3
        again = sim("resume", run)
        assert again.exit_code == 3
        assert "--budget 0.01, as before: $0.00 of it spent" in again.stderr
        assert not server.bodies
        stopped = sim("resume", run, "--budget", "0.02")
        assert stopped.exit_code == 3
        assert "--budget 0.02, as before" in sim("resume", run).stderr
        assert sim("resume", run, "--budget", "100").exit_code == 0


def test_calls_without_a_price_count_in_a_later_budget_by_the_price_of_then(tmp_path: Path) -> None:
    def answering(body: dict[str, Any]) -> tuple[int, Any]:
        if len(server.bodies) > 20:
            return 401, {"error": {"code": "invalid_api_key", "message": "gone"}}
        return by_rote(body)

    with serving(answering) as server:
        text = MODELS.format(url=server.url, products=1).replace("requests_per_minute = 120", "")
        path, run = scenario(tmp_path, text.partition("[models.local.price]")[0]), tmp_path / "run"
        assert launched(path, run).exit_code == 3
        price = "models.local.price={ input = 1000.0, output = 0.0 }"
        result = sim("resume", run, "--set", price, "--budget", "1")
    used = sum(json.loads(line)["input_tokens"] for line in outside_lines(run))
    assert f"--budget 1: ${used / 1000:,.2f} of it spent" in result.stderr
    assert result.exit_code == 3
    assert len(server.bodies) < 40


def test_what_every_model_took_counts_in_a_later_budget_and_cached_tokens_as_such(
    tmp_path: Path,
) -> None:
    """Two models; where the prompt came out of the provider's cache, it is paid at that price."""

    def answering(body: dict[str, Any]) -> tuple[int, Any]:
        if len(server.bodies) > 30:
            return 401, {"error": {"code": "invalid_api_key", "message": "gone"}}
        status, answer = by_rote(body)
        whole = completion(body, answer)
        usage = whole["usage"]
        usage["prompt_tokens_details"] = {"cached_tokens": usage["prompt_tokens"]}
        return status, whole

    with serving(answering) as server:
        text = MODELS.format(url=server.url, products=1).replace("requests_per_minute = 120", "")
        head, table = text.partition("[models.local.price]")[0].split("[models.local]")
        buyer = head.rpartition('model = "local"')
        other = f'{buyer[0]}model = "other"{buyer[2]}'
        both = f"{other}[models.local]{table}[models.other]{table}"
        path, run = scenario(tmp_path, both), tmp_path / "run"
        assert launched(path, run).exit_code == 3
        price = "price={ input = 1000.0, cached = 500.0, output = 0.0 }"
        words = [w for m in ("local", "other") for w in ("--set", f"models.{m}.{price}")]
        result = sim("resume", run, *words, "--budget", "0.01")
    records = [json.loads(line) for line in outside_lines(run)]
    assert {record["model"] for record in records} == {"local", "other"}
    used = sum(record["cached_tokens"] for record in records)
    assert used == sum(record["input_tokens"] for record in records) > 0
    assert f"--budget 0.01: ${used * 500 / 1e6:,.2f} of it spent" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("answered", "status"), [(0, 2), (3, 3)])
def test_a_key_refused_from_the_start_is_wrong_input_and_later_a_stop(
    answered: int, status: int, tmp_path: Path
) -> None:
    def answering(body: dict[str, Any]) -> tuple[int, Any]:
        if len(server.bodies) > answered:
            return 401, {"error": {"code": "invalid_api_key", "message": "no such key"}}
        return by_rote(body)

    with serving(answering) as server:
        text = MODELS.format(url=server.url, products=1).replace("requests_per_minute = 120", "")
        result = launched(scenario(tmp_path, text), tmp_path / "run")
        assert result.exit_code == status, result.stderr
        assert "python -m sim resume" in result.stderr
        server.answering = by_rote
        assert sim("resume", tmp_path / "run").exit_code == 0
