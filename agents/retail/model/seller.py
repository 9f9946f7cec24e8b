"""A seller driven by a language model."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar, TypeVar

from retailsim.agents.base import Seat
from retailsim.agents.llm.talk import templates
from retailsim.agents.llm.talk.chat import ModelChat
from retailsim.agents.llm.talk.decode import Check
from retailsim.agents.llm.talk.model_options import model_of, options_of
from retailsim.agents.llm.talk.reply import Envelope, Reply
from retailsim.agents.llm.talk.templates import fenced, text
from retailsim.agents.retail.base import SellerAgent
from retailsim.agents.retail.model import wording
from retailsim.agents.retail.model.replies import (
    AnswerReply,
    BroadcastEnvelope,
    ClerkEnvelope,
    PitchReply,
    ServiceEnvelope,
    SettlementReply,
    StrategyReply,
)
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    Request,
    SettleIssue,
)
from retailsim.market.protocols.retail.values import (
    DIMENSIONS,
    SECTIONS,
    Pitch,
    Settlement,
    Strategy,
    Support,
)

R = TypeVar("R", bound=Reply)


class ModelSeller(SellerAgent):
    """Plans, pitches, answers and settles by asking a model (see `agents.llm.prompts`)."""

    waits: ClassVar[bool] = True
    eager: ClassVar[bool] = True

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._options = options_of(seat)
        self._persona = templates.persona("seller", seat.persona, seat.gender)

    async def strategy(self, request: FormStrategy) -> Strategy:
        """Plan along the dimensions asked for; with none there is nothing to ask."""
        if not request.dimensions:
            return Strategy()
        conversation = self._broadcast(request)
        task = text("strategy").format(dimensions=", ".join(request.dimensions))
        values = "value_proposition" in request.dimensions
        check = partial(_persuades, asked=values)
        reply = await self._ask(request, conversation, task, StrategyReply, check)
        planned = {name: getattr(reply, name) for name in request.dimensions}
        persuasion = reply.persuasion if values else None
        kept = StrategyReply(**dict.fromkeys(DIMENSIONS, "") | planned, persuasion=persuasion)
        if kept != reply:
            conversation.restate(kept)  # the guidance leaves out what was planned beyond it
        if values:
            planned["value_proposition"] += f" (Persuasion: {persuasion}.)"
        return Strategy(**{name: plan or None for name, plan in planned.items()})

    async def pitch(self, request: PresentPitch) -> Pitch:
        """Speak the five sections."""
        conversation = self._broadcast(request)
        reply = await self._ask(request, conversation, text("pitch"), PitchReply)
        return Pitch(sections={name: getattr(reply, name) for name in SECTIONS})

    async def answer(self, request: AnswerBuyer) -> str:
        """Answer the buyer's last message."""
        conversation = self._conversation(
            request, "inquiry", ServiceEnvelope, lambda: self._inquiry(request)
        )
        task = text("answer").format(message=fenced("MESSAGE", request.transcript[-1].text))
        return (await self._ask(request, conversation, task, AnswerReply)).text

    async def support(self, request: GiveSupport) -> Support:
        """Answer the complaint; the settlement is read off the dialogue when it is over."""
        conversation = self._conversation(
            request, "support", ServiceEnvelope, lambda: self._complained(request)
        )
        task = text("answer").format(message=fenced("MESSAGE", request.transcript[-1].text))
        return Support(text=(await self._ask(request, conversation, task, AnswerReply)).text)

    async def settle(self, request: SettleIssue) -> Settlement:
        """Have a clerk, who is not the seller, say how the dialogue ended.

        It sees what both sides said and the terms, and neither the seller's persona nor what the
        seller told itself. The market checks the outcome against its rules.
        """
        context = [
            wording.terms(request.offer),
            text("clerk_order").format(
                quantity=request.order.quantity, issue=fenced("PROBLEM", request.issue)
            ),
            templates.dialogue(request.transcript),
        ]
        conversation = ModelChat(
            "seller",
            ClerkEnvelope,
            templates.paragraphs(context),
            in_prompt=model_of(self.seat).in_prompt,
            rules="clerk_rules",
        )
        reply = await self._ask(request, conversation, text("settlement"), SettlementReply)
        return Settlement(
            outcome=reply.outcome,
            resolution=reply.resolution,
            reason=reply.reason,
            refund_quantity=reply.refund_quantity,
            refund_shipping=reply.refund_shipping,
        )

    # -- conversations ---------------------------------------------------------------------

    def _broadcast(self, request: Request) -> ModelChat:
        return self._conversation(
            request, "broadcast", BroadcastEnvelope, lambda: self._offer(request)
        )

    def _offer(self, request: Request) -> str:
        offer = request.offer
        return templates.paragraphs([self._persona, wording.sheet(offer), wording.terms(offer)])

    def _inquiry(self, request: AnswerBuyer) -> str:
        return templates.paragraphs([self._offer(request), wording.spoken(request.pitch)])

    def _complained(self, request: GiveSupport) -> str:
        return templates.paragraphs(
            [
                self._offer(request),
                wording.order_record(request.order, request.issue),
                templates.summary(request.inquiry, "BEFORE THE PURCHASE"),
            ]
        )

    def _conversation(
        self, request: Request, name: str, envelope: type[Envelope], context: Callable[[], str]
    ) -> ModelChat:
        notes = self.memory(request)
        if name not in notes:
            in_prompt = model_of(self.seat).in_prompt
            notes[name] = ModelChat("seller", envelope, context(), in_prompt=in_prompt)
        found: ModelChat = notes[name]
        return found

    async def _ask(
        self,
        request: Request,
        conversation: ModelChat,
        task: str,
        kind: type[R],
        check: Check[R] | None = None,
    ) -> R:
        model = model_of(self.seat)
        return await conversation.ask(
            task,
            kind,
            lambda call: model.ask(request, self.source, task=kind.tag(), role="seller", call=call),
            max_output_tokens=kind.most_tokens,
            reasks=self._options.reasks,
            accepted=model.accepted,
            check=check,
        )


def _persuades(reply: StrategyReply, asked: bool) -> str | None:
    """Say if the way to persuade is missing where the plan has a value proposition."""
    return "no persuasion for the value_proposition" if asked and not reply.persuasion else None
