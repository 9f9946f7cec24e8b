"""What a person is told of models that do not do as they should."""

from __future__ import annotations

import shlex
import threading
from pathlib import Path
from typing import Any

import pytest

from retailsim.agents.llm.types import ModelConfig
from retailsim.sim.budget.models import fitting_workers, unsent
from tests.sim.budget.test_estimate import MODELS
from tests.sim.modelserver import by_rote, serving
from tests.sim.runs import scenario, sim

REFUSED = {
    "Unsupported value: 'temperature' does not support 0.7": "accepts = [] sends neither",
    "Invalid schema for response_format 'buyer_reply'": 'set schema = "single"',
    "max_tokens is too large: 9600": "set thinking_tokens in [models.local]",
    "bad request": "check accepts, schema and thinking_tokens in [models.local]",
}


@pytest.mark.slow
@pytest.mark.parametrize("said", REFUSED)
def test_requests_refused_from_the_first_on_stop_the_run_and_name_the_setting(
    said: str, tmp_path: Path
) -> None:
    with serving(lambda body: (400, {"error": {"message": said}})) as server:
        path, run = scenario(tmp_path, MODELS.format(url=server.url, products=3)), tmp_path / "run"
        result = sim("launch", path, "--out", run)
        assert result.exit_code == 2
        assert len(server.bodies) < 12, "not every market was tried"
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    assert "the provider refuses the requests as they are (HTTP 400)" in line
    assert said in line
    assert REFUSED[said] in line
    assert "start again" in line
    assert "resume" not in line


def test_a_request_refused_later_says_why_the_episodes_failed(tmp_path: Path) -> None:
    """The reason is in the log, but nobody should have to look for it there."""

    def answering(body: dict[str, Any]) -> tuple[int, Any]:
        if 'of kind "pitch"' in str(body["messages"][-1]["content"]):
            return 400, {"error": {"message": "no such schema"}}
        return by_rote(body)

    with serving(answering) as server:
        text = MODELS.format(url=server.url, products=1)
        path, run = scenario(tmp_path, text), tmp_path / "run"
        result = sim("launch", path, "--out", run)
        assert result.exit_code == 1
    said = "failed in pitch: ModelRefusedRequest: model 'local': the provider refused"
    assert said in result.stderr
    assert "no such schema" in result.stderr
    replayed = sim("replay", run, "--json")
    assert said in replayed.stderr
    assert said not in replayed.stdout


def test_a_run_without_failures_speaks_of_none(tmp_path: Path) -> None:
    result = sim("launch", "--set", "products.per_category=1", "--out", tmp_path / "run")
    assert "failed in" not in result.stderr


def test_a_parameter_that_is_not_sent_is_named_before_anything_is_paid(tmp_path: Path) -> None:
    words = ("launch", "--sellers", "openai/gpt-5.4", "--set", "products.per_category=1")
    result = sim(*words, "--set", "models.openai/gpt-5.4.temperature=0.7", "--dry-run")
    assert result.exit_code == 0, result.stderr
    assert "warning: model 'openai/gpt-5.4': does not take temperature" in result.stderr
    assert "warning" not in sim(*words, "--dry-run").stderr


def test_what_a_model_is_said_to_take_is_sent() -> None:
    config = ModelConfig(provider="openai", model="gpt-5.4", temperature=0.7, seed=1)
    [line] = unsent({"a": config})
    assert "temperature, seed" in line
    told = ModelConfig(
        provider="openai", model="gpt-5.4", temperature=0.7, accepts=("temperature",)
    )
    assert not list(unsent({"a": told}))


def test_where_a_server_of_ones_own_is_can_be_copied_from_the_message() -> None:
    words = ("launch", "--sellers", "openai-compatible/qwen3.5", "--dry-run")
    refused = sim(*words)
    assert refused.exit_code == 2
    _, setting = shlex.split(refused.stderr.rpartition("as in ")[2])
    assert sim(*words, "--set", setting).exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize("resumed", [False, True])
def test_several_workers_have_no_more_calls_in_flight_than_allowed(
    resumed: bool, tmp_path: Path
) -> None:
    """Each worker may have one at least, so there are fewer workers than asked for."""
    lock, under_way, most = threading.Lock(), [0], [0]

    def answering(body: dict[str, Any]) -> tuple[int, Any]:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        try:
            return by_rote(body)
        finally:
            with lock:
                under_way[0] -= 1

    with serving(answering) as server:
        text = MODELS.format(url=server.url, products=1)
        path = scenario(tmp_path, text.replace("requests_per_minute = 120", "max_in_flight = 1"))
        run = tmp_path / "run"
        if resumed:
            assert sim("launch", path, "--out", run, "--budget", "0.001").exit_code == 3
        words = ("resume", run, "--budget", "100") if resumed else ("launch", path, "--out", run)
        result = sim(*words, "--workers", 3)
        assert result.exit_code == 0, result.stderr
    assert most == [1]
    assert len({path.name[:4] for path in (run / "events").glob("*-*.jsonl")}) == 1


@pytest.mark.parametrize(
    ("limits", "workers"),
    [
        ({}, 8),
        ({"max_in_flight": 4}, 4),
        ({"requests_per_minute": 3}, 3),
        ({"tokens_per_minute": 60_000}, 6),
        ({"tokens_per_minute": 500}, 1),
    ],
)
def test_no_worker_is_started_whose_part_of_a_limit_has_no_room_for_a_call(
    limits: dict[str, int], workers: int
) -> None:
    config = ModelConfig(provider="openai", model="gpt-5.4", **limits)  # type: ignore[arg-type]
    free = ModelConfig(provider="openai", model="gpt-5.4")
    assert fitting_workers({"a": free, "b": config}, 8) == workers
