"""Budgets of runs in shares: what a share leaves is another's, and who needs more is told so."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.shares import shard
from retailsim.sim.shares.attempts import attempts, new_attempt
from retailsim.sim.shares.commits import FolderCommits, read_commit
from retailsim.sim.shares.errors import BudgetGone
from retailsim.sim.shares.executed import _to_the_end
from retailsim.sim.shares.leases import BOOK, FolderShelf, Leases, read_leases
from retailsim.sim.shares.outcome import Outcome, Task, play_task
from retailsim.sim.terminal.terminal import Terminal
from tests.sim.budget.test_estimate import MODELS, estimated
from tests.sim.modelserver import Server, serving
from tests.sim.runs import event_lines, launched, replayed, scenario, sim
from tests.sim.shares.test_shares import gather, planned, play, refused

pytestmark = pytest.mark.slow
SHARES = 3


class Here:
    """A cluster of one core: this process.

    Parameters
    ----------
    fate : callable
        A task and what came of it -> what the loop hears of it.
    """

    def __init__(self, fate: Callable[[Task, Outcome], Outcome | None] = lambda _, ended: ended):
        self.cores = 1
        self.tasks: list[Task] = []
        self._fate = fate
        self._under_way: list[Task] = []

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    def submit(self, task: Task) -> None:
        self.tasks.append(task)
        self._under_way.append(task)

    def ended(self, wait_s: float) -> Mapping[Task, Outcome | None]:
        return {task: self._fate(task, play_task(task)) for task in self._taken()}

    def stop(self, *, force: bool = False) -> None:
        return

    def _taken(self) -> list[Task]:
        taken, self._under_way = self._under_way, []
        return taken


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def asked(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario of a few markets with a model on one side or both."""
    text = MODELS.format(url=server.url, products=1).replace("requests_per_minute = 120", "")
    return scenario(tmp_path_factory.mktemp("scenario"), text)


