"""Conversations as rows of decisions: what was known, legal, chosen, and what followed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from retailsim.agents.csales.policy.features import NAMES, features
from retailsim.agents.csales.policy.view import SellerView
from retailsim.analysis.policy.decisions import Decisions, Floats
from retailsim.events.messages import (
    EpisodeFailed,
    EpisodeOpened,
    Event,
    MarketClosed,
    MarketFailed,
)
from retailsim.market.core.propensities import shares
from retailsim.market.protocols.csales.action_table import ActionTable, option_chosen
from retailsim.market.protocols.csales.category_tree import CategoryPath, searched
from retailsim.market.protocols.csales.events import (
    ActionChosen,
    BuyerProfiled,
    CategorySearched,
    ProfileInferred,
)
from retailsim.sim.environments.csales.rewards import TERMS, Rewards

Weighing = Callable[[SellerView, Sequence[float], Sequence[int], ActionTable], Sequence[float]]
"""What another policy would do: from a view, its features, the mask and the table of options to a
probability for each option, 0 where it is not legal."""

SEGMENTS = ("style", "openness", "category", "buyer")
"""What is known of a conversation's buyer, hidden from its seller; the category is the first level
of the one it looks for."""


class Rows:
    """Decisions, conversation by conversation.

    Parameters
    ----------
    weights : mapping of term to weight
    seller : str or None
    others : sequence of Weighing
    table : ActionTable
        What the run's sellers chose from.

    Attributes
    ----------
    sellers : set of str
        Everybody who sold in the log.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        seller: str | None,
        others: Sequence[Weighing],
        table: ActionTable,
    ) -> None:
        self.table = table
        self._weights, self.seller, self._others = weights, seller, others
        self._episodes: list[_Episode] = []
        self.failed = self.unfinished = 0
        self.adaptive = False
        self.sellers: set[str] = set()

    def add(self, events: Sequence[Event], top: Iterable[CategoryPath]) -> None:
        """Take a conversation, if it came to a usable end.

        Raises
        ------
        LookupError, ValueError, OverflowError
            If its events contradict each other.
        """
        opened = next((one for one in events if isinstance(one, EpisodeOpened)), None)
        if opened is None:
            return
        self.sellers.add(str(opened.seller))
        if self.seller is not None and opened.seller != self.seller:
            return
        if any(isinstance(one, EpisodeFailed | MarketFailed) for one in events):
            self.failed += 1
        elif not isinstance(events[-1], MarketClosed):
            self.unfinished += 1
        else:
            self._fold(opened, events, SellerView(top))

    def _fold(self, opened: EpisodeOpened, events: Sequence[Event], view: SellerView) -> None:
        rewards = Rewards(self._weights)
        cuts = [n for n, one in enumerate(events) if isinstance(one, ProfileInferred)]
        if not cuts:
            return
        before = events[: cuts[0]]
        profiled = next((one for one in before if isinstance(one, BuyerProfiled)), None)
        if profiled is None:
            raise ValueError("the seller acts before there is a buyer")
        rewards.of_step(before)
        view.tell(before)
        rows, totals = [], dict.fromkeys(TERMS, 0.0)
        for begin, end in zip(cuts, [*cuts[1:], len(events)], strict=True):
            step = events[begin:end]
            row = _row(view, step, self._others, self.table)
            terms = rewards.of_step(step)
            row.reward = rewards.total(terms)
            for name, value in terms.items():
                totals[name] += value
            rows.append(row)
            view.tell(step)
        self._episodes.append(_Episode(opened, profiled, rows, totals, features(view)))

    def decisions(self) -> Decisions:
        """Return them as arrays, in the same order however the log was written."""
        held, options = self._ordered(), len(self.table.names)
        rows = [row for one in held for row in one.rows]
        profiles = [one.profiled.profile for one in held]
        clusters = {name: number for number, name in enumerate(dict.fromkeys(profiles))}
        columns = zip(*map(_segments, held), strict=True) if held else ((),) * len(SEGMENTS)
        return Decisions(
            names=self.table.names,
            feature_names=NAMES,
            features=np.array([row.features for row in rows], float).reshape(-1, len(NAMES)),
            mask=np.array([row.mask for row in rows], bool).reshape(-1, options),
            chosen=np.array([row.chosen for row in rows], np.int64),
            propensities=np.array([row.propensities for row in rows], float).reshape(-1, options),
            as_read=np.array([row.as_read for row in rows], bool),
            episode=np.repeat(np.arange(len(held)), [len(one.rows) for one in held]),
            turn=np.array([row.turn for row in rows], np.int64),
            rewards=np.array([row.reward for row in rows], float),
            ids=tuple(str(one.opened.episode) for one in held),
            terms={name: np.array([one.terms[name] for one in held], float) for name in TERMS},
            weights=dict(self._weights),
            cluster=np.array([clusters[name] for name in profiles], np.int64),
            clusters=tuple(clusters),
            seller=np.array([one.opened.seller for one in held], np.str_),
            segments={
                name: np.array(column, np.str_)
                for name, column in zip(SEGMENTS, columns, strict=True)
            },
            failed=self.failed,
            unfinished=self.unfinished,
            adaptive=self.adaptive,
        )

    def _ordered(self) -> list[_Episode]:
        return sorted(self._episodes, key=lambda one: str(one.opened.episode))

    def ends(self) -> list[list[float]]:
        """Return the features at each episode's end."""
        return [one.end for one in self._ordered()]

    def weighed(self) -> Iterator[Floats]:
        """Yield what each of the others would have done, (D, K)."""
        for number in range(len(self._others)):
            rows = [row.others[number] for one in self._ordered() for row in one.rows]
            yield np.array(rows, float).reshape(-1, len(self.table.names))


