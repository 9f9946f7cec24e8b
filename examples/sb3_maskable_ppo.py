"""Learn to sell with MaskablePPO of stable-baselines3.

    python -m pip install -r examples/sb3_maskable_ppo.txt
    python examples/sb3_maskable_ppo.py

It learns on half 1 of the buyer profiles and is judged on half 2, beside a seller that takes any
legal action. The 4,096 steps of the default take seconds; --steps 80000 is a serious start.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
from sb3_contrib import MaskablePPO

Policy = Callable[[Any, Any], int]
"""From an observation and a mask to an action."""


def environment(half: int) -> Any:
    """Return the seller's seat before the buyers of one half of the profiles."""
    settings = {"profiles.half": half}
    # As a share of the buyer's budget, so that no rich buyer decides what is learnt.
    reward = {"revenue_share": 1.0, "illegal": -1.0}
    return gymnasium.make("retailsim.envs:retailsim/CSales-v0", settings=settings, reward=reward)


def learnt(steps: int, seed: int) -> Policy:
    """Learn for some steps; MaskablePPO asks the environment's `action_masks` by itself."""
    model = MaskablePPO("MlpPolicy", environment(1), n_steps=1024, seed=seed)
    model.learn(steps)

    def act(observation: Any, mask: Any) -> int:
        # `predict` does not ask for the mask: without it, it proposes what is not legal.
        action, _ = model.predict(observation, action_masks=mask.astype(bool), deterministic=True)
        return int(action)

    return act


def by_chance(seed: int) -> Policy:
    """Return a policy that takes any legal action."""
    random = np.random.default_rng(seed)
    return lambda observation, mask: int(random.choice(np.flatnonzero(mask)))


def judge(policy: Policy, episodes: int, seed: int) -> str:
    """Play with buyers never met before and say what came out."""
    env = environment(2)
    totals = dict.fromkeys(("sale", "revenue", "surplus", "turn", "illegal"), 0.0)
    for episode in range(episodes):
        observation, info = env.reset(seed=seed if episode == 0 else None)
        terminated = False
        while not terminated:
            action = policy(observation, info["action_mask"])
            observation, _, terminated, _, info = env.step(action)
            for name in totals:
                totals[name] += info["terms"][name]
    of_each = {name: total / episodes for name, total in totals.items()}
    return (
        f"{of_each['sale']:.0%} buy, ${of_each['revenue']:.2f} net revenue and "
        f"${of_each['surplus']:.2f} buyer surplus a conversation, {of_each['turn']:.1f} turns, "
        f"{totals['illegal']:.0f} illegal actions"
    )


def main() -> None:
    """Learn, then judge."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--steps", type=int, default=4_096, help="steps to learn for")
    asked.add_argument("--episodes", type=int, default=200, help="conversations to judge by")
    asked.add_argument("--seed", type=int, default=1)
    told = asked.parse_args()
    print(f"by chance:   {judge(by_chance(told.seed), told.episodes, seed=11)}")
    policy = learnt(told.steps, told.seed)
    print(f"MaskablePPO: {judge(policy, told.episodes, seed=11)}")


if __name__ == "__main__":
    main()
