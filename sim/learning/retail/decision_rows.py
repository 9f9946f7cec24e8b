"""Retail episodes as rows of decisions: what was known, legal, chosen, and what followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from retailsim.agents.retail.policy.actions import OPTION_NAMES
from retailsim.agents.retail.policy.features import NAMES, features
from retailsim.agents.retail.policy.view import SellerView
from retailsim.events.messages import (
    EpisodeClosed,
    EpisodeFailed,
    EpisodeOpened,
    Event,
    MarketFailed,
)
from retailsim.market.catalogue.product import Product
from retailsim.market.core.participants import EpisodeSpec, Participant
from retailsim.market.protocols.retail.events import SellerChose
from retailsim.market.protocols.retail.protocol import offer_of
from retailsim.market.protocols.retail.spec import RetailRules, RetailSpec
from retailsim.market.protocols.retail.values import Offer
from retailsim.sim.environments.retail.rewards import TERMS, Rewards
from retailsim.sim.learning.decision_rows import Held, Row, Rows, chances, numbered

Weighing = Callable[[Sequence[float], Sequence[int]], Sequence[float]]
"""What another policy would do: from features and mask to a probability for each option, 0 where it
is not legal."""


class RetailRows(Rows):
    """Decisions, episode by episode; a pitch that all buyers of a market heard is in each of them.

    Parameters
    ----------
    weights : mapping of term to weight
    seller : str or None
    others : sequence of Weighing
    products : mapping of id to Product
    rules : RetailRules
        Of the run.
    """

    names = OPTION_NAMES
    feature_names = NAMES
    terms = tuple(TERMS)
    segments = ("category", "buyer")
    shared = "products"

    def __init__(
        self,
        weights: Mapping[str, float],
        seller: str | None,
        others: Sequence[Weighing],
        products: Mapping[str, Product],
        rules: RetailRules,
    ) -> None:
        super().__init__(weights, seller, others)
        self._products, self._rules = products, rules

    def add(self, events: Sequence[Event]) -> None:
        """Take the episodes of a market that came to a usable end."""
        for opened in [one for one in events if isinstance(one, EpisodeOpened)]:
            self.sellers.add(str(opened.seller))
            if self.seller is None or opened.seller == self.seller:
                own = [one for one in events if one.episode in (None, opened.episode)]
                self._take(opened, own)

    def _take(self, opened: EpisodeOpened, events: Sequence[Event]) -> None:
        if any(isinstance(one, EpisodeFailed | MarketFailed) for one in events):
            self.failed += 1
        elif not any(isinstance(one, EpisodeClosed) for one in events):
            self.unfinished += 1
        elif not any(isinstance(one, SellerChose) for one in events):
            self.silent += 1
        else:
            self._fold(opened, events)

    def _fold(self, opened: EpisodeOpened, events: Sequence[Event]) -> None:
        view = SellerView(self._offer(opened))
        rewards = Rewards(self._weights, view)
        cuts = [n for n, one in enumerate(events) if isinstance(one, SellerChose)]
        view.tell(events[: cuts[0]])
        rewards.of_step(events[: cuts[0]])
        rows = list[Row]()
        for begin, end in zip(cuts, [*cuts[1:], len(events)], strict=True):
            row = self._row(view, events[begin], len(rows) + 1)
            view.tell(events[begin:end])
            row.terms = rewards.of_step(events[begin:end])
            row.reward = rewards.total(row.terms)
            rows.append(row)
        self._held.append(
            Held(
                opened=opened,
                cluster=str(opened.product),
                segments=(str(opened.category), opened.buyer),
                rows=rows,
                end=features(view, None),
            )
        )

    def _row(self, view: SellerView, choice: Event, turn: int) -> Row:
        assert isinstance(choice, SellerChose)  # cut there
        [chosen] = numbered([choice.option], OPTION_NAMES)
        legal = numbered(choice.options, OPTION_NAMES)
        mask, odds = chances(chosen, legal, choice.probabilities, OPTION_NAMES)
        known = features(view, choice.stage)
        return Row(
            features=known,
            mask=mask,
            chosen=chosen,
            propensities=odds,
            as_read=True,
            turn=turn,
            others=[weigh(known, mask) for weigh in self._others],
        )

    def _offer(self, opened: EpisodeOpened) -> Offer:
        """Return what was for sale: an input of the run, as the episode's terms have it."""
        product = self._products[str(opened.product)]
        spec = RetailSpec(
            id=opened.market,
            product=product,
            sellers=(Participant(id=str(opened.seller)),),
            episodes=(
                EpisodeSpec(episode=str(opened.episode), buyer=Participant(id=opened.buyer)),
            ),
            price_multiplier=opened.price_multiplier,
            discount=opened.discount,
        )
        return offer_of(spec, self._rules)
