"""Conversations as rows of decisions: what was known, legal, chosen, and what followed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from retailsim.agents.csales.policy.features import NAMES, features
from retailsim.agents.csales.policy.view import SellerView
from retailsim.events.messages import (
    EpisodeFailed,
    EpisodeOpened,
    Event,
    MarketClosed,
    MarketFailed,
)
from retailsim.market.protocols.csales.action_table import ActionTable, option_chosen
from retailsim.market.protocols.csales.category_tree import CategoryPath, searched
from retailsim.market.protocols.csales.events import (
    ActionChosen,
    BuyerProfiled,
    CategorySearched,
    ProfileInferred,
)
from retailsim.sim.environments.csales.rewards import TERMS, Rewards
from retailsim.sim.learning.decision_rows import Held, Row, Rows, chances, numbered

Weighing = Callable[[SellerView, Sequence[float], Sequence[int], ActionTable], Sequence[float]]
"""What another policy would do: from a view, its features, the mask and the table of options to a
probability for each option, 0 where it is not legal."""

SEGMENTS = ("style", "openness", "category", "buyer")
"""What is known of a conversation's buyer, hidden from its seller; the category is the first level
of the one it looks for."""


class SalesRows(Rows):
    """Decisions, conversation by conversation.

    Parameters
    ----------
    weights : mapping of term to weight
    seller : str or None
    others : sequence of Weighing
    table : ActionTable
        What the run's sellers chose from.
    top : iterable of CategoryPath
        The top of the run's categories.
    """

    feature_names = NAMES
    terms = tuple(TERMS)
    segments = SEGMENTS

    def __init__(
        self,
        weights: Mapping[str, float],
        seller: str | None,
        others: Sequence[Weighing],
        table: ActionTable,
        top: Iterable[CategoryPath],
    ) -> None:
        super().__init__(weights, seller, others)
        self.table, self.names = table, table.names
        self._top = tuple(top)

    def add(self, events: Sequence[Event]) -> None:
        """Take a conversation, if it came to a usable end."""
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
            self._fold(opened, events, SellerView(self._top))

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
        rows = []
        for begin, end in zip(cuts, [*cuts[1:], len(events)], strict=True):
            step = events[begin:end]
            row = _row(view, step, self._others, self.table)
            row.terms = rewards.of_step(step)
            row.reward = rewards.total(row.terms)
            rows.append(row)
            view.tell(step)
        self._held.append(
            Held(
                opened=opened,
                cluster=profiled.profile,
                segments=_segments(opened, profiled),
                rows=rows,
                end=features(view),
            )
        )


def _segments(opened: EpisodeOpened, buyer: BuyerProfiled) -> tuple[str, ...]:
    category = buyer.target_category[0] if buyer.target_category else ""
    return buyer.decision_making_style, buyer.dialogue_openness, category, opened.buyer


def _row(
    view: SellerView, step: Sequence[Event], others: Sequence[Weighing], table: ActionTable
) -> Row:
    """Return a decision from what was known before it and the events from it on."""
    choice = next((one for one in step if isinstance(one, ActionChosen)), None)
    if choice is None:
        raise ValueError("the seller inferred a profile and then chose nothing")
    named = choice.options or [one.name for one in view.legal_options(table)]
    [chosen] = numbered([option_chosen(choice).name], table.names)
    legal = numbered(named, table.names)
    mask, odds = chances(chosen, legal, choice.probabilities, table.names)
    known = features(view)
    return Row(
        features=known,
        mask=mask,
        chosen=chosen,
        propensities=odds,
        as_read=_as_read(view, step, choice),
        turn=choice.turn,
        others=[weigh(view, known, mask, table) for weigh in others],
    )


def _as_read(view: SellerView, step: Sequence[Event], choice: ActionChosen) -> bool:
    """Whether a search, if there is one, looked where a policy's seat would have looked."""
    found = next((one for one in step if isinstance(one, CategorySearched)), None)
    rule, nearest = option_chosen(choice).category_rule, view.next_category()[0]
    return found is None or found.asked == searched(rule, nearest, view.category)
