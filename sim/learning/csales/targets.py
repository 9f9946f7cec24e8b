"""Policies as probabilities of each option: those in files, and sellers whose scores are known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from retailsim.agents.base import Seat
from retailsim.agents.csales.behavioral.action_policy import (
    TEMPERATURE,
    Chance,
    Csi,
    Exploring,
    Policy,
    Situation,
)
from retailsim.agents.csales.behavioral.seller import CsiSeller
from retailsim.agents.csales.policy.features import POLICIES
from retailsim.agents.csales.policy.view import SellerView
from retailsim.agents.policy.exploring import explored_share
from retailsim.agents.policy.linear import LinearPolicy, check_options, read_policy
from retailsim.events.streams import Seed
from retailsim.market.core.propensities import WHOLE, propensities
from retailsim.market.protocols.csales.action_table import ActionTable, Option
from retailsim.sim.learning.errors import UnknownPolicy
from retailsim.sim.learning.targets import Target, check_known, named, seat_of_file
from retailsim.sim.scenario.scenario import AgentTable
from retailsim.sim.scenario.settings import lay_over


def target_of(policy: str, settings: Sequence[str]) -> Target:
    """Return the policy that a command names.

    Parameters
    ----------
    policy : str
        A file, also as ``policy:FILE``; or ``csi``, or ``chance``: any legal action, and any of its
        options, with the category that ``csi`` would look in.
    settings : sequence of str
        Options of its seat as KEY=VALUE: ``explore``, and ``temperature`` of ``csi``.

    Raises
    ------
    BadPolicy, UnknownPolicy, BadOption, BadSetting
    """
    options: dict[str, Any] = {}
    lay_over(options, settings)
    share = explored_share(policy, options.get("explore", 0))
    if (in_file := seat_of_file(policy, options)) is not None:
        path, seat = in_file
        held = OfFile(read_policy(path, POLICIES), share, path)
        return Target(named(path.name, options), held, seat)
    if policy == "csi":
        check_known(policy, options, {"explore", "temperature"})
        heat = options.get("temperature", TEMPERATURE)
        CsiSeller(Seat(id="target", role="seller", seed=Seed(0), options=options))  # checks them
        seat = AgentTable(id="target", agent="csi", options=options)
        return Target(named(policy, options), OfSeller(Csi(heat), share), seat)
    if policy == "chance":
        check_known(policy, options, set())
        return Target(policy, OfSeller(Chance()), None)
    raise UnknownPolicy(policy, ("csi", "chance"))


class OfSeller:
    """What a seller that goes by scores would do, where it reads and searches as ``csi`` does.

    Parameters
    ----------
    policy : Csi or Chance
    explore : float
        How often any legal option is taken instead, from 0 to 1.
    """

    def __init__(self, policy: Csi | Chance, explore: float = 0.0) -> None:
        self._policy: Policy = Exploring(policy, explore) if explore else policy

    def __call__(
        self,
        view: SellerView,
        features: Sequence[float],
        mask: Sequence[int],
        table: ActionTable,
    ) -> Sequence[float]:
        """Return the probability of each option, exactly as the seat would log it."""
        numbers = [number for number, one in enumerate(mask) if one]
        options = tuple(table.options[number] for number in numbers)
        counts = propensities(self._policy.weights(situation_of(view, options)))
        found = [0.0] * len(mask)
        for number, count in zip(numbers, counts, strict=True):
            found[number] = count / WHOLE
        return found


class OfFile:
    """What a policy in a file would do.

    Parameters
    ----------
    policy : LinearPolicy
    explore : float
        As of `OfSeller`.
    path : Path
        Where it stands, which errors name.
    """

    def __init__(self, policy: LinearPolicy, explore: float, path: Path) -> None:
        self._policy, self._explore, self._path = policy, explore, path

    def __call__(
        self,
        view: SellerView,
        features: Sequence[float],
        mask: Sequence[int],
        table: ActionTable,
    ) -> Sequence[float]:
        """Return the probability of each option.

        Raises
        ------
        BadPolicy
            If it was learnt for other options.
        """
        check_options(self._policy, table.names, self._path)
        equal = self._explore / sum(mask)
        found = [equal * one for one in mask]
        found[self._policy.choose(features, mask)] += 1.0 - self._explore
        return found


def situation_of(view: SellerView, options: tuple[Option, ...]) -> Situation:
    """Return what a seller that reads as ``csi`` does decides by."""
    return Situation(
        options=options,
        past=tuple(view.actions),
        tactics=tuple(view.tactics),
        words=len(view.words),
        depth=len(view.category),
        category_fit=view.next_category()[1],
        shown=len(view.prices_cents),
        style=view.style,
        items=view.items,
    )
