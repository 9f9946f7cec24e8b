"""A plug-in that fails ends its own episodes, says why, and holds nobody else up."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from retailsim.agents.watchdog import Watchdog
from tests.agents.stepclock import install
from tests.sim.runs import event_lines, events_of, launched, replayed, scenario, sim

PLUGINS = Path(__file__).parents[1] / "plugins"

SCENARIO = """
[run]
block_timeout_s = 0.1
reply_timeout_s = 0.1
[products]
per_category = 1
[[sellers]]
id = "plain-dealer"
agent = "plain-dealer"
[[buyers]]
id = "easy-shopper"
agent = "easy-shopper"
[[buyers]]
id = "bad"
agent = "failing:{kind}"
"""

REASONS = {
    "Raises": "ZeroDivisionError: the wallet is empty",
    "WrongType": "ReplyRefused: buyer:bad answered Decide with dict instead of Decision",
    "Never": "no reply within 0.1 s",
    "Blocks": "blocked for 0.1 s at decision",
    "Spins": "blocked for 0.1 s at decision",
    "Awaits": "Declare `waits = True`",
    "Exits": "raised SystemExit",
}


@pytest.fixture(autouse=True)
def clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the watchdog time passes only in steps that block: a busy machine makes nobody late."""
    kind = request.getfixturevalue("kind") if "kind" in request.fixturenames else None
    clock, enter = install(monkeypatch), Watchdog.enter

    def watched(watchdog: Watchdog, source: str, stage: str) -> None:
        enter(watchdog, source, stage)
        blocks = kind in ("Blocks", "Spins") and stage == "decision"
        clock.let_pass(watchdog.deadline_s if blocks else 0.0)

    monkeypatch.setattr(Watchdog, "enter", watched)


def written(folder: Path, text: str) -> Path:
    shutil.copy(PLUGINS / "failing.py", folder)
    return scenario(folder, text)


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """What the good buyer's episodes look like beside a buyer that does nothing wrong."""
    folder = tmp_path_factory.mktemp("good")
    text = SCENARIO.replace('agent = "failing:{kind}"', 'agent = "careful-saver"')
    launched(folder / "run", scenario(folder, text))
    return _without_numbers(folder / "run")


def _without_numbers(run: Path) -> list[bytes]:
    """The good buyer's events, without their place among the market's."""
    events = [json.loads(line) for line in event_lines(run)]
    good = [event for event in events if event["episode"] and "easy" in event["episode"]]
    return [json.dumps(event | {"seq": 0}).encode() for event in good]


@pytest.mark.slow
@pytest.mark.parametrize("kind", REASONS)
def test_a_failing_buyer_ends_its_own_episodes_only(
    kind: str, tmp_path: Path, neighbours: list[bytes]
) -> None:
    path = written(tmp_path, SCENARIO.replace("{kind}", kind))
    said = launched(tmp_path / "run", path)
    assert said["episodes"]["failed"] == 4
    assert said["episodes"]["closed"] == 4
    failures = events_of(tmp_path / "run", "EpisodeFailed")
    assert {failure["stage"] for failure in failures} == {"decision"}
    assert all(REASONS[kind] in failure["reason"] for failure in failures)
    assert _without_numbers(tmp_path / "run") == neighbours


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Never", "Blocks"])
def test_a_recorded_deadline_fails_again_without_waiting(kind: str, tmp_path: Path) -> None:
    """Verifying plays the failure from the log: with a deadline of an hour it would hang."""
    path = written(tmp_path, SCENARIO.replace("{kind}", kind))
    launched(tmp_path / "run", path)
    frozen = tmp_path / "run" / "run.toml"
    frozen.write_text(frozen.read_text().replace("_timeout_s = 0.1", "_timeout_s = 3600.0"))
    verified = sim("verify", tmp_path / "run")
    assert "every event is the same" in verified.stdout, verified.stderr


@pytest.mark.slow
def test_a_seller_without_a_pitch_fails_its_market_and_all_its_episodes(tmp_path: Path) -> None:
    text = SCENARIO.replace('id = "bad"\nagent = "failing:{kind}"', 'id = "careful-saver"')
    text += '[[sellers]]\nid = "mute"\nagent = "failing:Speechless"\n'
    launched(tmp_path / "run", written(tmp_path, text))
    failed = events_of(tmp_path / "run", "MarketFailed")
    assert len(failed) == 4
    assert {event["stage"] for event in failed} == {"pitch"}
    assert all("lost the script" in event["reason"] for event in failed)
    measures = replayed(tmp_path / "run")
    assert measures["failed_markets"] == 4
    assert measures["episodes"]["failed"] == 8


@pytest.mark.slow
def test_an_order_of_a_million_units_is_rejected_and_the_episode_goes_on(tmp_path: Path) -> None:
    launched(tmp_path / "run", written(tmp_path, SCENARIO.replace("{kind}", "Greedy")))
    rejected = events_of(tmp_path / "run", "CommandRejected")
    assert len(rejected) == 4
    assert {event["command"] for event in rejected} == {"PlaceOrder"}
    measures = replayed(tmp_path / "run")
    assert measures["rejected_commands"] == 4
    assert measures["episodes"]["failed"] == 0


def test_an_agent_that_cannot_be_made_is_found_before_the_run(tmp_path: Path) -> None:
    path = written(tmp_path, SCENARIO.replace("{kind}", "Stillborn"))
    result = sim("launch", path, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert "buyers.bad" in result.stderr
    assert "RuntimeError: no such luck" in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_run_in_which_nothing_closes_ends_with_status_1(tmp_path: Path) -> None:
    good = 'id = "easy-shopper"\nagent = "easy-shopper"'
    text = SCENARIO.replace(good, 'id = "x"\nagent = "failing:Raises"')
    path = written(tmp_path, text.replace("{kind}", "Raises"))
    result = sim("launch", path, "--out", tmp_path / "run", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["overall"]["conversion_rate"] is None


@pytest.mark.slow
def test_failed_episodes_are_repeated_on_request_and_count_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = tmp_path / "answer.txt"
    monkeypatch.setenv("SOMETIMES_FILE", str(answer))
    run = tmp_path / "run"
    text = SCENARIO.replace("{kind}", "Sometimes").replace("reply_timeout_s = 0.1", "")
    launched(run, written(tmp_path, text))
    assert replayed(run)["episodes"]["failed"] == 4
    again = sim("resume", run, "--retry-failed")
    assert again.exit_code == 0, again.stderr
    assert replayed(run)["episodes"]["failed"] == 4  # it failed again: the file is not there yet
    answer.write_text("yes")
    again = sim("resume", run, "--retry-failed")
    assert again.exit_code == 0, again.stderr
    measures = replayed(run)
    assert measures["episodes"] | {"superseded": 0} == {
        "opened": 8,
        "closed": 8,
        "failed": 0,
        "superseded": 0,
    }
    retried = [e for e in events_of(run, "EpisodeOpened") if e["retries"]]
    assert len(retried) == 8
    answer.unlink()
    assert "every event is the same" in sim("verify", run).stdout
    assert "nothing to do" in sim("resume", run, "--retry-failed").stderr
