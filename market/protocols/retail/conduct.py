"""The seller's conduct in the retail protocol, as rules see it: while it goes on, or from its log.

The facts, beside ``turns_since_NAME`` of what is heard, in the buyer's messages of both dialogues:

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
from retailsim.market.protocols.retail.events import PitchPresented, SellerChose
from retailsim.market.rules.conditions import Fact, Facts
from retailsim.market.rules.conduct import Ear, Heard, Products, ear_for, rating
from retailsim.market.rules.judging import Act
from retailsim.market.rules.rule import RuleSet


class _Episode:
    """What is so in one episode; its facts are replaced when one changes, so acts may hold them."""

    __slots__ = ("facts", "heard", "messages", "opened")

    def __init__(self, opened: EpisodeOpened, ear: Ear, sheet: Facts) -> None:
        self.opened = opened
        self.heard = Heard(ear)
        self.messages = 0
        self.facts: Facts = {
            **sheet,
            "shown": 1,
            "fee_named": True,
            "seller_is_person": opened.seller_kind == "person",
            "after_sale": False,
        }

    def listen(self, text: str) -> None:
        """Take in the buyer's next message."""
        self.messages += 1
        self.heard.listen(text, self.messages)

    def facts_now(self) -> Facts:
        """Return its facts with what was heard; the same object while nothing changes."""
        heard = self.heard.facts(self.messages)
        return {**self.facts, **heard} if heard else self.facts


class RetailConduct:
    """One market: a pitch to all its buyers, then each one's way.

    Parameters
    ----------
    rules : RuleSet
        For what is heard.
    products : mapping of id to Product
    """

    def __init__(self, rules: RuleSet, products: Products) -> None:
        self._ear, self._products = ear_for(rules.heard), products
        self._episodes: dict[str, _Episode] = {}
        self._sheets: dict[str | None, Facts] = {}

    def tell(self, event: Event) -> Sequence[Act]:
        """Take in the next event, and return what the seller did by it."""
        acts = self._acts(event)
        self.note(event)
        return acts

    def note(self, event: Event) -> None:
        """Take in the next event, whatever the seller did by it."""
        if isinstance(event, EpisodeOpened):
            if event.episode is not None:
                sheet = self._sheet(event.product)
                self._episodes[event.episode] = _Episode(event, self._ear, sheet)
            return
        episode = self._episodes.get(event.episode or "")
        if episode is None:
            return
        if isinstance(event, MessageSent):
            if event.role == "buyer":
                episode.listen(event.text)
        elif isinstance(event, OrderPlaced):
            episode.facts = {**episode.facts, "after_sale": True}

    def _acts(self, event: Event) -> Sequence[Act]:
        match event:
            case SellerChose():
                facts = self.facts(event.episode)
                chosen = event.option
                return [Act(episode=event.episode, turn=event.turn, facts=facts, option=chosen)]
            case PitchPresented():
                return [self._pitch_act(event)]
            case MessageSent(role="seller"):
                return [self._spoken(event)]
            case ClaimFound():
                facts = self.facts(event.episode)
                claim = (event.sentence, event.verdict)
                return [Act(episode=event.episode, turn=event.turn, facts=facts, claim=claim)]
            case OrderPlaced(episode=str(id_)) if id_ in self._episodes:
                return [self._ordered(event, id_)]
        return ()

    def _pitch_act(self, event: PitchPresented) -> Act:
        said = tuple(one for text in event.sections.values() for one in sentences(text))
        facts = self.facts(event.episode)
        return Act(episode=event.episode, turn=None, facts=facts, sentences=said)

    def _spoken(self, event: MessageSent) -> Act:
        said, facts = tuple(sentences(event.text)), self.facts(event.episode)
        return Act(episode=event.episode, turn=event.turn, facts=facts, sentences=said)

    def _ordered(self, event: OrderPlaced, id_: str) -> Act:
        facts = self.order_facts(id_, event.unit_price_cents, event.shipping_cents)
        said = f"{event.product} at {dollars(event.unit_price_cents)}"
        return Act(episode=id_, turn=None, facts=facts, order=said)

    def order_facts(
        self, episode: str, unit_price_cents: int, shipping_cents: int
    ) -> dict[str, Fact]:
        """Return what is so of an order."""
        facts = {
            **self.facts(episode),
            "unit_price_cents": unit_price_cents,
            "shipping_cents": shipping_cents,
        }
        shown = self._episodes[episode].opened.price_cents
        if shown is not None:
            facts["shown_price_cents"] = shown
        return facts

    def facts(self, episode: str | None) -> Facts:
        """Return what is so in an episode, or in all of the market, before the seller acts.

        It is the same object while nothing changes, and never changes itself.
        """
        known = self._episodes.get(episode or "") or next(iter(self._episodes.values()), None)
        if known is None:
            return {}
        return known.facts_now() if episode else known.facts

    def _sheet(self, product: str | None) -> Facts:
        found = self._sheets.get(product)
        if found is None:
            sheet = self._products.get(product or "")
            found = self._sheets[product] = rating([sheet] if sheet else [])
        return found
