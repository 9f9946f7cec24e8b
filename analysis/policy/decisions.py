"""Decisions as a log holds them: state, options, what was chosen and how likely it was.

The same arrays serve to evaluate a policy, to mine the log, and to learn from it offline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """D decisions of E finished episodes, sorted by episode and turn; every episode has some.

    Parameters
    ----------
    names : tuple of str
        The K options there are.
    feature_names : tuple of str
        The F features.
    features : (D, F)
        What was known when it was chosen.
    mask : (D, K)
        Which options were legal.
    chosen : (D,)
        Number of the option that was chosen.
    propensities : (D, K)
        How likely each option was, 0 where it was not legal; a row of NaN where nobody knows.
    as_read : (D,)
        Whether what an option leaves open, such as where to search, was done as a policy's seat
        does it. Where it was not, propensities say too little.
    episode, turn : (D,)
        Which of the episodes, and which exchange of it, from 1.
    rewards : (D,)
        What followed before the next decision, weighted.
    ids : tuple of str
        The E episodes' names.
    parts : mapping of name to (D,)
        What the rewards are made of, term by term and without weights.
    weights : mapping of name to float
        Those of the rewards.
    cluster : (E,)
        What episodes share, a buyer's profile: numbers of `clusters`.
    clusters : tuple of str
    seller : (E,)
        Who decided.
    segments : mapping of name to (E,)
        What else is known of an episode, as text: its buyer's style and the like. Part of it may
        be hidden from sellers, so nothing may be decided by it.
    failed, unfinished : int
        Episodes of the log that are left out because they failed or did not come to their end.
    adaptive : bool
        Whether the one who decided went on learning from what is logged here.
    shared : str
        What clusters are, in words.
    """

    names: tuple[str, ...]
    feature_names: tuple[str, ...]
    features: Floats
    mask: Flags
    chosen: Whole
    propensities: Floats
    as_read: Flags
    episode: Whole
    turn: Whole
    rewards: Floats
    ids: tuple[str, ...]
    parts: Mapping[str, Floats]
    weights: Mapping[str, float]
    cluster: Whole
    clusters: tuple[str, ...]
    seller: NDArray[np.str_]
    segments: Mapping[str, NDArray[np.str_]]
    failed: int = 0
    unfinished: int = 0
    adaptive: bool = False
    shared: str = "buyer profiles"

    def __len__(self) -> int:
        """How many decisions there are."""
        return len(self.chosen)

    @property
    def starts(self) -> Whole:
        """Number of each episode's first decision, (E,)."""
        return np.searchsorted(self.episode, np.arange(len(self.ids)))

    @property
    def returns(self) -> Floats:
        """What each episode came to, (E,): its rewards summed."""
        return self._by_episode(self.rewards)

    @property
    def terms(self) -> Mapping[str, Floats]:
        """What each episode came to in each term, (E,), without weights."""
        return {name: self._by_episode(part) for name, part in self.parts.items()}

    @property
    def known(self) -> Flags:
        """Of which decisions the propensities are known, (D,)."""
        found: Flags = ~np.isnan(self.propensities[:, 0])
        return found

    def _by_episode(self, values: Floats) -> Floats:
        found: Floats = np.zeros(len(self.ids))
        np.add.at(found, self.episode, values)
        return found

    def of_episodes(self, wanted: Flags) -> Decisions:
        """Return those of some episodes, numbered anew.

        Parameters
        ----------
        wanted : (E,)
            Which ones.
        """
        rows = wanted[self.episode]
        number = np.cumsum(wanted) - 1
        kept, cluster = np.unique(self.cluster[wanted], return_inverse=True)
        return replace(
            self,
            **{name: getattr(self, name)[rows] for name in _OF_DECISIONS},
            episode=number[self.episode[rows]].astype(np.int64),
            ids=tuple(name for name, one in zip(self.ids, wanted, strict=True) if one),
            parts={name: one[rows] for name, one in self.parts.items()},
            cluster=cluster.astype(np.int64),
            clusters=tuple(self.clusters[one] for one in kept),
            seller=self.seller[wanted],
            segments={name: one[wanted] for name, one in self.segments.items()},
        )


_OF_DECISIONS = ("features", "mask", "chosen", "propensities", "as_read", "turn", "rewards")


def joined(parts: Sequence[Decisions]) -> Decisions:
    """Return the decisions of several logs as one; clusters of one name are the same.

    Parameters
    ----------
    parts : sequence of Decisions
        At least one, all with the same options, features, terms and weights.
    """
    first = parts[0]
    if len(parts) == 1:
        return first
    same = ("names", "feature_names", "weights")
    if any(getattr(part, name) != getattr(first, name) for part in parts for name in same):
        raise ValueError("parts of different options, features or weights")
    clusters = tuple(dict.fromkeys(name for part in parts for name in part.clusters))
    number = {name: position for position, name in enumerate(clusters)}
    before = np.cumsum([0, *(len(part.ids) for part in parts)])
    renumbered = [np.array([number[name] for name in part.clusters], np.int64) for part in parts]
    pairs = list(zip(parts, renumbered, strict=True))
    return replace(
        first,
        **{name: _stacked(parts, name) for name in (*_OF_DECISIONS, "seller")},
        episode=np.concatenate(
            [part.episode + start for part, start in zip(parts, before[:-1], strict=True)]
        ),
        ids=tuple(name for part in parts for name in part.ids),
        parts={name: np.concatenate([part.parts[name] for part in parts]) for name in first.parts},
        cluster=np.concatenate([numbers[part.cluster] for part, numbers in pairs]),
        clusters=clusters,
        segments={
            name: np.concatenate([part.segments[name] for part in parts]) for name in first.segments
        },
        failed=sum(part.failed for part in parts),
        unfinished=sum(part.unfinished for part in parts),
        adaptive=any(part.adaptive for part in parts),
    )


def _stacked(parts: Sequence[Decisions], name: str) -> Any:
    return np.concatenate([getattr(part, name) for part in parts])
