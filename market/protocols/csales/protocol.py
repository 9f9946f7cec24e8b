"""The protocol of a sales conversation: a market of one seller, one buyer and a catalogue.

The buyer opens. Then, in every turn, the seller first infers and plans, the market looks up what
the plan needs, the seller speaks, and the buyer answers. The market alone says which items exist,
which may be shown, when a purchase counts and what it costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from retailsim.events.kernel import Outgoing, Post
from retailsim.events.messages import Event, Message, MessageSent
from retailsim.events.streams import Seed
from retailsim.market.claims.reading import ReadClaims, ReportReading, unread
from retailsim.market.core.market import Market, Steps, episode_opened
from retailsim.market.core.participants import EpisodeSpec
from retailsim.market.core.protocol import MarketRules
from retailsim.market.protocols.csales.admission import ADMISSIONS
from retailsim.market.protocols.csales.conduct import SalesConduct
from retailsim.market.protocols.csales.conversation import Conversation
from retailsim.market.protocols.csales.events import (
    ActionChosen,
    BuyerLeft,
    BuyerProfiled,
    CategorySearched,
    ItemSelected,
    ItemsShown,
    ItemValued,
    PriceLowered,
    ProfileInferred,
    ShippingNamed,
)
from retailsim.market.protocols.csales.requests import (
    BuyItem,
    LeaveConversation,
    PlanCategory,
    SelectItem,
    ShowItems,
    StateReservationPrices,
)
from retailsim.market.protocols.csales.spec import ConversationSpec, SalesRules
from retailsim.market.rules.enforcing import WithholdSentences


class SalesMarket(Market):
    """The rules of one conversation; `handle` is registered with the kernel under ``market``.

    Parameters
    ----------
    spec : ConversationSpec
    rules : SalesRules
    seed : Seed
        No stream is used: nothing here is random.
    """

    steps: ClassVar[Steps] = {
        MessageSent: Conversation.message_sent,
        ProfileInferred: Conversation.profile_inferred,
        PlanCategory: Conversation.category_planned,
        ActionChosen: Conversation.action_chosen,
        ShowItems: Conversation.items_to_show,
        ShippingNamed: Conversation.shipping_named,
        WithholdSentences: Conversation.sentences_withheld,
        StateReservationPrices: Conversation.reservation_prices_stated,
        SelectItem: Conversation.item_to_select,
        BuyItem: Conversation.item_to_buy,
        LeaveConversation: Conversation.buyer_leaving,
        ReportReading: Conversation.read,
    }

    def __init__(self, spec: ConversationSpec, rules: SalesRules, seed: Seed) -> None:
        super().__init__(spec)
        self.spec = spec
        self._conversation = Conversation(spec, rules)
        self._episodes = {self._conversation.id: self._conversation}

    def opened(self, episode_spec: EpisodeSpec) -> Sequence[Event]:
        """The events that open the conversation: who meets, and who the buyer is."""
        target = self.spec.profile.target_category
        event = episode_opened(
            self.spec, episode_spec, self.spec.seller, category=target[0] if target else None
        )
        profiled = _profiled(self.spec)
        self._conversation.tell(event)
        self._conversation.tell(profiled)
        return event, profiled

    def failed(self, source: str, message: Message, error: Exception) -> Outgoing:
        """Answer an agent that raised; where it was the reader of claims, the rules read."""
        if not isinstance(message, ReadClaims):
            return super().failed(source, message, error)
        rejected, report = unread(message, error)
        return [*map(Post, rejected), *self.handle(report)]

    def begin(self) -> Sequence[Post]:
        """Ask the buyer to begin."""
        return [self._conversation.opening()]


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


MARKET = MarketRules(
    spec=ConversationSpec,
    open=SalesMarket,
    admissions=ADMISSIONS,
    events=(
        BuyerProfiled,
        ProfileInferred,
        ActionChosen,
        CategorySearched,
        ItemsShown,
        ItemSelected,
        ItemValued,
        PriceLowered,
        ShippingNamed,
        BuyerLeft,
    ),
    conduct=SalesConduct,
)
