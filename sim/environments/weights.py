"""Weights of a reward's terms, as somebody asks for them."""

from __future__ import annotations

from collections.abc import Mapping

from retailsim.sim.environments.errors import BadEnvironment, UnknownReward


def checked(weights: Mapping[str, object], terms: Mapping[str, str]) -> dict[str, float]:
    """Return the weights to go by.

    Parameters
    ----------
    weights : mapping of term to number
        A term without one counts nothing.
    terms : mapping of term to text
        Those there are.

    Raises
    ------
    UnknownReward, BadEnvironment
        If one is of no term, or no number.
    """
    found: dict[str, float] = {}
    for name, weight in weights.items():
        if name not in terms:
            raise UnknownReward(name, list(terms))
        if isinstance(weight, bool) or not isinstance(weight, int | float) or weight != weight:
            raise BadEnvironment("reward", f"{name} = {weight!r} is no number")
        found[name] = float(weight)
    return found
