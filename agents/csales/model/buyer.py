"""A buyer in conversation that asks a language model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, TypeVar

from retailsim.agents.base import Seat
from retailsim.agents.csales.base import SalesBuyer
from retailsim.agents.csales.model.replies import OpeningReply, ResponseReply, SalesBuyerEnvelope
from retailsim.agents.csales.model.seller import sheets
from retailsim.agents.llm.talk import templates
from retailsim.agents.llm.talk.chat import ModelChat
from retailsim.agents.llm.talk.model_options import model_of, options_of
from retailsim.agents.llm.talk.reply import Reply
from retailsim.agents.llm.talk.templates import fenced, text
from retailsim.market.core.money import sign
from retailsim.market.protocols.csales.events import Openness, Style
from retailsim.market.protocols.csales.requests import (
    BuyerRequest,
    OpenConversation,
    RespondToSeller,
)
from retailsim.market.protocols.csales.values import Profile, Response

R = TypeVar("R", bound=Reply)

STYLES: Mapping[Style, str] = MappingProxyType(
    {
        "Rational": "You decide by details, reasons and comparisons.",
        "Dependent": "You decide by what others think and recommend.",
        "Intuitive": "You decide by feeling.",
    }
)
OPENNESS: Mapping[Openness, str] = MappingProxyType(
    {
        "Active": "You talk openly, in full sentences, and bring in what you like and why.",
        "Less Active": "You answer in short sentences and volunteer little.",
        "Passive": "You answer in a few words.",
    }
)


class ModelSalesBuyer(SalesBuyer):
    """A buyer of the sales conversation, played by a language model."""

    waits: ClassVar[bool] = True
    eager: ClassVar[bool] = True

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._options = options_of(seat)
        self._persona = templates.persona("buyer", seat.persona, seat.gender)
        self._note = text("not_buying") if self._options.not_buying_is_fine else ""

    async def open(self, request: OpenConversation) -> str:
        """Ask for the first message."""
        return (await self._ask(request, text("sales_open"), OpeningReply)).text

    async def respond(self, request: RespondToSeller) -> Response:
        """Ask for the answer; what it commands is the market's to judge."""
        limit = f" {text('one_preference')}" if self._options.one_preference_per_turn else ""
        task = text("sales_respond").format(
            message=fenced("MESSAGE", request.transcript[-1].text),
            items=sheets(request.presented),
            buying=_buying(request),
            limit=limit + (text("sales_last") if request.last else ""),
        )
        reply = await self._ask(request, task, ResponseReply)
        return Response(
            text=reply.text,
            select=reply.select,
            buy=reply.buy,
            leave=reply.leave,
            reason=reply.reason,
        )

    async def _ask(self, request: BuyerRequest, task: str, kind: type[R]) -> R:
        model = model_of(self.seat)
        notes = self.memory(request)
        if "sales" not in notes:
            notes["sales"] = ModelChat(
                "buyer",
                SalesBuyerEnvelope,
                templates.paragraphs([self._persona, profile_text(request.profile), self._note]),
                in_prompt=model.in_prompt,
                rules="sales_buyer_rules",
            )
        conversation: ModelChat = notes["sales"]
        return await conversation.ask(
            task,
            kind,
            lambda call: model.ask(request, self.source, task=kind.tag(), role="buyer", call=call),
            max_output_tokens=kind.most_tokens,
            reasks=self._options.reasks,
            accepted=model.accepted,
        )


def _buying(request: RespondToSeller) -> str:
    if not request.may_buy or request.selected is None:
        return text("sales_may_not_buy")
    ids = [request.selected.id, *([request.candidate.id] if request.candidate else [])]
    return text("sales_may_buy").format(ids=fenced("IDS", "\n".join(ids)))


def profile_text(profile: Profile) -> str:
    """Return who the buyer is; the profile is data that others wrote."""
    low, high = profile.budget_cents
    about = (
        text("sales_profile")
        .replace("$", sign())
        .format(
            preference=profile.general_preference,
            needs=profile.target_needs,
            reasons=" ".join(profile.purchase_reason),
            category=" > ".join(profile.target_category),
            low=f"{low / 100:,.2f}",
            high=f"{high / 100:,.2f}",
            style=STYLES[profile.decision_making_style],
            openness=OPENNESS[profile.dialogue_openness],
        )
    )
    return fenced("WHO YOU ARE", about)
