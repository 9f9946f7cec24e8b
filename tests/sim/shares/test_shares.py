"""Runs in shares: planned once, played by anybody, and put together to the same run."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from retailsim.sim.folder import own_code
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.folder.share_plan import SharePlan
from retailsim.sim.protocols.csales.design import SalesDesign
from retailsim.sim.protocols.retail.design import RetailDesign
from retailsim.sim.run.launch import prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.product_design import ProductDesign
from retailsim.sim.shares import fitness, shard
from retailsim.sim.shares.attempts import attempts
from retailsim.sim.shares.commits import (
    Commit,
    FolderCommits,
    put_commit,
    read_commit,
    share_folder,
)
from retailsim.sim.shares.errors import numbers
from retailsim.sim.terminal.audience import Nobody
from tests.sim.runs import SMALL, command, event_lines, launched, replayed, scenario, sim

SHARES = 3
FEW = (
    *SMALL,
    *("--sellers", "plain-dealer,quiet-clerk"),
    *("--buyers", "easy-shopper,careful-saver"),
)
"""Eight markets of two episodes."""


def planned(out: Path, *arguments: object, shares: int = SHARES) -> RunFolder:
    """Plan a run of 16 episodes, or of what is said."""
    result = sim("launch", *(arguments or FEW), "--out", out, "--shares", shares)
    assert result.exit_code == 0, result.stderr
    assert f"--share I\nwith I from 0 to {shares - 1};" in result.stdout
    return RunFolder(out)


def play(run: RunFolder, share: int, attempt: int = 1) -> str:
    """Play a share and return what was said of it, on both ways."""
    result = sim("shard", run.path, "--share", share, "--attempt", attempt)
    assert result.exit_code == 0, result.stderr
    return result.stderr + result.stdout


def refused(*arguments: object, status: int = 2) -> str:
    """Return the one line that a command ends with."""
    result = sim(*arguments)
    assert result.exit_code == status, result.stderr
    assert result.stderr.count("\n") == 1
    return result.stderr


def gather(run: RunFolder) -> None:
    result = sim("gather", run.path)
    assert result.exit_code == 0, result.stderr


def log_bytes(run: RunFolder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.events.iterdir()}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same 16 episodes, launched on this machine."""
    out = tmp_path_factory.mktemp("whole") / "run"
    launched(out, *FEW)
    return out


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run all of whose shares are played, but for the second, which lacks its commit."""
    run = planned(tmp_path_factory.mktemp("shares") / "run")
    for share in range(SHARES):
        play(run, share)
    (share_folder(run, 1) / "COMMIT").unlink()
    return run.path


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> RunFolder:
    return RunFolder(Path(shutil.copytree(finished, tmp_path / "run")))


def same(run: RunFolder, reference: Path) -> None:
    """Look at a run as all commands do; most tests compare the lines alone, which is quicker."""
    assert event_lines(run.path) == event_lines(reference)
    assert replayed(run.path) == replayed(reference)
    verified = sim("verify", run.path)
    assert verified.exit_code == 0, verified.stderr
    assert "every event is the same" in verified.stdout


# The design, cut.


def design(*settings: str, of: str = "pairwise") -> Design:
    return prepare(Options(scenario=of, settings=settings), Nobody()).design


RETAIL = ("products.per_category=1", "design.replications=3", "design.price_multipliers=[1.0,1.1]")

PAIRS = '[["sharp-analyst", "easy-shopper"], ["sharp-analyst", "careful-saver"]]'


@pytest.mark.parametrize(
    ("of", "settings"),
    [
        ("pairwise", RETAIL),
        ("pairwise", (*RETAIL, "design.broadcast=episode")),
        ("pairwise", (*RETAIL, "design.pairing=random")),
        ("pairwise", (*RETAIL, f"design.pairing={PAIRS}", "design.broadcast=episode")),
        ("csales", ("profiles.count=3", "design.replications=2")),
    ],
)
def test_shares_hold_each_market_once_in_the_order_of_the_design(
    of: str, settings: tuple[str, ...]
) -> None:
    found = design(*settings, of=of)
    whole = list(found.markets())
    for shares in (1, 2, 7, found.cells):
        plan = SharePlan(shares=shares, cells=found.cells, code="")
        parts = [list(found.stretch(*plan.stretch(share))) for share in range(shares)]
        assert [spec for part in parts for spec in part] == whole
        sizes = {stop - start for start, stop in map(plan.stretch, range(shares))}
        assert max(sizes) - min(sizes) <= 1


def test_a_design_that_says_nothing_of_its_cells_is_walked() -> None:
    given = design("products.per_category=2")

    class Fewer(ProductDesign):
        def markets(self) -> Iterator[Any]:
            return (spec for spec in super().markets() if spec.product.id != self.products[0].id)

    whole = ProductDesign(given.scenario, given.products, given.seed)
    fewer = Fewer(given.scenario, given.products, given.seed)
    assert [spec.id for spec in whole.stretch(0, whole.cells)] == [s.id for s in whole.markets()]
    assert fewer.cells == whole.cells - 1
    assert list(fewer.stretch(1, 3)) == list(fewer.markets())[1:3] != list(whole.stretch(1, 3))


@pytest.mark.parametrize(
    ("of", "setting"),
    [("pairwise", "design.replications=2000"), ("csales", "design.replications=10000")],
)
def test_a_thousand_shares_are_planned_in_a_second(
    of: str, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = design(setting, "products.per_category=30", of=of)
    began = time.process_time()
    for kind in (RetailDesign, SalesDesign):
        monkeypatch.setattr(kind, "markets", None)  # nobody walks
    plan = SharePlan(shares=1000, cells=found.cells, code="")
    firsts = [next(iter(found.stretch(*plan.stretch(share)))).id for share in range(1000)]
    assert time.process_time() - began < 1.0
    assert len(set(firsts)) == 1000
    assert found.cells >= 1_000_000


# Played and put together.


def test_a_run_in_shares_is_the_same_run(run: RunFolder, reference: Path, tmp_path: Path) -> None:
    assert "goes on from attempt a1-" in play(run, 1, attempt=2)
    assert "nothing to do, it was played by attempt a1-" in play(run, 0, attempt=2)
    again = RunFolder(Path(shutil.copytree(run.path, tmp_path / "again")))
    gather(run)
    same(run, reference)
    first = log_bytes(run)
    gather(run)
    gather(again)
    assert log_bytes(run) == log_bytes(again) == first
    assert "nothing to do" in sim("resume", run.path).stderr
    assert not any(attempts(run, share) for share in range(SHARES))


@pytest.mark.slow
def test_a_gather_that_was_killed_anywhere_is_begun_again(
    run: RunFolder, reference: Path, tmp_path: Path
) -> None:
    play(run, 1, attempt=2)
    whole = RunFolder(Path(shutil.copytree(run.path, tmp_path / "whole")))
    gather(whole)
    [moved] = (attempts(run, 0)[0].events).glob("*.jsonl")
    moved.rename(run.events / moved.name)
    gather(run)
    assert log_bytes(run) == log_bytes(whole)
    run.gathered.unlink()  # killed between the seal and the end
    gather(run)
    assert log_bytes(run) == log_bytes(whole)
    assert event_lines(run.path) == event_lines(reference)


@pytest.mark.slow
def test_shares_that_hold_nothing_are_played_too(tmp_path: Path) -> None:
    size = (*SMALL, "--set", "design.pairing=random", "--buyers", "easy-shopper,careful-saver")
    run = planned(tmp_path / "run", *size, shares=20)
    said = [play(run, share) for share in range(20)]
    assert sum(": 0 episodes, 0 events" in one for one in said) >= 12
    gather(run)
    launched(tmp_path / "whole", *size)
    same(run, tmp_path / "whole")


def test_a_missing_share_is_one_line(run: RunFolder) -> None:
    line = refused("gather", run.path, status=3)
    assert f"{run.path}: 1 of 3 shares is missing (1); play them: " in line
    assert line.endswith(f"shard {run.path} --share 1`\n")
    assert log_bytes(run) == {}
    assert "what its shares played is not here until" in sim("replay", run.path).stderr
    assert "is played in shares" in refused("resume", run.path)


def test_numbers_read_as_people_write_them() -> None:
    assert numbers([3]) == "3"
    assert numbers([3, 4, 7]) == "3-4 and 7"
    assert numbers([0, 2, 4, 5, 6]) == "0, 2 and 4-6"
    assert numbers(range(0, 40, 2)) == "0, 2, 4, 6, 8, 10 and more"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--shares", 21), "--shares 21: at most 20, since each needs a market; ask for fewer"),
        (("--shares", 2, "--report"), "--report and --studio are not for a run in shares"),
        (
            ("--shares", 2, "--workers", 2),
            "--shares plays nothing, so --workers does not go",
        ),
    ],
)
def test_a_plan_that_cannot_be_is_refused(
    tmp_path: Path, arguments: tuple[object, ...], said: str
) -> None:
    result = sim("launch", *SMALL, "--out", tmp_path / "run", *arguments)
    assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
    assert not (tmp_path / "run").exists()


def test_what_is_no_share_is_refused(run: RunFolder, reference: Path) -> None:
    assert "has 3 shares, 0 to 2" in refused("shard", run.path, "--share", 3)
    assert "is not planned in shares" in refused("shard", reference, "--share", 0)
    assert "is not planned in shares" in refused("gather", reference)


# Attempts that meet.


def test_of_many_commits_at_once_the_first_one_stays(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    share_folder(run, 7).mkdir(parents=True)
    barrier = Barrier(16)

    def commit(number: int) -> str:
        own = Commit(run="r", share=7, attempt=f"a{number}", episodes=number, segments=())
        barrier.wait()
        return put_commit(FolderCommits(run), own, run.path).attempt

    with ThreadPoolExecutor(16) as pool:
        told = set(pool.map(commit, range(16)))
    assert len(told) == 1
    there = read_commit(FolderCommits(run), 7, run.path)
    assert there is not None
    assert told == {there.attempt}
    assert put_commit(FolderCommits(run), there, run.path) == there  # a lost reply: it was ours
    assert [path.name for path in share_folder(run, 7).iterdir()] == ["COMMIT"]


@pytest.mark.slow
@pytest.mark.parametrize("gathered", [False, True])
def test_who_was_thought_dead_and_comes_late_changes_nothing(
    run: RunFolder, reference: Path, gathered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another attempt commits while this one plays, and perhaps all is put together, too."""
    left: dict[str, bytes] = {}
    real = shard._play

    def slowly(*arguments: Any) -> Any:
        monkeypatch.setattr(shard, "_play", real)
        play(run, 1, attempt=3)
        if gathered:
            gather(run)
        left["commit"] = (share_folder(run, 1) / "COMMIT").read_bytes()
        return real(*arguments)

    monkeypatch.setattr(shard, "_play", slowly)
    said = play(run, 1, attempt=2)
    assert "came too late, it was played by attempt a3-" in said
    assert (share_folder(run, 1) / "COMMIT").read_bytes() == left["commit"]
    assert not any(one.path.name.startswith("a2-") for one in attempts(run, 1))
    gather(run)
    same(run, reference)


