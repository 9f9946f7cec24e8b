"""Going on elsewhere: what of a model may change while a run is stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from retailsim.agents.llm.talk.templates import version
from tests.sim.budget.test_estimate import MODELS
from tests.sim.modelserver import by_rote, serving
from tests.sim.runs import event_lines, scenario, sim


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A run whose provider broke down after twenty answers."""

    def answering(body: dict[str, Any]) -> tuple[int, Any]:
        if len(server.bodies) > 20:
            return 401, {"error": {"code": "invalid_api_key", "message": "gone"}}
        return by_rote(body)

    with serving(answering) as server:
        text = MODELS.format(url=server.url, products=1).replace("requests_per_minute = 120", "")
        result = sim("launch", scenario(tmp_path, text), "--out", tmp_path / "run")
    assert result.exit_code == 3, result.stderr
    return tmp_path / "run"


@pytest.mark.slow
def test_a_run_goes_on_at_another_address_and_stays_there(stopped: Path) -> None:
    with serving() as server:
        setting = f"models.local.base_url={server.url}"
        result = sim("resume", stopped, "--set", setting, "--set", "models.local.max_in_flight=3")
        assert result.exit_code == 0, result.stderr
        assert len(server.bodies) > 0
    text = (stopped / "run.toml").read_text()
    assert server.url in text
    assert "max_in_flight = 3" in text
    assert sim("verify", stopped).exit_code == 0
    assert sim("resume", stopped).exit_code == 0
    assert event_lines(stopped)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("run.seed=2", "resume can change models.NAME.KEY only"),
        ("models.local.temperature=0.5", "is part of what was asked"),
        ("models.local.model=other", "is part of what was asked"),
        ("models.other.max_in_flight=2", "the run has no model 'other'; known: local"),
        ("models.local.max_in_flight=many", "max_in_flight"),
        ("models.local.max_in_flight=0", "max_in_flight"),
        ("models.local.base_url=nowhere", "base_url"),
        ("models.local.colour=red", "colour"),
    ],
)
def test_what_belongs_to_the_run_cannot_change(stopped: Path, setting: str, said: str) -> None:
    before = (stopped / "run.toml").read_bytes()
    result = sim("resume", stopped, "--set", setting)
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert (stopped / "run.toml").read_bytes() == before


@pytest.mark.slow
def test_what_an_unknown_model_or_address_advises_can_be_done(tmp_path: Path) -> None:
    unknown = {"error": {"code": "model_not_found", "message": "no such model"}}
    with serving(lambda body: (404, unknown)) as server:
        path = scenario(tmp_path, MODELS.format(url=server.url, products=1))
        result = sim("launch", path, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert "--set models.NAME.base_url=..., another model needs a new launch" in result.stderr
    with serving() as server:
        settings = (f"base_url={server.url}", "requests_per_minute=1000000")
        words = [word for one in settings for word in ("--set", f"models.local.{one}")]
        assert sim("resume", tmp_path / "run", *words).exit_code == 0


def test_a_run_with_older_prompts_is_told_so_and_left_alone(stopped: Path) -> None:
    """Its answers were given to other words, so what is missing cannot be played with these."""
    path = stopped / "run.toml"
    older = path.read_text().replace(f'prompts = "{version()}"', 'prompts = "0123456789ab"')
    assert "0123456789ab" in older
    path.write_text(older)
    before = event_lines(stopped)
    with serving() as server:
        result = sim("resume", stopped, "--set", f"models.local.base_url={server.url}")
        assert not server.bodies
    assert result.exit_code == 2
    assert "(prompts 0123456789ab)" in result.stderr
    assert f"(prompts {version()})" in result.stderr
    assert "resume with the version that made it" in result.stderr
    assert event_lines(stopped) == before
