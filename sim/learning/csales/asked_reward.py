"""The reward that a command was told: TERM=WEIGHT, once or several times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retailsim.sim.environments.csales.rewards import TERMS, checked_weights
from retailsim.sim.learning.asked_terms import asked_weights


def asked_reward(asked: Sequence[str], usual: Mapping[str, float]) -> dict[str, float]:
    """Return the weights that are asked for; the usual ones if none are.

    Raises
    ------
    BadReward
        If one is no TERM=NUMBER, or there is no such term.
    """
    return checked_weights(asked_weights(asked, TERMS) or dict(usual))
