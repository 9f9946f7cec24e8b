"""How whole episodes of a learner scale: environments side by side, beside `launch --workers`.

A learner's worker is a process with an environment of its own that plays whole episodes and hands
over what they came to; nothing is exchanged step by step. The processes stay the same: in short
turns one of them plays alone, then all of them at once, and the ratio is that of neighbouring
turns, so that whatever else a machine does slows both. Start and imports are left out.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from statistics import median
from typing import Any, NamedTuple

from benchmarks.bench_episodes import speed

SIDE_BY_SIDE = min(4, os.cpu_count() or 1)
"""Processes: as many as there are cores, four at most."""
SHARE = 0.95
"""Of what `launch` gains by as many workers."""
PATIENCE_S = 300.0
"""How long a process waits for the others; one that died would hold them up for ever."""


def run(
    episodes: int = 150, turns: int = 15, replications: int = 2, *, quick: bool = False
) -> list[dict[str, Any]]:
    """Return rows for the one table.

    Parameters
    ----------
    episodes : int
        Of each environment in a turn.
    turns : int
        Each figure is the median of these.
    replications : int
        Of the 3,000 episodes of a launch; of these there is one for five turns.
    """
    if quick:
        episodes, turns, replications = 20, 2, 1
    many = SIDE_BY_SIDE
    found = side_by_side(many, episodes, turns)
    launched = median(
        speed(many, replications)[0] / speed(1, replications)[0] for _ in range(-(-turns // 5))
    )
    gained = median(one.together / one.alone for one in found)
    row = {
        "figure": f"whole episodes, {many} environments side by side",
        "value": median(one.together for one in found),
        "unit": "episodes/s",
        "reference": f"one environment {median(one.alone for one in found):,.0f}",
        "ratio": gained,
    }
    if not quick and many > 1:
        bar = f"ratio >= {SHARE * launched:.2f} ({SHARE:g} of launch's)"
        row |= {"target": bar, "met": gained >= SHARE * launched}
    return [
        row,
        {
            "figure": f"CPU of an episode, {many} environments side by side",
            "value": 1_000 * median(one.cpu_together for one in found),
            "unit": "ms",
            "reference": f"one environment {1_000 * median(one.cpu_alone for one in found):.2f}",
            "ratio": median(one.cpu_together / one.cpu_alone for one in found),
        },
        {"figure": f"launch --workers {many}", "value": launched, "unit": "x one worker"},
    ]


class Turn(NamedTuple):
    """Neighbouring turns: episodes a second, and CPU seconds of an episode.

    Parameters
    ----------
    alone, together : float
        Of one process, and of all of them.
    cpu_alone, cpu_together : float
    """

    alone: float
    together: float
    cpu_alone: float
    cpu_together: float


def side_by_side(processes: int, episodes: int, turns: int) -> list[Turn]:
    """Play whole episodes in one process and in all of them, in turn."""
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(processes, _wait_for, (spawn.Barrier(processes),)) as pool:
        seats = [(number, episodes, turns) for number in range(processes)]
        played = pool.starmap(_played, seats, chunksize=1)
        pool.close()
        pool.join()
    alone, together = played[0][0], list(zip(*(all_of for _, all_of in played), strict=True))
    return [
        Turn(
            alone=episodes / one.wall,
            together=sum(episodes / each.wall for each in many),
            cpu_alone=one.cpu / episodes,
            cpu_together=sum(each.cpu for each in many) / episodes / processes,
        )
        for one, many in zip(alone, together, strict=True)
    ]


class _Spent(NamedTuple):
    wall: float
    cpu: float


_ready: Barrier


def _wait_for(ready: Barrier) -> None:
    """Be a session of one's own, as a worker of `launch` is: Linux shares time among these."""
    global _ready
    _ready = ready
    os.setsid()


def _played(number: int, episodes: int, turns: int) -> tuple[list[_Spent], list[_Spent]]:
    """Play an environment by chance; returns what took how long, alone (the first) and together."""
    play = _player(number)
    play(episodes)  # what is made once is made
    alone, together = [], []
    for _ in range(turns):
        _ready.wait(PATIENCE_S)
        if number == 0:
            alone.append(play(episodes))
        _ready.wait(PATIENCE_S)
        together.append(play(episodes))
    return alone, together


def _player(seed: int) -> Callable[[int], _Spent]:
    """Return what plays so many episodes of an environment of its own."""
    import gymnasium
    import numpy as np

    import retailsim.envs  # noqa: F401 - registers it

    env, random = gymnasium.make("retailsim/CSales-v0"), np.random.default_rng(seed)
    env.reset(seed=seed)

    def play(episodes: int) -> _Spent:
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(episodes):
            _, info = env.reset()
            over = False
            while not over:
                legal = np.flatnonzero(info["action_mask"])
                _, _, over, _, info = env.step(random.choice(legal))
        return _Spent(time.perf_counter() - wall, time.process_time() - cpu)

    return play
