"""Policies as probabilities of each option: those in files, and sellers whose scores are known."""

from __future__ import annotations

from collections.abc import Sequence

from retailsim.agents.csales.behavioral.action_policy import (
    Chance,
    Csi,
    Exploring,
    Policy,
    Situation,
)
from retailsim.agents.csales.policy.view import SellerView
from retailsim.agents.policy.linear import LinearPolicy
from retailsim.market.core.propensities import WHOLE, propensities
from retailsim.market.protocols.csales.action_table import ActionTable, Option


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
    """

    def __init__(self, policy: LinearPolicy, explore: float = 0.0) -> None:
        self._policy, self._explore = policy, explore

    def __call__(
        self,
        view: SellerView,
        features: Sequence[float],
        mask: Sequence[int],
        table: ActionTable,
    ) -> Sequence[float]:
        """Return the probability of each option."""
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
