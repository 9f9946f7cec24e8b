"""A buyer driven by a language model."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from agents.base import BuyerAgent, Seat
from agents.llm import prompting
from agents.llm.conversation import Conversation
from agents.llm.options import model_of, options_of
from agents.llm.prompting import dialogue, fenced, text
from agents.llm.replies import DecisionReply, MessageReply, Reply, ReviewsReply, TopicsReply
from agents.llm.seller import order_record
from events.errors import UnusableOutput
from events.messages import Aspect
from market.retail.requests import (
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    Request,
    WriteReview,
)
from market.retail.values import Decision, Offer, Review, Topics

R = TypeVar("R", bound=Reply)


class ModelBuyer(BuyerAgent):
    """Asks, decides, complains and reviews by asking a model."""

    waits: ClassVar[bool] = True

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._options = options_of(seat)
        self._persona = prompting.persona("buyer", seat.persona, seat.gender)

    async def topics(self, request: ChooseTopics) -> Topics:
        """Choose what to ask about; begins the conversation with what was shown."""
        context = prompting.paragraphs(
            [self._persona, self._offer(request.offer), prompting.spoken(request.pitch)]
        )
        self.memory(request)["shopping"] = self._start(context)
        reply = await self._ask(request, "shopping", text("topics"), TopicsReply, 200)
        return Topics(topics=tuple(dict.fromkeys(reply.topics)), reason=reply.reason)

    async def ask(self, request: AskSeller) -> str | None:
        """Write the next message, or None to stop asking."""
        limit = text("one_preference") if self._options.one_preference_per_turn else ""
        if request.transcript:
            said = fenced("ANSWER", request.transcript[-1].text)
            task = text("ask_next").format(message=said, limit=limit)
        else:
            task = text("ask_first").format(limit=limit)
        self.memory(request)["heard"] = len(request.transcript)
        return (await self._ask(request, "shopping", task, MessageReply, 250)).text

    async def decide(self, request: Decide) -> Decision:
        """Buy or not, having heard the last answer."""
        heard = self.memory(request).get("heard", 0)
        answered = ""
        if len(request.transcript) > heard:
            said = fenced("ANSWER", request.transcript[-1].text)
            answered = text("last_answer").format(message=said) + "\n\n"
        task = text("decide").format(answered=answered)
        reply = await self._ask(request, "shopping", task, DecisionReply, 400)
        return Decision(
            will_purchase=reply.will_purchase,
            quantity=reply.quantity,
            quantity_reason=reply.quantity_reason,
            sentiment=reply.sentiment,
            reason=reply.reason,
        )

    async def complain(self, request: Complain) -> str | None:
        """Write to support, or None to leave it at the last answer."""
        if request.turn == 1:
            self.memory(request)["after"] = self._start(self._bought(request))
            task = text("complain_first").format(issue=fenced("PROBLEM", request.issue))
        else:
            said = fenced("ANSWER", request.transcript[-1].text)
            task = text("complain_next").format(message=said)
        return (await self._ask(request, "after", task, MessageReply, 300)).text

    async def review(self, request: WriteReview) -> Review:
        """Review one aspect; all of them are asked for at once, at the first."""
        notes = self.memory(request)
        if "reviews" not in notes:
            notes["reviews"] = await self._reviews(request)
        found = getattr(notes["reviews"], request.aspect)
        if found is None:
            raise UnusableOutput(f"no review of {request.aspect}", repr(notes["reviews"]))
        recommends = found.would_recommend if request.aspect == "product" else None
        return Review(rating=found.rating, text=found.text, would_recommend=recommends)

    async def _reviews(self, request: WriteReview) -> ReviewsReply:
        aspects: list[Aspect] = ["pitch"]
        aspects += ["pre_inquiry"] if request.inquiry else []
        aspects += ["post_inquiry"] if request.support else []
        aspects += ["product"] if request.order is not None else []
        journey = [prompting.spoken(request.pitch)]
        journey += [dialogue(request.inquiry, "INQUIRY")] if request.inquiry else []
        journey += [self._record(request)] if request.order is not None else []
        journey += [dialogue(request.support, "SUPPORT")] if request.support else []
        context = prompting.paragraphs([self._persona, self._offer(request.offer)])
        self.memory(request)["reviewing"] = self._start(context)
        task = text("reviews").format(
            journey=prompting.paragraphs(journey), aspects=", ".join(aspects)
        )
        return await self._ask(request, "reviewing", task, ReviewsReply, 700)

    def _record(self, request: WriteReview) -> str:
        order = request.order
        assert order is not None
        if request.issue is None:
            return f"You bought {order.quantity}; it arrived in order."
        end = f" It ended so: {request.outcome}." if request.outcome else ""
        return order_record(order, request.issue) + end

    def _offer(self, offer: Offer) -> str:
        randomised = self._options.price_wording == "randomised"
        return prompting.paragraphs(
            [
                prompting.sheet(offer),
                prompting.terms(offer),
                text("price_randomised") if randomised else "",
            ]
        )

    def _bought(self, request: Complain) -> str:
        return prompting.paragraphs(
            [
                self._persona,
                self._offer(request.offer),
                order_record(request.order, request.issue),
                dialogue(request.inquiry, "BEFORE THE PURCHASE") if request.inquiry else "",
            ]
        )

    def _start(self, context: str) -> Conversation:
        return Conversation("buyer", context, in_prompt=model_of(self.seat).in_prompt)

    async def _ask(self, request: Request, name: str, task: str, kind: type[R], tokens: int) -> R:
        model = model_of(self.seat)
        conversation: Conversation = self.memory(request)[name]
        stage = str(kind.__struct_config__.tag)
        return await conversation.ask(
            task,
            kind,
            lambda call: model.ask(request, self.source, stage=stage, role="buyer", call=call),
            max_output_tokens=tokens,
            reasks=self._options.reasks,
        )
