"""Retail policies as probabilities of each option: those in files, and two that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from retailsim.agents.policy.exploring import explored_share
from retailsim.agents.policy.linear import LinearPolicy, read_policy
from retailsim.agents.retail.policy.by_hand import by_the_sheet
from retailsim.agents.retail.policy.features import TABLE
from retailsim.sim.learning.errors import UnknownPolicy
from retailsim.sim.learning.targets import Target, check_known, named, seat_of_file
from retailsim.sim.scenario.settings import lay_over

BY_HAND, CHANCE = "by-the-sheet", "chance"


def target_of(policy: str, settings: Sequence[str]) -> Target:
    """Return the policy that a command names.

    Parameters
    ----------
    policy : str
        A file, also as ``policy:FILE``; or ``by-the-sheet``, or ``chance``: any legal option.
    settings : sequence of str
        Options of its seat as KEY=VALUE: ``explore``.

    Raises
    ------
    BadPolicy, UnknownPolicy, BadOption, BadSetting
    """
    options: dict[str, Any] = {}
    lay_over(options, settings)
    share = explored_share(policy, options.get("explore", 0))
    if (in_file := seat_of_file(policy, options)) is not None:
        path, seat = in_file
        held = OfPolicy(read_policy(path, TABLE), share)
        return Target(named(path.name, options), held, seat)
    if policy == BY_HAND:
        check_known(policy, options, {"explore"})
        return Target(named(policy, options), OfPolicy(by_the_sheet(), share), None)
    if policy == CHANCE:
        check_known(policy, options, set())
        return Target(policy, OfPolicy(by_the_sheet(), 1.0), None)
    raise UnknownPolicy(policy, (BY_HAND, CHANCE))


@dataclass(frozen=True, slots=True)
class OfPolicy:
    """What a linear policy would do.

    Parameters
    ----------
    policy : LinearPolicy
    explore : float
        How often any legal option is taken instead, from 0 to 1.
    """

    policy: LinearPolicy
    explore: float = 0.0

    def __call__(self, features: Sequence[float], mask: Sequence[int]) -> Sequence[float]:
        """Return the probability of each option."""
        equal = self.explore / sum(mask)
        found = [equal * one for one in mask]
        found[self.policy.choose(features, mask)] += 1.0 - self.explore
        return found
