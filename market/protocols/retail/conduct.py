"""The seller's conduct in the retail protocol, as rules see it from a market's log.

The facts, beside ``turns_since_NAME`` of what is heard before the purchase:

- ``average_rating``, ``rating_number``: the sheet's, where it has both;
- ``shown``: 1, the product is; ``seller_is_person``; ``after_sale``: whether the order is there;
- ``fee_named``: always, for the offer that every buyer sees before it decides has the fee;
- of an order: ``unit_price_cents``, ``shown_price_cents``, ``shipping_cents``.
"""

from __future__ import annotations

from collections.abc import Sequence

from retailsim.events.messages import (
    ClaimFound,
    EpisodeOpened,
    Event,
    MessageSent,
    OrderPlaced,
)
from retailsim.market.claims.reader import sentences
from retailsim.market.core.money import dollars
from retailsim.market.protocols.retail.events import PitchPresented
from retailsim.market.rules.conditions import Fact
from retailsim.market.rules.conduct import Heard, Products, rating
from retailsim.market.rules.judging import Act
from retailsim.market.rules.rule import RuleSet


class _Episode:
    """What is so in one episode."""

    def __init__(self, opened: EpisodeOpened, rules: RuleSet) -> None:
        self.opened = opened
        self.heard = Heard(rules.heard)
        self.turn = 1
        self.ordered = False


class RetailConduct:
    """One market: a pitch to all its buyers, then each one's way.

    Parameters
    ----------
    rules : RuleSet
        For what is heard.
    products : mapping of id to Product
    """

    def __init__(self, rules: RuleSet, products: Products) -> None:
        self._rules, self._products = rules, products
        self._episodes: dict[str, _Episode] = {}

    def tell(self, event: Event) -> Sequence[Act]:
        """Take in the next event, and return what the seller did by it."""
        match event:
            case EpisodeOpened(episode=str(id_)):
                self._episodes[id_] = _Episode(event, self._rules)
            case PitchPresented():
                return [self._pitch_act(event)]
            case MessageSent(episode=str(id_)) if id_ in self._episodes:
                return self._spoken(event, self._episodes[id_])
            case ClaimFound():
                facts = self._facts(event.episode)
                claim = (event.sentence, event.verdict)
                return [Act(episode=event.episode, turn=event.turn, facts=facts, claim=claim)]
            case OrderPlaced(episode=str(id_)) if id_ in self._episodes:
                return [self._ordered(event, self._episodes[id_])]
        return ()

    def _pitch_act(self, event: PitchPresented) -> Act:
        said = tuple(one for text in event.sections.values() for one in sentences(text))
        facts = self._facts(event.episode)
        return Act(episode=event.episode, turn=None, facts=facts, sentences=said)

    def _spoken(self, event: MessageSent, episode: _Episode) -> Sequence[Act]:
        said = tuple(sentences(event.text))
        episode.turn = event.turn
        if event.role == "buyer":
            episode.heard.listen(said, event.turn)
            return ()
        facts = self._facts(event.episode)
        return [Act(episode=event.episode, turn=event.turn, facts=facts, sentences=said)]

    def _ordered(self, event: OrderPlaced, episode: _Episode) -> Act:
        facts = {
            **self._facts(event.episode),
            "unit_price_cents": event.unit_price_cents,
            "shipping_cents": event.shipping_cents,
        }
        if episode.opened.price_cents is not None:
            facts["shown_price_cents"] = episode.opened.price_cents
        episode.ordered = True
        said = f"{event.product} at {dollars(event.unit_price_cents)}"
        return Act(episode=event.episode, turn=None, facts=facts, order=said)

    def _facts(self, episode: str | None) -> dict[str, Fact]:
        known = self._episodes.get(episode or "") or next(iter(self._episodes.values()), None)
        if known is None:
            return {}
        product = self._products.get(known.opened.product or "")
        return {
            **(known.heard.facts(known.turn) if episode else {}),
            **rating([product] if product else []),
            "shown": 1,
            "fee_named": True,
            "seller_is_person": known.opened.seller_kind == "person",
            "after_sale": known.ordered,
        }