@pytest.mark.slow
@pytest.mark.parametrize("bytes_left", [0.0, 0.3, 0.999])
def test_what_a_killed_attempt_wrote_is_gone_on_with(
    run: RunFolder, reference: Path, bytes_left: float
) -> None:
    [dead] = attempts(run, 1)
    [segment] = dead.events.glob("*.jsonl")
    text = segment.read_bytes()
    (dead.events / "SEAL").unlink()
    torn = text[: int(len(text) * bytes_left)]
    segment.rename(segment.with_suffix(".jsonl.open")).write_bytes(torn)
    said = play(run, 1, attempt=2)
    assert ("goes on from attempt a1-" in said) == (bytes_left > 0)
    assert [one.path.name[:3] for one in attempts(run, 1)] == ["a1-", "a2-"]
    assert (dead.events / segment.with_suffix(".jsonl.open").name).read_bytes() == torn
    gather(run)
    same(run, reference)


# Machines and shares that are not as they were.


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("package", "it was made by version 9.9, this is "),
        ("code", "has other files than the one that planned it; install the same, or remove"),
        ("mathematics", "its mathematics are 9.9, this machine's "),
        ("hidden", "a file hides a module of Python's library: enum (/cwd/enum.py); rename it"),
        ("input", "an input of the run was changed since it was made"),
    ],
)
def test_a_machine_that_would_play_something_else_is_refused(
    run: RunFolder, key: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = run.path / "run.toml"
    lines = file.read_text().splitlines()
    changed = [f'{key} = "9.9"' if line.startswith(f"{key} = ") else line for line in lines]
    file.write_text("\n".join(changed))
    if key == "hidden":
        monkeypatch.setattr(fitness, "hidden_modules", lambda: ["enum (/cwd/enum.py)"])
    elif key == "input":
        (run.inputs / "rules.toml").write_text("")
    else:
        assert changed != lines
    before = [one.path for one in attempts(run, 1)]
    assert said in refused("shard", run.path, "--share", 1, "--attempt", 2)
    assert [one.path for one in attempts(run, 1)] == before


def test_code_is_told_apart_by_any_byte(tmp_path: Path) -> None:
    package = tmp_path / "retailsim"
    shutil.copytree(own_code.place() / "events", package / "events")
    whole = own_code.digest_of(package)
    moved = shutil.copytree(package, tmp_path / "elsewhere")
    assert own_code.digest_of(moved) == whole != own_code.code_digest()
    (package / "events" / "brief.py").write_text("")
    assert own_code.digest_of(package) != whole


def test_files_that_hide_a_module_of_python_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_code.hidden_modules() == []
    import colorsys

    monkeypatch.setattr(colorsys, "__file__", "/elsewhere/colorsys.py")
    assert own_code.hidden_modules() == ["colorsys (/elsewhere/colorsys.py)"]


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["byte", "gone", "commit", "other"])
def test_a_damaged_share_is_named_and_can_be_played_again(
    run: RunFolder, reference: Path, damage: str
) -> None:
    play(run, 1, attempt=2)
    commit = share_folder(run, 1) / "COMMIT"
    first, second = attempts(run, 1)
    shutil.rmtree(first.path)
    [segment] = second.events.glob("*.jsonl")
    text = segment.read_bytes()
    if damage == "byte":
        segment.write_bytes(text.replace(b'"quantity":1', b'"quantity":2', 1))
    elif damage == "gone":
        segment.unlink()
    elif damage == "commit":
        commit.write_bytes(commit.read_bytes()[:40])
    else:
        shutil.copy(share_folder(run, 2) / "COMMIT", commit)
    line = refused("gather", run.path)
    assert line.startswith("error: share 1: ")
    assert f"Remove {commit} and play it again: `" in line
    assert (segment.name in line) == (damage in ("byte", "gone"))
    assert log_bytes(run) == {}
    commit.unlink()
    assert ("is left aside" in play(run, 1, attempt=3)) == (damage == "byte")
    gather(run)
    same(run, reference)