@dataclass(slots=True)
class _Row:
    """One decision."""

    features: list[float]
    mask: list[int]
    chosen: int
    propensities: list[float]
    as_read: bool
    turn: int
    others: list[Sequence[float]]
    reward: float = 0.0


@dataclass(frozen=True, slots=True)
class _Episode:
    """One conversation."""

    opened: EpisodeOpened
    profiled: BuyerProfiled
    rows: list[_Row]
    terms: dict[str, float]
    end: list[float]


def _segments(held: _Episode) -> tuple[str, ...]:
    buyer = held.profiled
    category = buyer.target_category[0] if buyer.target_category else ""
    return buyer.decision_making_style, buyer.dialogue_openness, category, held.opened.buyer


def _row(
    view: SellerView, step: Sequence[Event], others: Sequence[Weighing], table: ActionTable
) -> _Row:
    """Return a decision from what was known before it and the events from it on."""
    choice = next((one for one in step if isinstance(one, ActionChosen)), None)
    if choice is None:
        raise ValueError("the seller inferred a profile and then chose nothing")
    numbers, options = _numbers(view, choice, table), len(table.names)
    mask, odds = [0] * options, [math.nan] * options
    for number in numbers:
        mask[number] = 1
    chosen = _number(option_chosen(choice).name, table)
    if not mask[chosen]:
        raise ValueError(f"{table.names[chosen]} was chosen, and is not among its options")
    if choice.probabilities is not None:
        odds = [0.0] * options
        for number, share in zip(numbers, _shares(choice), strict=True):
            odds[number] = share
        if odds[chosen] <= 0.0:
            raise ValueError(f"{table.names[chosen]} was chosen with probability 0")
    known = features(view)
    return _Row(
        features=known,
        mask=mask,
        chosen=chosen,
        propensities=odds,
        as_read=_as_read(view, step, choice),
        turn=choice.turn,
        others=[weigh(view, known, mask, table) for weigh in others],
    )


def _numbers(view: SellerView, choice: ActionChosen, table: ActionTable) -> list[int]:
    names = choice.options or [one.name for one in view.legal_options(table)]
    numbers = [_number(name, table) for name in names]
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"an option stands twice among {', '.join(names)}")
    return numbers


def _number(name: str, table: ActionTable) -> int:
    if name not in table.names:
        raise ValueError(f"the run's table has no option {name!r}")
    return table.names.index(name)


def _shares(choice: ActionChosen) -> tuple[float, ...]:
    found = shares(choice.probabilities or ())
    low = min(found, default=-1.0)
    if len(found) != len(choice.options) or low < 0.0 or abs(math.fsum(found) - 1.0) > 1e-6:
        raise ValueError(f"probabilities {list(found)} for {len(choice.options)} options")
    return found


def _as_read(view: SellerView, step: Sequence[Event], choice: ActionChosen) -> bool:
    """Whether a search, if there is one, looked where a policy's seat would have looked."""
    found = next((one for one in step if isinstance(one, CategorySearched)), None)
    rule, nearest = option_chosen(choice).category_rule, view.next_category()[0]
    return found is None or found.asked == searched(rule, nearest, view.category)
