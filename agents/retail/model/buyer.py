"""A buyer driven by a language model: one conversation for shopping, one for support."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, TypeVar

from retailsim.agents.base import Seat
from retailsim.agents.llm.talk import templates
from retailsim.agents.llm.talk.chat import ModelChat
from retailsim.agents.llm.talk.decode import Check
from retailsim.agents.llm.talk.model_options import model_of, options_of
from retailsim.agents.llm.talk.reply import Reply
from retailsim.agents.llm.talk.templates import fenced, text
from retailsim.agents.retail.base import BuyerAgent
from retailsim.agents.retail.model import wording
from retailsim.agents.retail.model.replies import (
    BuyerEnvelope,
    DecisionReply,
    MessageReply,
    ReviewsReply,
    TopicsReply,
)
from retailsim.events.messages import Aspect
from retailsim.market.protocols.retail.requests import (
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    Request,
    WriteReview,
)
from retailsim.market.protocols.retail.values import Decision, Offer, Review, Topics, Transcript

R = TypeVar("R", bound=Reply)


class ModelBuyer(BuyerAgent):
    """Asks, decides, complains and reviews by asking a model.

    It is told what the shop's page shows (title, brand, category, price, shipping, returns) and
    the pitch, never the product sheet: what it wants to know beyond that it has to ask.
    """

    waits: ClassVar[bool] = True
    eager: ClassVar[bool] = True

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._options = options_of(seat)
        self._persona = templates.persona("buyer", seat.persona, seat.gender)
        one = self._options.one_preference_per_turn
        self._limit = " " + text("one_preference") if one else ""

    async def topics(self, request: ChooseTopics) -> Topics:
        """React to the pitch, choose what to ask about and write the first message: one call."""
        context = [*self._shown(request.offer), wording.spoken(request.pitch)]
        self._start(request, "shopping", context)
        task = text("topics").format(limit=self._limit)
        reply = await self._ask(request, "shopping", task, TopicsReply)
        self.memory(request)["first"] = reply.text
        reviewed: dict[Aspect, Review] = {"pitch": _reviewed(reply.rating, reply.review)}
        self.memory(request)["reviewed"] = reviewed
        return Topics(topics=tuple(dict.fromkeys(reply.topics)), reason=reply.reason)

    async def ask(self, request: AskSeller) -> str | None:
        """Write the next message, or None to stop asking; the first is written already."""
        if request.turn == 1:
            first: str | None = self.memory(request)["first"]
            return first
        task = text("ask_next").replace("{limit}", self._limit)
        return await self._say(request, "shopping", _heard(task, request.transcript))

    async def decide(self, request: Decide) -> Decision:
        """Review the talk, and buy or not, having heard the last answer."""
        unheard = len(request.transcript) > self.memory(request).get("heard in shopping", 0)
        answer = f"{text('last_answer')}\n" if unheard else ""
        talk = text("decide_talk" if request.transcript else "decide_no_talk")
        task = _heard(answer + text("decide").replace("{talk}", talk), request.transcript)
        check = partial(_unreviewed, talked=bool(request.transcript))
        reply = await self._ask(request, "shopping", task, DecisionReply, check)
        if reply.rating is not None and reply.review is not None:
            said = _reviewed(reply.rating, reply.review)
            self.memory(request)["reviewed"]["pre_inquiry"] = said
        return Decision(
            will_purchase=reply.will_purchase,
            quantity=reply.quantity,
            quantity_reason=reply.quantity_reason,
            sentiment=reply.sentiment,
            reason=reply.reason,
        )

    async def complain(self, request: Complain) -> str | None:
        """Write to support, or None to leave it at the last answer."""
        if request.turn > 1:
            task = _heard(text("complain_next"), request.transcript)
            return await self._say(request, "support", task)
        order = wording.order_record(request.order, request.issue)
        before = templates.summary(request.inquiry, "BEFORE THE PURCHASE")
        self._start(request, "support", [*self._shown(request.offer), before])
        return await self._say(request, "support", text("complain_first").format(order=order))

    async def review(self, request: WriteReview) -> Review:
        """Review one aspect: pitch and talk were reviewed when nothing was known beyond them.

        The others are asked for at once, at the first.
        """
        reviewed: dict[Aspect, Review] = self.memory(request)["reviewed"]
        if request.aspect not in reviewed:
            for late in (await self._reviews(request)).reviews:
                recommends = late.would_recommend if late.aspect == "product" else None
                reviewed[late.aspect] = _reviewed(late.rating, late.text, recommends)
        return reviewed[request.aspect]

    # -- tasks -----------------------------------------------------------------------------

    def _shown(self, offer: Offer) -> list[str]:
        randomised = self._options.price_wording == "randomised"
        notes = [
            text("price_randomised") if randomised else "",
            text("not_buying") if self._options.not_buying_is_fine else "",
        ]
        return [self._persona, wording.listing(offer), wording.terms(offer), *notes]

    def _start(self, request: Request, name: str, context: list[str]) -> None:
        self.memory(request)[name] = ModelChat(
            "buyer",
            BuyerEnvelope,
            templates.paragraphs(context),
            in_prompt=model_of(self.seat).in_prompt,
        )

    async def _say(self, request: AskSeller | Complain, name: str, task: str) -> str | None:
        """Ask for the next message; once one closed the dialogue, there is nothing to ask."""
        closed: set[str] = self.memory(request).setdefault("closed", set())
        if name in closed:
            return None
        self.memory(request)[f"heard in {name}"] = len(request.transcript)
        reply = await self._ask(request, name, task, MessageReply)
        if reply.closes:
            closed.add(name)
        return reply.text

    async def _reviews(self, request: WriteReview) -> ReviewsReply:
        aspects: list[Aspect] = ["post_inquiry"] if request.support else []
        aspects += ["product"] if request.order is not None else []
        task = text("reviews").format(
            journey=_after(request),
            aspects=", ".join(aspects),
        )
        check = partial(_missing, aspects=aspects)
        return await self._ask(request, "shopping", task, ReviewsReply, check)

    async def _ask(
        self,
        request: Request,
        name: str,
        task: str,
        kind: type[R],
        check: Check[R] | None = None,
    ) -> R:
        model = model_of(self.seat)
        conversation: ModelChat = self.memory(request)[name]
        return await conversation.ask(
            task,
            kind,
            lambda call: model.ask(request, self.source, task=kind.tag(), role="buyer", call=call),
            max_output_tokens=kind.most_tokens,
            reasks=self._options.reasks,
            accepted=model.accepted,
            check=check,
        )


def _unreviewed(reply: DecisionReply, talked: bool) -> str | None:
    """Say if a talk that took place has no review."""
    return "no review of the talk" if talked and None in (reply.rating, reply.review) else None


def _reviewed(rating: int, said: str, recommends: bool | None = None) -> Review:
    return Review(rating=rating, text=said, would_recommend=recommends)


def _missing(reply: ReviewsReply, aspects: list[Aspect]) -> str | None:
    """Say which aspects that were asked for have no review."""
    missing = [aspect for aspect in aspects if reply.of(aspect) is None]
    return f"no review of {', '.join(missing)}" if missing else None


def _heard(task: str, transcript: Transcript) -> str:
    """Put the last message of the transcript into a task that shows it."""
    if "{message}" not in task:
        return task
    return task.replace("{message}", fenced("ANSWER", transcript[-1].text))


def _after(request: WriteReview) -> str:
    """Say what became of the order, if there is one."""
    order, issue = request.order, request.issue
    if order is None:
        return ""
    if issue is None:
        return text("journey_fine").format(quantity=order.quantity) + "\n"
    told = text("journey_problem").format(
        quantity=order.quantity,
        issue=fenced("PROBLEM", issue),
        support=templates.summary(request.support, "SUPPORT"),
        outcome=request.outcome,
    )
    return told + "\n"
