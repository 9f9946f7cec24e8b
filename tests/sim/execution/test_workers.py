"""Workers as processes: what they report, and what is said of one that ends otherwise."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import anyio
import pytest

from retailsim.sim.errors import WorkerFailed
from retailsim.sim.execution.job import Job
from retailsim.sim.execution.workers import play_with_workers
from retailsim.sim.play.progress import Progress
from retailsim.sim.play.stop import Stop
from tests.sim.runs import SMALL, launched, scenario, sim

pytestmark = pytest.mark.slow

KILLER = '''
import os
import signal

from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer


class Killer(BehavioralBuyer):
    """Takes its whole process along."""

    async def topics(self, request):
        os.kill(os.getpid(), signal.SIGKILL)
'''

SCENARIO = """
[products]
per_category = 1
[[sellers]]
id = "plain-dealer"
agent = "plain-dealer"
[[buyers]]
id = "killer"
agent = "killer:Killer"
"""


@pytest.fixture
def lock() -> Iterator[int]:
    fd = os.open(os.devnull, os.O_RDONLY)
    yield fd
    os.close(fd)


def played(jobs: list[Job], lock: int, stop: Stop) -> tuple[Progress, list[Progress]]:
    """Play the jobs to their end; what came of it, and what was reported on the way."""
    reported: list[Progress] = []
    play = partial(play_with_workers, jobs, lock=lock, stop=stop, on_progress=reported.append)
    return anyio.run(play), reported


def test_what_workers_did_is_added_up(tmp_path: Path, lock: int) -> None:
    """A run whose log was emptied is played again, a half by each."""
    launched(tmp_path / "run", *SMALL)
    (tmp_path / "run" / "events" / "SEAL").unlink()
    for segment in (tmp_path / "run" / "events").iterdir():
        segment.unlink()
    whole, reported = played(Job(run=str(tmp_path / "run")).shares(2), lock, Stop())
    assert (whole.markets, whole.episodes, whole.failed) == (20, 100, 0)
    assert not whole.stopped
    assert reported[-1] == whole
    assert [one.episodes for one in reported] == sorted(one.episodes for one in reported)


def test_what_a_worker_cannot_do_is_said_once_and_stops_the_others(
    tmp_path: Path, lock: int
) -> None:
    stop = Stop()
    with pytest.raises(WorkerFailed, match="is not a run folder: there is no such folder") as error:
        played(Job(run=str(tmp_path / "nowhere")).shares(2), lock, stop)
    assert error.value.exit_status == 2
    assert stop.requested


def test_a_worker_that_is_killed_is_told_by_its_signal_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "killer.py").write_text(KILLER)
    words = (scenario(tmp_path, SCENARIO), "--out", tmp_path / "run", "--workers", 2)
    result = sim("launch", *words)
    assert result.exit_code == 3
    said = "was killed by signal 9; everything written is kept: resume the run"
    assert said in result.stderr
    assert (tmp_path / "run" / "run.toml").exists()