@pytest.fixture(scope="module")
def reference(asked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "run"
    launched(out, asked)
    return out


def cost(run: Path) -> float:
    """What a run cost, in dollars."""
    found: float = replayed(run)["cost"]["cost_nanousd"] / 1e9
    return found


def worst(asked: Path) -> float:
    found: float = estimated(asked)["largest_market_dollars"]
    return found


def resumed(run: RunFolder, cluster: Here) -> None:
    assert _to_the_end(run, None, cluster, Terminal()) == 0


def test_a_share_leaves_what_it_does_not_need_to_those_that_do(
    asked: Path, reference: Path, tmp_path: Path
) -> None:
    budget = cost(reference) + worst(asked)
    run = planned(tmp_path / "run", asked, "--budget", budget, shares=SHARES)
    line = refused("shard", run.path, "--share", 0, status=3)
    assert line.startswith("error: share 0: the budget of $")
    assert f"an even part of {budget:g} dollars for 3 shares" in line
    cluster = Here()
    resumed(run, cluster)
    assert event_lines(run.path) == event_lines(reference)
    assert cost(run.path) == pytest.approx(cost(reference))
    leases = read_leases(FolderShelf(run), run.path, run.read().run.id)
    assert leases is not None
    assert leases.charged <= budget * 1e9
    assert [task.given.part for task in cluster.tasks] == [1.0] * len(cluster.tasks)


def test_the_advice_to_who_plays_by_hand_converges(
    asked: Path, reference: Path, tmp_path: Path
) -> None:
    run = planned(tmp_path / "run", asked, "--budget", worst(asked) * 1.5, shares=SHARES)
    for share in range(SHARES):
        words: tuple[Any, ...] = ("shard", run.path, "--share", share)
        for _ in range(2):
            result = sim(*words)
            if result.exit_code == 0:
                break
            assert result.exit_code == 3
            told = re.search(r" (shard \S+ --share \d --budget [\d.]+); or have", result.stderr)
            assert told, result.stderr
            words = tuple(shlex.split(told[1]))
        assert sim(*words).exit_code == 0
    gather(run)
    assert event_lines(run.path) == event_lines(reference)


def test_the_advice_of_a_loop_converges(asked: Path, reference: Path, tmp_path: Path) -> None:
    run = planned(tmp_path / "run", asked, "--budget", worst(asked) * 1.1, shares=SHARES)
    budgets = []
    for _ in range(4):
        try:
            resumed(run, Here())
            break
        except BudgetGone as error:
            told = re.search(
                r"^the budget of \$[\d.]+ is used up: \$[\d.]+ spent; everything so far is kept; "
                r"the \d+ episodes left will cost about .*: "
                r"\S.* resume \S+ --executor ray --budget ([\d.]+)$",
                str(error),
            )
            assert told, str(error)
            budgets.append(float(told[1]))
            allow(run, budgets[-1])
    assert event_lines(run.path) == event_lines(reference)
    assert 1 <= len(budgets) <= 2
    assert cost(run.path) <= budgets[-1]


def allow(run: RunFolder, budget: float) -> None:
    """Do what ``resume --budget`` does."""
    run.write(msgspec.structs.replace(run.read(), budget=budget))


def test_what_a_lost_attempt_may_have_spent_is_gone(
    asked: Path, reference: Path, tmp_path: Path
) -> None:
    budget = cost(reference) + worst(asked)
    run = planned(tmp_path / "run", asked, "--budget", budget, shares=1)
    commit = run.shares / "0000" / "COMMIT"

    def lost(task: Task, ended: Outcome) -> Outcome | None:
        commit.unlink(missing_ok=True)  # it had all of the budget, and nobody heard of it
        return None

    with pytest.raises(BudgetGone, match=r"spent and \$[\d.]+ in shares that were lost, which may"):
        resumed(run, Here(lost))
    assert "is divided by `--executor ray`, so a share is not played alone" in refused(
        "shard", run.path, "--share", 0
    )
    with pytest.raises(BudgetGone) as error:
        resumed(run, Here())
    allow(run, float(str(error.value).rpartition(" ")[2]))
    resumed(run, Here())
    assert event_lines(run.path) == event_lines(reference)


def test_what_was_played_by_hand_is_counted(asked: Path, reference: Path, tmp_path: Path) -> None:
    budget = 3 * (cost(reference) + worst(asked))
    run = planned(tmp_path / "run", asked, "--budget", budget, shares=SHARES)
    play(run, 1)
    done = read_commit(FolderCommits(run), 1, run.path)
    assert done is not None
    assert done.spent_nanousd
    (run.shares / "0002" / "a1-00000000").mkdir(parents=True)  # somebody is playing it
    resumed(run, Here())
    leases = read_leases(FolderShelf(run), run.path, run.read().run.id)
    assert leases is not None
    part = int(budget * 1e9) // 3
    assert (leases.given[0].share, leases.given[0].spent) == (1, done.spent_nanousd)
    assert (leases.given[1].share, leases.given[1].charged) == (2, part)
    assert event_lines(run.path) == event_lines(reference)


def test_who_begins_by_hand_as_a_loop_begins_is_counted(
    asked: Path, reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has looked for leases before there are any, and after the loop looked for attempts."""
    budget = 3 * (cost(reference) + worst(asked))
    run = planned(tmp_path / "run", asked, "--budget", budget, shares=SHARES)
    begins = run.shares / "0002" / "a1-00000000"
    real = FolderShelf.write

    def write(shelf: FolderShelf, text: bytes) -> None:
        begins.mkdir(parents=True, exist_ok=True)
        real(shelf, text)

    monkeypatch.setattr(FolderShelf, "write", write)
    resumed(run, Here())
    leases = read_leases(FolderShelf(run), run.path, run.read().run.id)
    assert leases is not None
    assert (leases.given[0].share, leases.given[0].charged) == (2, int(budget * 1e9) // SHARES)


def test_who_begins_by_hand_once_a_loop_has_begun_is_refused(
    asked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it looked for leases just before."""
    run = planned(tmp_path / "run", asked, "--budget", worst(asked) * 9, shares=SHARES)

    def begun(*given: Any) -> RunFolder:
        made = new_attempt(*given)
        (run.shares / BOOK).write_bytes(msgspec.json.encode(Leases(run=run.read().run.id)))
        return made

    monkeypatch.setattr(shard, "new_attempt", begun)
    assert "is divided by `--executor ray`" in refused("shard", run.path, "--share", 0)
    assert attempts(run, 0) == []
