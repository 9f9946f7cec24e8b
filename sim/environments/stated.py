"""How likely each action was, as whoever chose it says."""

from __future__ import annotations

from collections.abc import Sequence

from retailsim.sim.environments.errors import BadEnvironment

_ROUNDING = 1e-6


def stated_shares(probabilities: Sequence[float], actions: int) -> list[float]:
    """Return what was stated, one share for each action.

    Whether they fit the mask and sum to 1 is the market's to say, when the choice is made.

    Raises
    ------
    BadEnvironment
        If there are more or fewer, or one is no number from 0 to 1.
    """
    if len(probabilities) != actions:
        problem = f"{len(probabilities)} probabilities for {actions} actions"
        raise BadEnvironment("state_propensities", problem)
    shares = [float(one) for one in probabilities]
    for number, share in enumerate(shares):
        if not -_ROUNDING <= share <= 1.0 + _ROUNDING:
            problem = f"{share:g}, of action {number}, is no probability from 0 to 1"
            raise BadEnvironment("state_propensities", problem)
    return shares
