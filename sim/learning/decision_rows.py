"""Episodes as rows of decisions: what was known, legal, chosen, and what followed."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from retailsim.analysis.policy.decisions import Decisions, Floats
from retailsim.events.messages import EpisodeOpened, Event
from retailsim.market.core.propensities import shares


@dataclass(slots=True)
class Row:
    """One decision; `others` is what other policies would have done, `terms` what followed."""

    features: list[float]
    mask: list[int]
    chosen: int
    propensities: list[float]
    as_read: bool
    turn: int
    others: list[Sequence[float]]
    reward: float = 0.0
    terms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """One episode that came to its end.

    Parameters
    ----------
    opened : EpisodeOpened
    cluster : str
        What it shares with others.
    segments : tuple of str
        In the order of `Rows.segments`.
    rows : list of Row
    end : list of float
        The features when it was over.
    """

    opened: EpisodeOpened
    cluster: str
    segments: tuple[str, ...]
    rows: list[Row]
    end: list[float]


class Rows(ABC):
    """Decisions, episode by episode.

    Parameters
    ----------
    weights : mapping of term to weight
    seller : str or None
        Only this one's.
    others : sequence of callable
        Policies that are asked at every decision, too.

    Attributes
    ----------
    sellers : set of str
        Everybody who sold in the log.
    failed, unfinished, silent : int
        Episodes that are left out; the last ones for no choice is logged.
    adaptive : bool
    """

    names: Sequence[str]
    """What can be chosen."""
    feature_names: ClassVar[tuple[str, ...]]
    terms: ClassVar[tuple[str, ...]]
    """Of the rewards."""
    segments: ClassVar[tuple[str, ...]]
    """What else is known of an episode, hidden from its seller."""
    shared: ClassVar[str] = "buyer profiles"
    """What clusters are, in words."""

    def __init__(
        self, weights: Mapping[str, float], seller: str | None, others: Sequence[Any]
    ) -> None:
        self._weights, self.seller, self._others = weights, seller, others
        self._held: list[Held] = []
        self.failed = self.unfinished = self.silent = 0
        self.adaptive = False
        self.sellers: set[str] = set()

    @abstractmethod
    def add(self, events: Sequence[Event]) -> None:
        """Take a market, as far as it came to a usable end.

        Raises
        ------
        LookupError, ValueError, OverflowError
            If its events contradict each other.
        """

    def decisions(self) -> Decisions:
        """Return them as arrays, in the same order however the log was written."""
        held, options = self._ordered(), len(self.names)
        rows = [row for one in held for row in one.rows]
        clusters = {name: n for n, name in enumerate(dict.fromkeys(one.cluster for one in held))}
        width = len(self.feature_names)
        return Decisions(
            names=tuple(self.names),
            feature_names=self.feature_names,
            features=np.array([row.features for row in rows], float).reshape(-1, width),
            mask=np.array([row.mask for row in rows], bool).reshape(-1, options),
            chosen=np.array([row.chosen for row in rows], np.int64),
            propensities=np.array([row.propensities for row in rows], float).reshape(-1, options),
            as_read=np.array([row.as_read for row in rows], bool),
            episode=np.repeat(np.arange(len(held)), [len(one.rows) for one in held]),
            turn=np.array([row.turn for row in rows], np.int64),
            rewards=np.array([row.reward for row in rows], float),
            ids=tuple(str(one.opened.episode) for one in held),
            parts={name: np.array([row.terms[name] for row in rows], float) for name in self.terms},
            weights=dict(self._weights),
            cluster=np.array([clusters[one.cluster] for one in held], np.int64),
            clusters=tuple(clusters),
            seller=np.array([one.opened.seller for one in held], np.str_),
            segments={
                name: np.array([one.segments[number] for one in held], np.str_)
                for number, name in enumerate(self.segments)
            },
            failed=self.failed,
            unfinished=self.unfinished,
            adaptive=self.adaptive,
            shared=self.shared,
        )

    def _ordered(self) -> list[Held]:
        return sorted(self._held, key=lambda one: str(one.opened.episode))

    def ends(self) -> list[list[float]]:
        """Return the features at each episode's end."""
        return [one.end for one in self._ordered()]

    def weighed(self) -> Iterator[Floats]:
        """Yield what each of the others would have done, (D, K)."""
        for number in range(len(self._others)):
            rows = [row.others[number] for one in self._ordered() for row in one.rows]
            yield np.array(rows, float).reshape(-1, len(self.names))


def numbered(names: Sequence[str], known: Sequence[str]) -> list[int]:
    """Return the numbers of options; raises ValueError where one is unknown, or there twice."""
    for name in names:
        if name not in known:
            raise ValueError(f"the run's table has no option {name!r}")
    if len(set(names)) < len(names):
        raise ValueError(f"an option stands twice among {', '.join(names)}")
    return [known.index(name) for name in names]


def chances(
    chosen: int, legal: Sequence[int], stated: Sequence[Any] | None, known: Sequence[str]
) -> tuple[list[int], list[float]]:
    """Return mask and propensities of a decision, (K,) each; NaN where nobody knows them.

    Raises
    ------
    ValueError
        If they contradict each other, or what was chosen.
    """
    mask, odds = [0] * len(known), [math.nan] * len(known)
    for number in legal:
        mask[number] = 1
    if not mask[chosen]:
        raise ValueError(f"{known[chosen]} was chosen, and is not among its options")
    if stated is not None:
        odds = [0.0] * len(known)
        for number, share in zip(legal, _shares(stated, len(legal)), strict=True):
            odds[number] = share
        if odds[chosen] <= 0.0:
            raise ValueError(f"{known[chosen]} was chosen with probability 0")
    return mask, odds


def _shares(stated: Sequence[Any], options: int) -> tuple[float, ...]:
    found = shares(stated)
    low = min(found, default=-1.0)
    if len(found) != options or low < 0.0 or abs(math.fsum(found) - 1.0) > 1e-6:
        raise ValueError(f"probabilities {list(found)} for {options} options")
    return found
