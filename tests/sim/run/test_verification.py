"""What a check of a run finds, as a value: how many events, how many markets, or why none."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from retailsim.events.errors import LogDamaged
from retailsim.sim.errors import MarketDiverged, RunChanged, SessionAgents
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.run import playing_again as module
from retailsim.sim.run.verify import Verification, verified, verify
from retailsim.sim.terminal.terminal import Terminal
from tests.analysis.fakelog import write_run
from tests.sim.runs import event_lines, launched, scenario, sim

ONE = (
    "--sellers",
    "plain-dealer",
    "--buyers",
    "bargain-hunter",
    "--set",
    "products.per_category=1",
)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four markets of one episode each."""
    out = tmp_path_factory.mktemp("verified") / "run"
    launched(out, *ONE)
    shutil.rmtree(out / "derived")
    return out


@pytest.fixture
def run(pristine: Path, tmp_path: Path) -> Path:
    shutil.copytree(pristine, tmp_path / "run")
    return tmp_path / "run"


def rewritten(
    run: Path, events: list[bytes], *, seal: bool = True, name: str | None = None
) -> None:
    """Write the log anew, with hashes that are right."""
    shutil.rmtree(run / "events")
    known = RunFolder(run).read().run.id
    write_run(run, [json.loads(line) for line in events], seal=seal, name=name or known)


def told(run: Path, **changes: Any) -> None:
    """Let ``run.toml`` say something else."""
    path = run / "run.toml"
    path.write_text(tomli_w.dumps(tomllib.loads(path.read_text()) | changes))


def test_a_whole_run_is_so_many_events_and_markets(run: Path) -> None:
    count = len(event_lines(run))
    assert verified(run) == Verification(events=count, markets=4)


def test_a_log_without_long_texts_is_compared_without_them(tmp_path: Path) -> None:
    launched(tmp_path / "run", *ONE, "--set", "design.transcripts=false")
    assert verified(tmp_path / "run").markets == 4


def test_the_number_of_events_is_told_before_anything_is_played(run: Path) -> None:
    """Hashing a large log takes seconds, playing it again minutes."""
    (run / "inputs" / "products.jsonl").write_text("")
    heard: list[int] = []
    with pytest.raises(RunChanged, match="an input of the run was changed"):
        verified(run, heard.append)
    assert heard == [len(event_lines(run))]


def test_a_log_of_another_run_is_refused_and_nothing_is_told(run: Path) -> None:
    rewritten(run, event_lines(run), name="somebody-elses")
    heard: list[int] = []
    with pytest.raises(LogDamaged, match=r"it belongs to run 'somebody-elses', and run.toml is of"):
        verified(run, heard.append)
    assert heard == []


