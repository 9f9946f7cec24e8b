"""The line on top of a run that goes on: what its log says, and its runner where that is ahead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from retailsim.events.log.lock import RunLock
from retailsim.events.log.seal import SEAL
from retailsim.events.messages import EpisodeFailed
from retailsim.sim.folder.run_progress import AskedModels, RunProgress, progress_place
from retailsim.sim.studio.overview.watch import STALE_S, Watch
from retailsim.sim.studio.state import State
from tests.analysis.fakelog import closed, episode, market, opened, write_run
from tests.analysis.replay.test_cost import called
from tests.sim.runs import small_run

NOW = datetime.now(UTC)
SAID = RunProgress(
    state="running",
    total=120,
    done=40,
    failed=9,
    per_s=2.5,
    models=AskedModels(
        calls=400,
        per_s=9.0,
        retries=1,
        in_flight=64,
        input_tokens=1,
        output_tokens=1,
        nanousd=1_500_000_000,
    ),
    budget_usd=3.0,
    started=NOW - timedelta(hours=1),
    written=NOW,
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 100 episodes whose log has two that ended, one of them badly, and one call."""
    out = tmp_path_factory.mktemp("standing") / "run"
    small_run(out)
    for file in (out / "events").iterdir():
        file.unlink()
    failed = EpisodeFailed(stage="decision", reason="no")
    lines = market("m", closed("a", opened()), episode("b", opened(), failed))
    return write_run(out, [called(market="m", episode="a", cost_nanousd=7), *lines], seal=False)


@pytest.fixture
def played(run: Path) -> Iterator[Watch]:
    with RunLock(run / "lock"):
        yield Watch(run)


def said(run: Path, told: RunProgress) -> None:
    progress_place(run).write_bytes(msgspec.json.encode(told))


OLD = msgspec.structs.replace(SAID, written=NOW - timedelta(seconds=2 * STALE_S))
ENDED = msgspec.structs.replace(SAID, state="finished")
"""As an execution leaves it, before the next one says something."""


@pytest.mark.parametrize("told", [OLD, ENDED], ids=["old", "ended"])
def test_a_runner_that_says_nothing_new_leaves_what_the_log_says(
    told: RunProgress, played: Watch
) -> None:
    said(played.run, told)
    played.look()
    found = played.standing
    assert (found.state, found.done, found.planned, found.failed) == (State.RUNNING, 2, 100, 1)
    assert (found.nanousd, found.asked, found.rate) == (7, None, 0.0)
    assert found.models


def test_a_runner_that_is_ahead_of_the_log_is_believed(played: Watch) -> None:
    said(played.run, msgspec.structs.replace(SAID, written=datetime.now(UTC)))
    played.look()
    found = played.standing
    assert (found.done, found.planned, found.rate) == (40, 120, 2.5)
    assert found.failed == 1, "what the link leads to is in the log"
    assert found.nanousd == 1_500_000_000
    assert found.texts()["asked"] == "400 calls, 64 in flight"


def test_what_costs_is_unknown_stays_unknown(played: Watch) -> None:
    assert SAID.models is not None
    free = msgspec.structs.replace(SAID.models, nanousd=None)
    said(played.run, msgspec.structs.replace(SAID, models=free, written=datetime.now(UTC)))
    played.look()
    assert played.standing.nanousd is None and played.standing.texts()["spent"] == ""


def test_a_runner_that_is_gone_says_nothing(run: Path) -> None:
    said(run, msgspec.structs.replace(SAID, written=datetime.now(UTC)))
    watch = Watch(run)
    watch.look()
    assert watch.standing.state is State.UNFINISHED and watch.ended
    assert (watch.standing.done, watch.standing.rate) == (2, None)


@pytest.mark.parametrize("when", ["before", "while"])
def test_chapters_are_of_a_finished_run_only_where_all_of_it_was_read(
    when: str, tmp_path: Path
) -> None:
    """A log that is sealed behind the last look may hold more than was read of it."""
    run = tmp_path / "run"
    small_run(run)
    seal = run / "events" / SEAL
    content = seal.read_bytes()
    seal.unlink()
    watch = Watch(run)
    if when == "while":
        watch.look()
    seal.write_bytes(content)
    if when == "before":
        watch.look()
    assert watch.begin_chapters()[1].replay.partial == (when == "while")
