"""The loop that has shares played: lost ones again, refused ones in a line, none of them twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from retailsim.sim.errors import WorkerFailed
from retailsim.sim.shares.loop import MOST_ATTEMPTS, Loop
from retailsim.sim.shares.outcome import Outcome, Task

Plays = Callable[[Task], Outcome | None]
DONE = Outcome(status=0)


class Fake:
    """A cluster of two cores, on which every share ends at once."""

    def __init__(self, plays: Plays) -> None:
        self.cores = 2
        self.tasks: list[Task] = []
        self.stopped = 0
        self._plays = plays
        self._under_way: list[Task] = []

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    def submit(self, task: Task) -> None:
        self.tasks.append(task)
        self._under_way.append(task)

    def ended(self, wait_s: float) -> Mapping[Task, Outcome | None]:
        ended, self._under_way = self._under_way, []
        return {task: self._plays(task) for task in ended}

    def stop(self, *, force: bool = False) -> None:
        self.stopped += 1


def looped(plays: Plays, shares: int = 9, stop_after: int = 1000) -> tuple[Loop, Fake, list[str]]:
    cluster, said = Fake(plays), list[str]()
    loop = Loop("runs/big", None, list(range(shares)), cluster, said.append)
    steps = 0
    while loop.going:
        loop.step(stopping=steps >= stop_after)
        steps += 1
    return loop, cluster, said


def test_each_share_is_played_once_and_no_more_are_handed_out_than_are_needed() -> None:
    loop, cluster, said = looped(lambda task: DONE)
    assert (loop.left, said, cluster.stopped) == (set(), [], 0)
    assert [(task.share, task.attempt) for task in cluster.tasks] == [(n, 1) for n in range(9)]
    begun = Loop("r", None, list(range(9)), cluster, said.append)
    begun.step(stopping=False)
    assert len(cluster.tasks) - 9 == 4  # twice the cores


@pytest.mark.parametrize("lost", [None, Outcome(status=3)])
def test_what_was_lost_is_a_new_attempt_and_the_first_to_be_played(lost: Outcome | None) -> None:
    def plays(task: Task) -> Outcome | None:
        return lost if task.share in (1, 2) and task.attempt == 1 else DONE

    loop, cluster, said = looped(plays)
    assert loop.left == set()
    again = [(task.share, task.attempt) for task in cluster.tasks[4:6]]
    assert again == [(1, 2), (2, 2)]
    assert said == ["lost on the way, and played again: share 1-2"]


def test_what_is_stopped_is_left_to_the_next_loop() -> None:
    loop, cluster, said = looped(
        lambda task: DONE if task.share < 4 else Outcome(status=3), stop_after=1
    )
    assert (loop.left, cluster.stopped, said) == ({4, 5, 6, 7, 8}, 1, [])
    assert len(cluster.tasks) == 4


def test_a_share_that_cannot_be_played_ends_the_loop_in_a_line() -> None:
    refused = Outcome(status=2, error="its mathematics are another's", node="n7")
    with pytest.raises(WorkerFailed, match=r"^share 0, on n7: its mathematics are") as raised:
        looped(lambda task: refused)
    assert raised.value.exit_status == 2


def test_a_share_that_is_always_lost_is_given_up() -> None:
    with pytest.raises(WorkerFailed, match=f"share 5 was lost {MOST_ATTEMPTS} times") as raised:
        looped(lambda task: None if task.share == 5 else DONE)
    assert raised.value.exit_status == 3
