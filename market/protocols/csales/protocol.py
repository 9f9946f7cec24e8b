"""The protocol of a sales conversation: a market of one seller, one buyer and a catalogue.

The buyer opens. Then, in every turn, the seller first infers and plans, the market looks up what
the plan needs, the seller speaks, and the buyer answers. The market alone says which items exist,
which may be shown, when a purchase counts and what it costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from retailsim.events.kernel import Outgoing, Post
from retailsim.events.messages import (
    EpisodeClosed,
    EpisodeFailed,
    EpisodeOpened,
    MarketClosed,
    MarketOpened,
    Message,
    MessageSent,
)
from retailsim.events.streams import Seed
from retailsim.market.core.failure_reason import reason_of, rejections
from retailsim.market.core.request import stage_of
from retailsim.market.errors import UnexpectedMessage
from retailsim.market.protocols.csales.conversation import Conversation
from retailsim.market.protocols.csales.events import ActionChosen, BuyerProfiled, ProfileInferred
from retailsim.market.protocols.csales.requests import (
    BuyItem,
    LeaveConversation,
    PlanCategory,
    SelectItem,
    ShowItems,
    StateWorth,
)
from retailsim.market.protocols.csales.spec import ConversationSpec, SalesRules

_STEPS: Mapping[type[Message], Callable[[Conversation, Any], list[Post]]] = {
    MessageSent: Conversation.message_sent,
    ProfileInferred: Conversation.profile_inferred,
    PlanCategory: Conversation.category_planned,
    ActionChosen: Conversation.action_chosen,
    ShowItems: Conversation.items_to_show,
    StateWorth: Conversation.worth_stated,
    SelectItem: Conversation.item_to_select,
    BuyItem: Conversation.item_to_buy,
    LeaveConversation: Conversation.buyer_leaving,
}


class SalesMarket:
    """The rules of one conversation; `handle` is registered with the kernel under ``market``.

    Parameters
    ----------
    spec : ConversationSpec
    rules : SalesRules
    seed : Seed
        No stream is used: nothing here is random.
    """

    def __init__(self, spec: ConversationSpec, rules: SalesRules, seed: Seed) -> None:
        self.spec = spec
        self.finished = False
        self._episode = spec.episodes[0].episode
        self._conversation = Conversation(spec, rules)

    def open(self) -> Outgoing:
        """The market's first messages."""
        return [
            Post(MarketOpened()),
            Post(_opened(self.spec)),
            Post(_profiled(self.spec)),
            self._conversation.opening(),
        ]

    def handle(self, message: Message) -> Outgoing:
        """Answer one message of an agent."""
        step = None if self.finished else _STEPS.get(type(message))
        if step is None:
            raise UnexpectedMessage(type(message).__name__, message.source)
        posts = step(self._conversation, message)
        if self._conversation.ended:
            return self._end([*posts, Post(EpisodeClosed(episode=self._episode))])
        return posts

    def failed(self, source: str, message: Message, error: Exception) -> Outgoing:
        """Answer an agent that raised: the conversation ends."""
        stage = stage_of(message)
        failure = EpisodeFailed(episode=self._episode, stage=stage, reason=reason_of(error))
        rejected = (Post(event) for event in rejections(stage, message, error))
        return self._end([*rejected, Post(failure)])

    def _end(self, posts: list[Post]) -> list[Post]:
        self.finished = True
        return [*posts, Post(MarketClosed())]


def _opened(spec: ConversationSpec) -> EpisodeOpened:
    buying, seller = spec.episodes[0], spec.seller
    return EpisodeOpened(
        episode=buying.episode,
        seller=seller.id,
        buyer=buying.buyer.id,
        product=None,
        category=spec.profile.target_category[0] if spec.profile.target_category else None,
        title=None,
        audience=None,
        list_price_cents=None,
        price_cents=None,
        price_multiplier=1.0,
        discount=0.0,
        replication=spec.replication,
        condition=spec.condition,
        seller_persona=seller.persona,
        buyer_persona=buying.buyer.persona,
        seller_gender=seller.gender,
        buyer_gender=buying.buyer.gender,
        retries=buying.retries,
    )


def _profiled(spec: ConversationSpec) -> BuyerProfiled:
    profile = spec.profile
    return BuyerProfiled(
        episode=spec.episodes[0].episode,
        profile=profile.id,
        decision_making_style=profile.decision_making_style,
        dialogue_openness=profile.dialogue_openness,
        target_category=profile.target_category,
        budget_min_cents=profile.budget_cents[0],
        budget_max_cents=profile.budget_cents[1],
    )