def test_a_log_that_no_share_wrote_is_refused(run: RunFolder) -> None:
    play(run, 1, attempt=2)
    stranger = run.events / "0009-00000000.jsonl"
    stranger.write_text("{}\n")
    assert f"{stranger}" in refused("gather", run.path)


# As it is used.

BIG = ("--set", "products.per_category=8", "--set", "design.replications=2")


@pytest.mark.slow
@pytest.mark.parametrize("kill", [True, False])
def test_processes_that_are_killed_stopped_and_race(tmp_path: Path, kill: bool) -> None:
    run = planned(tmp_path / "run", *BIG, shares=2)
    words = command("shard", run.path, "--share", 0)
    first = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    while not any(path.stat().st_size for path in run.shares.rglob("*.open")):
        assert first.poll() is None, "it was too quick to be stopped"
        time.sleep(0.001)
    first.kill() if kill else first.terminate()
    _, said = first.communicate(timeout=120)
    assert first.returncode == (-9 if kill else 3), said
    racing = [
        subprocess.Popen([*words, "--attempt", f"{number}"], stdout=subprocess.PIPE, text=True)
        for number in (2, 3, 4)
    ]
    told = [one.communicate(timeout=120)[0] for one in racing]
    assert [one.returncode for one in racing] == [0, 0, 0]
    winners = {line.partition(" attempt ")[2] for line in told}
    assert len(winners) == 1
    play(run, 1)
    kept = {path.name[:4] for path in run.shares.rglob("*.pieces")}
    assert kept == {"0000", "0001"}  # at least of the segments that are worth it
    gather(run)
    launched(tmp_path / "whole", *BIG)
    same(run, tmp_path / "whole")


def test_people_are_not_asked_by_shares(tmp_path: Path) -> None:
    text = '[products]\nper_category = 1\n[[sellers]]\nid = "s"\nagent = "plain-dealer"\n'
    text += '[[buyers]]\nid = "b"\nagent = "person"\n'
    file = scenario(tmp_path, text)
    line = refused("launch", file, "--out", tmp_path / "run", "--shares", 2)
    assert "cannot be launched here: a person takes" in line
