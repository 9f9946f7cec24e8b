"""What a list says of runs: from outside, whatever is in their folders."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from retailsim.analysis.replay.kept_totals import kept_totals
from retailsim.events.log.lock import RunLock
from retailsim.events.log.seal import SEAL, remove_seal
from retailsim.sim.execution.progress_file import ProgressFile
from retailsim.sim.folder.run_progress import progress_place
from retailsim.sim.play.progress import ModelUsage, Progress
from retailsim.sim.studio.runs_list.run_summary import NO_NUMBERS, Numbers, size_of, summary_of
from retailsim.sim.studio.site import runs as listing
from retailsim.sim.studio.site.runs import run_folders
from retailsim.sim.studio.state import State
from tests.sim.runs import replayed, small_run

USAGE = ModelUsage(calls=7, nanousd=250_000_000)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("played") / "run"
    small_run(run)
    return run


@pytest.fixture
def run(played: Path, tmp_path: Path) -> Path:
    shutil.copytree(played, tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.slow
def test_a_run_is_told_as_replay_tells_it(run: Path) -> None:
    found, replay = summary_of(run), replayed(run)
    net = replay["overall"]["net_revenue_cents"]
    assert net > 0
    assert (found.state, found.said, found.scenario, found.currency) == (
        *(State.COMPLETE, "", "pairwise", "USD"),
    )
    assert found.numbers == Numbers(100, 100, 0, net, asked_models=False, nanousd=None)
    size = sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
    assert found.n_bytes == size_of(run) == size
    (run / "derived" / "away").symlink_to(run.parent)
    assert size_of(run) == size


@pytest.mark.slow
def test_without_what_is_kept_the_runner_is_asked_and_else_the_scenario(run: Path) -> None:
    shutil.rmtree(run / "derived")
    assert summary_of(run).numbers == Numbers(100, 100, 0, None, asked_models=False)
    (run / "derived").touch()  # what is kept has no place: the run is as good as before
    assert summary_of(run).state is State.COMPLETE
    (run / "derived").unlink()
    progress_place(run).unlink()
    assert summary_of(run).numbers == Numbers(100, 100)
    remove_seal(run / "events")
    assert summary_of(run).state is State.UNFINISHED
    assert summary_of(run).numbers == Numbers(100)
    with RunLock(run / "lock"), ProgressFile(run, 125, 40, 3.0) as told:
        told.latest = Progress(episodes=20, failed=2, usage=USAGE)
        told._write("running")
        found = summary_of(run)
    assert found.state is State.RUNNING
    assert found.numbers == Numbers(125, 60, 2, None, asked_models=True, nanousd=250_000_000)
    assert summary_of(run).state is State.UNFINISHED


@pytest.mark.slow
def test_what_is_kept_of_another_log_is_not_taken(run: Path) -> None:
    assert kept_totals(run) is not None
    [segment] = (run / "events").glob("0000-*")
    with segment.open("ab") as log:
        log.write(b"{}\n")
    assert kept_totals(run) is None
    assert summary_of(run).state is State.DAMAGED


def _cut(run: Path) -> None:
    [segment] = (run / "events").glob("0000-*")
    os.truncate(segment, segment.stat().st_size - 1)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a segment cut short": (_cut, "it does not end with a commit"),
    "no segment": (
        lambda run: next((run / "events").glob("0000-*")).unlink(),
        "the segment is missing",
    ),
    "no log": (lambda run: shutil.rmtree(run / "events"), "the folder of the log is missing"),
    "no seal": (lambda run: (run / "events" / SEAL).write_text("{"), "the seal cannot be read"),
    "no scenario": (lambda run: (run / "run.toml").write_text("[run]"), "run.toml"),
    "a scenario of bytes": (lambda run: (run / "run.toml").write_bytes(b"\xff"), "run.toml"),
}


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_is_listed_as_such_and_without_numbers(run: Path, damage: str) -> None:
    spoil, said = DAMAGES[damage]
    spoil(run)
    found = summary_of(run)
    assert found.state is State.DAMAGED
    assert said in found.said
    assert "\n" not in found.said
    assert found.numbers == NO_NUMBERS
    assert list(run_folders(run.parent)) == ["run"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_nothing_in_a_folder_raises(run: Path, seed: int) -> None:
    """Files cut, filled with noise, made folders, pipes or links, as chance has it."""
    chance = random.Random(seed)
    files = sorted(path for path in run.rglob("*") if path.is_file())
    for path in chance.sample(files, 3):
        data = path.read_bytes()
        path.unlink()
        match chance.randrange(5):
            case 0:
                path.write_bytes(data[: chance.randrange(len(data) + 1)])
            case 1:
                path.write_bytes(chance.randbytes(len(data)))
            case 2:
                path.mkdir()
            case 3:
                os.mkfifo(path)
            case 4:
                path.symlink_to("/dev/zero")
    assert summary_of(run).n_bytes >= 0


def test_of_a_folder_runs_alone_are_found_and_no_link_out_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, elsewhere = tmp_path / "runs", tmp_path / "elsewhere"
    for place in ("b", "a/b/c", "a/b/c/d", "study/one", ".being-made.new-1-0f3a9c21", "b/inside"):
        (root / place).mkdir(parents=True, exist_ok=True)
        (root / place / "run.toml").touch()
    (elsewhere / "run").mkdir(parents=True)
    (elsewhere / "run" / "run.toml").touch()
    (root / "link").symlink_to(elsewhere)
    (root / "link-to-a-run").symlink_to(elsewhere / "run")
    assert list(run_folders(root)) == ["a~b~c", "b", "study~one"]
    assert run_folders(tmp_path / "nowhere") == {}
    monkeypatch.setattr(listing, "MOST_FOLDERS", 3)
    assert list(run_folders(root)) == ["a~b~c"]
    monkeypatch.setattr(listing, "MOST_FOLDERS", 9)
    monkeypatch.setattr(listing, "MOST", 2)
    assert list(run_folders(root)) == ["a~b~c", "b"]
