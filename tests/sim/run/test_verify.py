"""Damage is found by verify and by the first replay: one line, and exit status 2."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from retailsim.agents.llm.talk.templates import version
from retailsim.sim.folder.run_folder import RunFolder
from tests.analysis.fakelog import write_run
from tests.sim.runs import SMALL, event_lines, launched, scenario, sim

AGENT = """
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer

class Mine(BehavioralBuyer):
    pass
"""


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pristine") / "run"
    launched(out, *SMALL, "--workers", 2)
    return out


@pytest.fixture
def run(pristine: Path, tmp_path: Path) -> Path:
    """A copy without the cached projection of the first replay."""
    copy = tmp_path / "run"
    shutil.copytree(pristine, copy)
    shutil.rmtree(copy / "derived")
    return copy


def segment(run: Path) -> Path:
    return sorted((run / "events").glob("*.jsonl"))[0]


def identity(run: Path) -> str:
    return RunFolder(run).read().run.id


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def zero(path: Path) -> None:
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4096] = bytes(4096)
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("damage", [flip, zero, truncate, Path.unlink])
@pytest.mark.parametrize("command", ["verify", "replay", "resume"])
def test_damage_is_one_line_that_names_the_place(run: Path, damage: object, command: str) -> None:
    path = segment(run)
    damage(path)  # type: ignore[operator]
    result = sim(command, run)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert path.name.split(".")[0] in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_whole_run_is_played_again(run: Path) -> None:
    result = sim("verify", run)
    assert result.exit_code == 0
    assert "every event is the same" in result.stdout


Events = list[dict[str, Any]]


def one_price_else(events: Events) -> Events:
    """One order of the same length, dearer by a digit: the books say otherwise."""
    at = next(n for n, event in enumerate(events) if event["type"] == "OrderPlaced")
    price = events[at]["unit_price_cents"]
    return [
        *events[:at],
        {**events[at], "unit_price_cents": price + 1 if price % 10 < 9 else price - 1},
        *events[at + 1 :],
    ]


def one_market_less(events: Events) -> Events:
    gone = events[0]["market"]
    return [event for event in events if event["market"] != gone]


def one_market_twice(events: Events) -> Events:
    first = [event for event in events if event["market"] == events[0]["market"]]
    return [*events, *({**event, "market": "else/where"} for event in first)]


def one_event_less(events: Events) -> Events:
    at = next(n for n, event in enumerate(events) if event["type"] == "ReviewPosted")
    return [*events[:at], *events[at + 1 :]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (one_price_else, "does not match its log when played again: event "),
        (one_event_less, "does not match its log when played again: event "),
        (one_market_less, "the log is sealed, but market "),
        (
            one_market_twice,
            "else/where does not match its log when played again: the scenario has no",
        ),
    ],
)
def test_a_forged_log_whose_hashes_are_right_is_found_by_playing_it(
    forge: Any, said: str, run: Path
) -> None:
    """Whoever writes a log anew can seal it, too; what happened follows from the scenario."""
    events = forge([json.loads(line) for line in event_lines(run)])
    shutil.rmtree(run / "events")
    write_run(run, events, name=identity(run))
    assert sim("replay", run).exit_code == 0, "nothing is wrong with the hashes"
    result = sim("verify", run)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "every event is the same" not in result.stdout


def test_what_is_missing_of_an_unfinished_run_is_no_forgery(run: Path) -> None:
    events = one_market_less([json.loads(line) for line in event_lines(run)])
    shutil.rmtree(run / "events")
    write_run(run, events, seal=False, name=identity(run))
    result = sim("verify", run)
    assert result.exit_code == 0
    assert "19 markets played again, every event is the same" in result.stdout
    assert "not finished: 1 of its 20 markets are missing" in result.stdout


def test_a_run_can_be_moved(run: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else" / "where"
    elsewhere.parent.mkdir()
    run.rename(elsewhere)
    assert "every event is the same" in sim("verify", elsewhere).stdout


def test_a_changed_input_is_refused(run: Path) -> None:
    with (run / "inputs" / "products.jsonl").open("a") as file:
        file.write("\n")
    for command in ("verify", "resume"):
        result = sim(command, run)
        assert result.exit_code == 2
        assert "products.jsonl: an input of the run was changed" in result.stderr


def test_another_version_is_said_and_not_played(run: Path) -> None:
    path = run / "run.toml"
    path.write_text(path.read_text().replace('package = "', 'package = "0.0.'))
    result = sim("verify", run)
    assert result.exit_code == 0
    assert "not re-executed: it was made by version 0.0." in result.stdout


def test_another_version_does_not_go_on_with_a_run(run: Path) -> None:
    """Its agents may say something else to the same."""
    (run / "events" / "SEAL").unlink()
    path = run / "run.toml"
    path.write_text(path.read_text().replace('package = "', 'package = "0.0.'))
    before = sorted(part.name for part in (run / "events").iterdir())
    result = sim("resume", run)
    assert result.exit_code == 2
    assert "resume with the version that made it" in result.stderr
    assert sorted(part.name for part in (run / "events").iterdir()) == before


@pytest.mark.slow
def test_other_prompts_make_no_difference_to_a_run_without_models(run: Path) -> None:
    """A run whose prompts are read is refused: tests/sim/run/test_resume_settings.py."""
    events = one_market_less([json.loads(line) for line in event_lines(run)])
    shutil.rmtree(run / "events")
    write_run(run, events, seal=False, name=identity(run))
    path = run / "run.toml"
    older = path.read_text().replace(f'prompts = "{version()}"', 'prompts = "0123456789ab"')
    assert "0123456789ab" in older
    path.write_text(older)
    assert "19 markets played again, every event is the same" in sim("verify", run).stdout
    resumed = sim("resume", run)
    assert (resumed.exit_code, "0123456789ab" in resumed.stderr) == (0, False)
    assert "20 markets played again, every event is the same" in sim("verify", run).stdout


@pytest.mark.slow
def test_a_copied_plug_in_needs_its_source_no_more(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "mine.py").write_text(AGENT)
    path = scenario(
        source,
        '[products]\nper_category = 1\n[[sellers]]\nid = "s"\n[[buyers]]\nid = "b"\n'
        'agent = "mine:Mine"\n',
    )
    launched(tmp_path / "run", path)
    shutil.rmtree(source)
    assert "every event is the same" in sim("verify", tmp_path / "run").stdout


@pytest.mark.slow
def test_a_changed_plug_in_is_not_played(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(AGENT)
    path = scenario(
        tmp_path,
        '[products]\nper_category = 1\n[[sellers]]\nid = "s"\n[[buyers]]\nid = "b"\n'
        'agent = "mine:Mine"\n',
    )
    launched(tmp_path / "run", path)
    copy = tmp_path / "moved"
    (tmp_path / "run").rename(copy)
    kept = copy / "inputs" / "plugins" / "mine.py"
    kept.write_text(AGENT + "\n# changed\n")
    result = sim("verify", copy)
    assert result.exit_code == 2
    assert "mine.py: an input of the run was changed" in result.stderr
