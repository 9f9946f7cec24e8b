"""A side of a market that chooses among named options: what it sees, may do and is paid."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from retailsim.events.messages import Event
from retailsim.market.core.request import AgentRequest


class StepRewards(Protocol):
    """One episode's rewards."""

    def of_step(self, events: Iterable[Event], *, illegal: bool = False) -> dict[str, float]:
        """Return the terms of a step, without their weights, from the events that followed it."""
        ...

    def total(self, terms: Mapping[str, float]) -> float:
        """Return the reward: the terms times their weights."""
        ...


class Side(ABC):
    """One seat in one episode.

    Attributes
    ----------
    names : sequence of str
        What its options are called, in the order that numbers them.
    rewards : StepRewards
    """

    names: Sequence[str]
    rewards: StepRewards

    @abstractmethod
    def tell(self, events: Iterable[Event]) -> None:
        """Take further events of the episode, in order."""

    @abstractmethod
    def features(self, request: AgentRequest | None) -> list[float]:
        """Return the state as numbers.

        Parameters
        ----------
        request : AgentRequest or None
            What the seat is asked now; None: nothing, or nothing any more.
        """

    @abstractmethod
    def legal(self, request: AgentRequest) -> list[int]:
        """Return 1 for each option that may answer a request, 0 for the others."""
