"""The reward that a command was told: TERM=WEIGHT, once or several times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from retailsim.sim.environments.csales.rewards import TERMS, checked_weights
from retailsim.sim.learning.errors import BadReward


def asked_reward(asked: Sequence[str], usual: Mapping[str, float]) -> dict[str, float]:
    """Return the weights that are asked for; the usual ones if none are.

    Raises
    ------
    BadReward
        If one is no TERM=NUMBER, or there is no such term.
    """
    found: dict[str, object] = {}
    for text in asked:
        name, _, number = text.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            raise BadReward(text, list(TERMS)) from None
        if name.strip() not in TERMS or not math.isfinite(float(number)):
            raise BadReward(text, list(TERMS))
    return checked_weights(found or dict(usual))
