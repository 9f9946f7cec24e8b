"""Learn to sell from somebody else's log, with DiscreteCQL of d3rlpy.

    python -m pip install -r examples/d3rlpy_offline.txt
    python examples/d3rlpy_offline.py

The log is one of the seller `csi` that explores; --log RUN takes one of yours instead. It is judged
on half 2 of the buyer profiles. d3rlpy knows no masks: it learns from the best of all actions, also
of those that are not legal, and may propose them. So the mask is applied outside, and how often the
proposal was not legal is counted.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import d3rlpy
import gymnasium
import numpy as np

import retailsim
from retailsim.sim.learning.csales.logged import read_logged

REWARD = {"revenue_share": 1.0}
"""As a share of the buyer's budget, so that no rich buyer decides what is learnt."""


def explored(folder: Path, seed: int) -> Path:
    """Play a log to learn from: `csi` with half 1 of the profiles, every fifth action by chance."""
    settings = {
        "profiles.half": 1,
        "sellers.csi.options.explore": 0.2,
        "design.replications": 20,
    }
    retailsim.run("csales", sellers="csi", settings=settings, seed=seed, out=folder)
    return folder


def dataset(run: Path) -> Any:
    """Return the conversations of a run as d3rlpy wants them: one after another, ends marked."""
    found = read_logged([run], reward=REWARD).decisions
    last = np.append(found.episode[1:] != found.episode[:-1], True)
    return d3rlpy.dataset.MDPDataset(
        observations=found.features.astype(np.float32),
        actions=found.chosen,
        rewards=found.rewards.astype(np.float32),
        terminals=last.astype(np.float32),
        action_space=d3rlpy.ActionSpace.DISCRETE,
        action_size=len(found.names),
    )


def learnt(data: Any, steps: int, seed: int) -> Any:
    """Return a Q function, learnt for some steps."""
    d3rlpy.seed(seed)
    learner = d3rlpy.algos.DiscreteCQLConfig(gamma=1.0).create(device="cpu:0")
    learner.fit(
        data,
        n_steps=steps,
        n_steps_per_epoch=steps,
        logger_adapter=d3rlpy.logging.NoopAdapterFactory(),
        show_progress=False,
    )
    return learner


def judge(learner: Any, episodes: int, seed: int) -> str:
    """Play with buyers never met before and say what came out."""
    env = gymnasium.make("retailsim.envs:retailsim/CSales-v0", settings={"profiles.half": 2})
    every = np.arange(env.action_space.n)
    totals = dict.fromkeys(("sale", "revenue", "surplus", "turn"), 0.0)
    proposed = 0
    for episode in range(episodes):
        observation, info = env.reset(seed=seed if episode == 0 else None)
        terminated = False
        while not terminated:
            values = learner.predict_value(np.tile(observation, (len(every), 1)), every)
            proposed += not info["action_mask"][values.argmax()]
            action = int(np.where(info["action_mask"], values, -np.inf).argmax())
            observation, _, terminated, _, info = env.step(action)
            for name in totals:
                totals[name] += info["terms"][name]
    of_each = {name: total / episodes for name, total in totals.items()}
    return (
        f"{of_each['sale']:.0%} buy, ${of_each['revenue']:.2f} net revenue and "
        f"${of_each['surplus']:.2f} buyer surplus a conversation, {of_each['turn']:.1f} turns; "
        f"without the mask {proposed:.0f} of {totals['turn']:.0f} actions would have been illegal"
    )


def main() -> None:
    """Play or take a log, learn, judge."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--log", type=Path, help="folder of a csales run to learn from")
    asked.add_argument("--steps", type=int, default=1_000, help="gradient steps")
    asked.add_argument("--episodes", type=int, default=200, help="conversations to judge by")
    asked.add_argument("--seed", type=int, default=1)
    told = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = dataset(told.log or explored(Path(folder) / "log", told.seed))
    print(f"DiscreteCQL: {judge(learnt(data, told.steps, told.seed), told.episodes, seed=11)}")


if __name__ == "__main__":
    main()
