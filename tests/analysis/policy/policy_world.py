"""A small decision problem whose truth is known exactly, and logs of it.

Up to three turns, two states, three options; the last option ends an episode. Features say turn
and state, so a linear model of each option can be exactly right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from retailsim.analysis.policy.decisions import Decisions, Floats
from retailsim.analysis.policy.fitted_q import Worth

TURNS, STATES, OPTIONS = 3, 2, 3
PAID: Floats = np.array([[0.0, 1.0, 2.0], [1.0, -1.0, 4.0]])
"""Mean reward by state and option."""
MOVES: Floats = np.array([0.3, 0.8])
"""How likely the next state is 1 after option 0 or 1."""
LOGGER: Floats = np.array([[0.5, 0.3, 0.2], [0.3, 0.4, 0.3]])
NEAR: Floats = np.array([[0.35, 0.4, 0.25], [0.2, 0.4, 0.4]])
FAR: Floats = np.array([[0.02, 0.97, 0.01], [0.01, 0.98, 0.01]])
"""How likely each option is, by state."""


@dataclass(frozen=True)
class World:
    """How rewards vary, and when they are paid.

    Parameters
    ----------
    noise : float
        Standard deviation of a reward.
    shared : float
        Standard deviation of what all rewards of a cluster have in common.
    terminal : bool
        Whether everything is paid at the end.
    """

    noise: float = 1.0
    shared: float = 0.0
    terminal: bool = False

    def log(
        self, policy: Floats, episodes: int, seed: int, *, clusters: int | None = None
    ) -> Decisions:
        """Return a log of a policy, (S, K); clusters have equally many episodes."""
        random = np.random.default_rng(seed)
        count = clusters or episodes
        common = random.normal(0.0, self.shared, count)
        rows: list[tuple[int, int, int, int, float]] = []
        for episode in range(episodes):
            state, went = int(random.integers(STATES)), []
            for turn in range(TURNS):
                option = int(random.choice(OPTIONS, p=policy[state]))
                paid = PAID[state, option] + random.normal(0.0, self.noise)
                went.append((episode, turn, state, option, paid + common[episode % count]))
                if option == OPTIONS - 1:
                    break
                state = int(random.random() < MOVES[option])
            if self.terminal:
                total = sum(one[-1] for one in went)
                went = [(*one[:-1], 0.0) for one in went[:-1]] + [(*went[-1][:-1], total)]
            rows += went
        return _decisions(rows, policy, episodes, count)

    def values(self, policy: Floats) -> Floats:
        """Return Q, (TURNS, S, K), exactly; rewards paid turn by turn."""
        table, after = np.zeros((TURNS, STATES, OPTIONS)), np.zeros(STATES)
        for turn in reversed(range(TURNS)):
            for option in range(OPTIONS - 1):
                follows = (1.0 - MOVES[option]) * after[0] + MOVES[option] * after[1]
                table[turn, :, option] = PAID[:, option] + follows
            table[turn, :, -1] = PAID[:, -1]
            after = (policy * table[turn]).sum(axis=1)
        return table

    def truth(self, policy: Floats) -> float:
        """Return a policy's mean return, exactly."""
        return float((policy * self.values(policy)[0]).sum(axis=1).mean())

    def worth(self, log: Decisions, policy: Floats) -> Worth:
        """Return exact values of a log's decisions."""
        states, turns = states_of(log), log.turn - 1
        return Worth.of(log, of(log, policy), self.values(policy)[turns, states])


def states_of(log: Decisions) -> np.ndarray:
    """Return the state of each decision, (D,)."""
    found: np.ndarray = log.features.argmax(axis=1) % STATES
    return found


def of(log: Decisions, policy: Floats) -> Floats:
    """Return what a policy would do at each decision of a log, (D, K)."""
    found: Floats = policy[states_of(log)]
    return found


def blind(log: Decisions) -> Decisions:
    """Return a log whose features say nothing."""
    return replace(log, features=np.zeros_like(log.features))


def _decisions(
    rows: list[tuple[int, int, int, int, float]], policy: Floats, episodes: int, clusters: int
) -> Decisions:
    episode, turn, state, option, paid = map(np.array, zip(*rows, strict=True))
    return Decisions(
        names=("a", "b", "end"),
        feature_names=tuple(f"{t} {s}" for t in range(TURNS) for s in range(STATES)),
        features=np.eye(TURNS * STATES)[turn * STATES + state],
        mask=np.ones((len(rows), OPTIONS), bool),
        chosen=option,
        propensities=policy[state],
        as_read=np.ones(len(rows), bool),
        episode=episode,
        turn=turn + 1,
        rewards=paid.astype(float),
        ids=tuple(map(str, range(episodes))),
        parts={"paid": paid.astype(float)},
        weights={"paid": 1.0},
        cluster=np.arange(episodes) % clusters,
        clusters=tuple(map(str, range(clusters))),
        seller=np.array(["s"] * episodes),
        segments={},
    )
