"""Logs of moves whose truth is known: what a move does to buying was put in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from retailsim.analysis.policy.mining import EVERYONE, Mined, Pattern
from retailsim.analysis.policy.moves import Moves, Segment

Floats = NDArray[np.float64]
NAMES = ("Ask", "Show", "Argue")
STATES = ("cold", "warm")
TURNS = 4
SHARES = (0.5, 0.3, 0.2)
"""How likely the moves are where nothing sways the seller."""


def log(
    seed: int,
    *,
    effect: float = 0.0,
    profiles: int = 120,
    each: int = 12,
    habit: float = 0.0,
) -> Moves:
    """Return conversations in which arguing at turn 2, if they are warm then, sells.

    Some end early, whatever is done, so longer patterns only exist where a conversation went on.

    Parameters
    ----------
    effect : float
        How many points of probability more they buy for that.
    profiles, each : int
        Profiles, which are of very different worth, and conversations with each.
    habit : float
        How much the seller has its own favourite moves for each profile, without any reason.
    """
    random = np.random.default_rng(seed)
    count = profiles * each
    profile = np.repeat(np.arange(profiles), each)
    likely = np.exp(habit * random.normal(size=(profiles, len(NAMES)))) * SHARES
    likely /= likely.sum(axis=1, keepdims=True)
    base = random.uniform(0.0, 0.75, size=profiles)[profile]
    length = 1 + random.binomial(TURNS - 1, 0.8, size=count)
    conversation = np.repeat(np.arange(count), length)
    turn = np.concatenate([np.arange(1, n + 1) for n in length])
    given = likely[profile[conversation]]
    chosen = (random.random((len(turn), 1)) > given.cumsum(axis=1)).sum(axis=1)
    state = random.integers(2, size=len(turn))
    right = (turn == 2) & (state == 1) & (chosen == 2)
    worked = np.bincount(conversation, weights=right, minlength=count)
    return Moves(
        names=NAMES,
        states=STATES,
        conversation=conversation,
        turn=turn,
        state=state,
        chosen=chosen,
        legal=np.ones(given.shape, dtype=np.bool_),
        propensities=given,
        sold=random.random(count) < base + effect * worked,
        cluster=profile,
        stratum=np.zeros(count, dtype=np.int64),
        learning=np.zeros(count, dtype=np.bool_),
        segments=(segment(random.integers(3, size=count)[conversation]),),
    )


def segment(codes: NDArray[np.int64]) -> Segment:
    """A split that has nothing to do with anything."""
    return Segment(title="kind", values=("a", "b", "c"), codes=codes)


def swayed(seed: int, likely: tuple[float, float], *, count: int = 2_000) -> Moves:
    """Return conversations of one turn in which the buyer's mood alone decides what it buys.

    Parameters
    ----------
    likely : (float, float)
        How likely the seller is to argue (rather than to ask) with a buyer in bad and in good mood,
        of which every second one is. In bad mood 30 % buy, in good mood 70 %.
    """
    random = np.random.default_rng(seed)
    mood = random.integers(2, size=count)
    argue = np.array(likely)[mood]
    one = np.ones(count, dtype=np.int64)
    return Moves(
        names=("Ask", "Argue"),
        states=STATES,
        conversation=np.arange(count),
        turn=one,
        state=0 * one,
        chosen=(random.random(count) < argue).astype(np.int64),
        legal=np.ones((count, 2), dtype=np.bool_),
        propensities=np.stack((1.0 - argue, argue), axis=1),
        sold=random.random(count) < np.array((0.3, 0.7))[mood],
        cluster=np.arange(count) // 5,
        stratum=0 * one,
        learning=np.zeros(count, dtype=np.bool_),
    )


def each_its_own(moves: Moves) -> Moves:
    """Return the same, as if no two conversations had anything in common."""
    return replace(moves, cluster=np.arange(len(moves.sold)))


def the(mined: Mined, move: str, *, turn: int = 1, state: str = "cold") -> Pattern:
    """The pattern of a move at a turn and state, after anything, among everyone."""
    [found] = [
        one
        for one in mined.patterns
        if (one.segment, one.move, one.turn, one.state, one.after)
        == (EVERYONE, move, turn, state, ())
    ]
    return found
