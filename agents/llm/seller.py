"""A seller driven by a language model."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

import msgspec

from agents.base import Seat, SellerAgent
from agents.llm import prompting
from agents.llm.conversation import Conversation
from agents.llm.options import model_of, options_of
from agents.llm.prompting import dialogue, fenced, text
from agents.llm.replies import AnswerReply, PitchReply, Reply, SettlementReply, StrategyReply
from market.retail.requests import (
    AnswerBuyer,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    Request,
    SettleIssue,
)
from market.retail.values import DIMENSIONS, SECTIONS, Order, Pitch, Settlement, Strategy, Support

R = TypeVar("R", bound=Reply)


class ModelSeller(SellerAgent):
    """Plans, pitches, answers and settles by asking a model (see `agents.llm.prompts`)."""

    waits: ClassVar[bool] = True

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._options = options_of(seat)
        self._persona = prompting.persona("seller", seat.persona, seat.gender)

    async def strategy(self, request: FormStrategy) -> Strategy:
        """Plan along the dimensions asked for; with none there is nothing to ask."""
        if not request.dimensions:
            return Strategy()
        task = text("strategy").format(dimensions=", ".join(request.dimensions))
        reply = await self._ask(request, self._broadcast(request), task, StrategyReply, 1_200)
        planned = {name: getattr(reply, name) for name in request.dimensions}
        return Strategy(**planned)

    async def pitch(self, request: PresentPitch) -> Pitch:
        """Speak the five sections."""
        plan = msgspec.structs.asdict(request.strategy)
        lines = [f"{name}: {plan[name]}" for name in DIMENSIONS if plan[name]]
        task = text("pitch").format(strategy="\n".join(lines) or "none")
        reply = await self._ask(request, self._broadcast(request), task, PitchReply, 1_600)
        return Pitch(sections={name: getattr(reply, name) for name in SECTIONS})

    async def answer(self, request: AnswerBuyer) -> str:
        """Answer the buyer's last message."""
        conversation = self._conversation(request, "inquiry", lambda: self._inquiry(request))
        task = text("answer").format(message=fenced("MESSAGE", request.transcript[-1].text))
        return (await self._ask(request, conversation, task, AnswerReply, 400)).text

    async def support(self, request: GiveSupport) -> Support:
        """Answer the complaint; the settlement is read off the dialogue when it is over."""
        conversation = self._conversation(request, "support", lambda: self._after(request))
        task = text("support").format(message=fenced("MESSAGE", request.transcript[-1].text))
        return Support(text=(await self._ask(request, conversation, task, AnswerReply, 400)).text)

    async def settle(self, request: SettleIssue) -> Settlement:
        """Extract the outcome from the dialogue; the market checks it against its rules."""
        context = prompting.paragraphs(
            [prompting.terms(request.offer), order_record(request.order, request.issue)]
        )
        task = text("settlement").format(transcript=dialogue(request.transcript))
        reply = await self._ask(request, self._start(context), task, SettlementReply, 300)
        return Settlement(
            outcome=reply.outcome,
            resolution=reply.resolution,
            reason=reply.reason,
            refund_quantity=reply.refund_quantity,
            refund_shipping=reply.refund_shipping,
        )

    # -- conversations ---------------------------------------------------------------------

    def _broadcast(self, request: Request) -> Conversation:
        return self._conversation(request, "broadcast", lambda: self._offer(request))

    def _offer(self, request: Request) -> str:
        offer = request.offer
        return prompting.paragraphs([self._persona, prompting.sheet(offer), prompting.terms(offer)])

    def _inquiry(self, request: AnswerBuyer) -> str:
        return prompting.paragraphs([self._offer(request), prompting.spoken(request.pitch)])

    def _after(self, request: GiveSupport) -> str:
        return prompting.paragraphs(
            [
                self._offer(request),
                order_record(request.order, request.issue),
                dialogue(request.inquiry, "BEFORE THE PURCHASE") if request.inquiry else "",
            ]
        )

    def _conversation(
        self, request: Request, name: str, context: Callable[[], str]
    ) -> Conversation:
        notes = self.memory(request)
        if name not in notes:
            notes[name] = self._start(context())
        found: Conversation = notes[name]
        return found

    def _start(self, context: str) -> Conversation:
        return Conversation("seller", context, in_prompt=model_of(self.seat).in_prompt)

    async def _ask(
        self, request: Request, conversation: Conversation, task: str, kind: type[R], tokens: int
    ) -> R:
        model = model_of(self.seat)
        stage = str(kind.__struct_config__.tag)
        return await conversation.ask(
            task,
            kind,
            lambda call: model.ask(request, self.source, stage=stage, role="seller", call=call),
            max_output_tokens=tokens,
            reasks=self._options.reasks,
        )


def order_record(order: Order, issue: str) -> str:
    """Say what was ordered, when it came, and what is wrong."""
    if order.issue_day < order.delivered_day:
        arrival = f"expected on day {order.expected_day}, not delivered by day {order.issue_day}"
    else:
        arrival = f"delivered on day {order.delivered_day}, today is day {order.issue_day}"
    return (
        f"Order {order.id}: {order.quantity} at ${order.unit_price_cents / 100:,.2f}, shipping "
        f"${order.shipping_cents / 100:,.2f}; ordered on day {order.ordered_day} after the "
        f"broadcast, {arrival}. Problem: {issue}."
    )