def test_what_made_a_run_may_be_an_obstacle(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    count = len(event_lines(run))
    told(run, imported="trajectories.json")
    found = verified(run)
    assert found == Verification(
        events=count, obstacle="it was imported from trajectories.json, not simulated"
    )
    assert verify(run, Terminal()) == 0
    assert capsys.readouterr().out == (
        f"{run}: {count:,} events, the hash chain is intact\n"
        f"{run}: not re-executed: {found.obstacle}\n"
    )


def test_an_agent_that_only_a_session_had_cannot_be_played_again(run: Path) -> None:
    told(run, session_agents={"session:Mine": "session/mine.py"})
    with pytest.raises(SessionAgents, match="the class Mine was defined in a notebook"):
        verified(run)


def test_another_version_is_an_obstacle(run: Path) -> None:
    made = tomllib.loads((run / "run.toml").read_text())["versions"]
    told(run, versions=made | {"package": "0.0.1"})
    found = verified(run)
    assert found.markets is None
    assert found.obstacle and found.obstacle.startswith("it was made by version 0.0.1, this is ")


def test_code_that_was_changed_is_an_obstacle(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(folder: RunFolder, file: object) -> None:
        raise RunChanged(folder.path, "the plug-in mine was changed")

    monkeypatch.setattr(module, "cast_of", changed)
    found = verified(run)
    assert found.markets is None and found.obstacle
    assert "the plug-in mine was changed" in found.obstacle


@pytest.mark.parametrize("role", ["sellers", "own code"])
def test_a_seat_that_never_played_is_seen_also_where_nothing_is_played_again(
    role: str, run: Path
) -> None:
    """Whoever adds one to ``run.toml`` cannot hide it behind code that may not run."""
    scenario = tomllib.loads((run / "run.toml").read_text())["scenario"]
    agent = "behavioral" if role == "sellers" else "elsewhere:Seller"
    more = [*scenario["sellers"], {"id": "extra", "agent": agent}]
    told(run, scenario=scenario | {"sellers": more})
    with pytest.raises(RunChanged, match=r"the log is sealed, but market \w+/extra/0/1 is missing"):
        verified(run)


def test_a_market_of_nobody_is_seen_where_nothing_is_played_again(run: Path) -> None:
    scenario = tomllib.loads((run / "run.toml").read_text())["scenario"]
    told(run, scenario=scenario | {"sellers": [{"id": "x", "agent": "elsewhere:Seller"}]})
    with pytest.raises(MarketDiverged, match="the scenario has no such market"):
        verified(run)


FAILING = """
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer

class Failing(BehavioralBuyer):
    async def decide(self, request):
        raise LookupError("no decision")
"""


@pytest.mark.slow
def test_markets_that_repeat_failed_episodes_are_played_again_too(tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(FAILING)
    tables = '[[sellers]]\nid = "s"\n[[buyers]]\nid = "b"\nagent = "failing:Failing"\n'
    path = scenario(tmp_path, f"[products]\nper_category = 1\n{tables}")
    assert sim("launch", path, "--out", tmp_path / "run").exit_code == 1
    assert verified(tmp_path / "run").markets == 4
    assert sim("resume", tmp_path / "run", "--retry-failed").exit_code == 1
    assert verified(tmp_path / "run").markets == 8


@pytest.mark.parametrize("seal", [True, False])
def test_a_missing_market_is_one_where_the_log_says_that_it_is_whole(seal: bool, run: Path) -> None:
    lines = event_lines(run)
    gone = json.loads(lines[0])["market"]
    rewritten(run, [one for one in lines if json.loads(one)["market"] != gone], seal=seal)
    if seal:
        with pytest.raises(RunChanged, match=f"sealed, but market {gone} is missing"):
            verified(run)
    else:
        assert verified(run).markets == 3


def test_a_market_that_the_scenario_does_not_have(run: Path) -> None:
    lines = event_lines(run)
    rewritten(run, [*lines, *(line.replace(b'/0/1"', b'/0/9"') for line in lines)])
    with pytest.raises(
        MarketDiverged, match=r"/0/9 does not match .*: the scenario has no such ma"
    ):
        verified(run)


@pytest.mark.parametrize("number", [0, 5, -1])
def test_one_event_that_differs_is_named(number: int, run: Path) -> None:
    lines = event_lines(run)
    market = json.loads(lines[number])["market"]
    event = json.loads(lines[number])
    lines[number] = json.dumps(event | {"t": event["t"] + 1}).encode()
    rewritten(run, lines)
    said = rf"market {market} does not match .* event {event['seq']} is logged as "
    with pytest.raises(MarketDiverged, match=said):
        verified(run)


def test_a_run_of_which_nothing_has_ended_is_not_said_to_be_the_same(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = event_lines(run)[:3]
    for events in ([], lines):
        rewritten(run, events, seal=False)
        assert verified(run) == Verification(events=len(events), markets=0, missing=4)
        assert verify(run, Terminal()) == 0
        assert capsys.readouterr().out == (
            f"{run}: {len(events):,} events, the hash chain is intact\n"
            f"{run}: no market has ended yet, so there is nothing to play again\n"
            f"{run}: not finished: 4 of its 4 markets are missing\n"
        )


def test_what_was_played_again_is_counted(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(run, Terminal()) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"{run}: 4 markets played again, every event is the same"
    ]
