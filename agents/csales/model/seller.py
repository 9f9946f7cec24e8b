"""Sellers in conversation that ask a language model: CSI, and two baselines.

CSI infers a profile, chooses out of closed sets and then speaks. ``react`` plans freely, thought
before action, and infers no style. ``pc-crs`` plans like CSI, and checks what it is about to say
against the items' sheets before it says so. All see the same catalogue through the same market.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

import msgspec

from retailsim.agents.base import Seat
from retailsim.agents.csales.base import SalesSeller
from retailsim.agents.csales.model.replies import (
    CheckReply,
    LineReply,
    OptionReply,
    PlanReply,
    SalesOptionEnvelope,
    SalesSellerEnvelope,
)
from retailsim.agents.llm.talk import templates
from retailsim.agents.llm.talk.chat import ModelChat
from retailsim.agents.llm.talk.model_options import model_of, options_of
from retailsim.agents.llm.talk.reply import Reply
from retailsim.agents.llm.talk.templates import fenced, text
from retailsim.market.catalogue.product import Product
from retailsim.market.core.money import dollars
from retailsim.market.protocols.csales.action_table import DEFAULT_TABLE
from retailsim.market.protocols.csales.requests import PlanTurn, SellerRequest, SpeakTurn
from retailsim.market.protocols.csales.values import Inferred, Line, Plan

R = TypeVar("R", bound=Reply)

OFFERED = 10
"""Items of a suggestion that the model sees, the nearest first."""
SHEET_CHARACTERS = 400
"""How much of an item's sheet it sees."""
CATEGORIES = 40
"""Categories that a prompt names."""


class ModelSalesSeller(SalesSeller):
    """Goes by the same steps as csi; a language model reads, chooses and speaks."""

    waits: ClassVar[bool] = True
    eager: ClassVar[bool] = True
    planning: ClassVar[str] = "sales_plan"

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._options = options_of(self.seat)
        self._persona = templates.persona("seller", seat.persona, seat.gender)

    async def plan(self, request: PlanTurn) -> Plan:
        """Ask for the picture of the buyer and the next action; nothing known is dropped."""
        if request.table.names != DEFAULT_TABLE.names:
            return await self._plan_by_name(request)
        task = text(self.planning).format(
            message=fenced("MESSAGE", request.transcript[-1].text),
            actions=", ".join(request.actions),
            categories=_named(request.categories),
        )

        def check(reply: PlanReply) -> str | None:
            if reply.action in request.actions:
                return None
            return f"action {reply.action}; allowed now: {', '.join(request.actions)}"

        reply = await self._ask(request, task, PlanReply, check)
        return Plan(
            inferred=merged(request.inferred, reply, request.price_range_cents),
            action=reply.action,
            tactic=reply.tactic,
            category=reply.search,
            options=tuple(option.name for option in request.options),
        )

    async def _plan_by_name(self, request: PlanTurn) -> Plan:
        """The same where options have more than act and tactic: ask for one by its name."""
        names = tuple(option.name for option in request.options)
        task = text(f"{self.planning}_table").format(
            message=fenced("MESSAGE", request.transcript[-1].text),
            meaning=text("sales_options"),
            options=fenced("OPTIONS", "\n".join(names)),
            categories=_named(request.categories),
        )

        def check(reply: OptionReply) -> str | None:
            if reply.option in names:
                return None
            return f"option {reply.option}; allowed now: {'; '.join(names)}"

        reply = await self._ask(request, task, OptionReply, check)
        return Plan(
            inferred=merged(request.inferred, reply, request.price_range_cents),
            category=reply.search,
            options=names,
            **msgspec.structs.asdict(request.table.named(reply.option)),
        )

    async def speak(self, request: SpeakTurn) -> Line:
        """Carry the action out; ids that are not offered go to the market all the same."""
        reply = await self._ask(request, speaking(request), LineReply)
        return Line(text=reply.text, items=unseen(request, reply))

    async def _ask(self, request: SellerRequest, task: str, kind: type[R], check: Any = None) -> R:
        model = model_of(self.seat)
        notes = self.memory(request)
        if "sales" not in notes:
            notes["sales"] = ModelChat(
                "seller",
                SalesOptionEnvelope if kind is OptionReply else SalesSellerEnvelope,
                self._persona,
                in_prompt=model.in_prompt,
                rules="sales_seller_rules",
            )
        conversation: ModelChat = notes["sales"]
        return await conversation.ask(
            task,
            kind,
            lambda call: model.ask(request, self.source, task=kind.tag(), role="seller", call=call),
            max_output_tokens=kind.most_tokens,
            reasks=self._options.reasks,
            accepted=model.accepted,
            check=check,
        )


class ReactSeller(ModelSalesSeller):
    """A ReAct-style baseline: thinks and acts freely, without a model of the buyer's style."""

    planning = "sales_plan_free"


class CredibleSeller(ModelSalesSeller):
    """A PC-CRS-style baseline: writes, checks against the sheets, and refines once."""

    async def speak(self, request: SpeakTurn) -> Line:
        """Say only what passed the check; the items stay, and the refinement is taken as it is."""
        draft = await self._ask(request, speaking(request), LineReply)
        said = draft.text
        task = text("sales_check").format(draft=fenced("DRAFT", said))
        found = await self._ask(request, task, CheckReply)
        if not found.credible:
            task = text("sales_refine").format(problems=fenced("PROBLEMS", found.problems))
            said = (await self._ask(request, task, LineReply)).text
        return Line(text=said, items=unseen(request, draft))


def merged(
    before: Inferred, reply: PlanReply | OptionReply, price_cents: tuple[int, int]
) -> Inferred:
    """Add what a reply says to what was known: a later blank erases nothing."""
    preference = reply.preference
    if before.preference and before.preference not in preference:
        preference = f"{before.preference} {preference}".strip()
    return Inferred(
        preference=preference[:4_000],
        category=reply.category or before.category,
        decision_making_style=reply.style or before.decision_making_style,
        dialogue_openness=reply.openness or before.dialogue_openness,
        focus=reply.focus or before.focus,
        price_cents=price_cents,
    )


def unseen(request: SpeakTurn, reply: LineReply) -> tuple[str, ...]:
    """Return the ids to show, each once: what the buyer has seen need not be shown again.

    A model names the chosen item beside the dearer one as a matter of course; the market would
    reject both for it.
    """
    seen = {product.id for product in request.shown}
    return tuple(dict.fromkeys(id_ for id_ in reply.items if id_ not in seen))


def speaking(request: SpeakTurn) -> str:
    """Return the task that an action gives, with the items that belong to it."""
    known = {product.id for product in request.shown}
    items: Sequence[Product] = ()
    match request.action:
        case "Preference Probing":
            task = text("sales_probe")
        case "Category Search":
            task = text("sales_search").format(categories=_named(request.categories))
        case "Suggestion":
            items = [product for product in request.items if product.id not in known][:OFFERED]
            task = text("sales_suggest" if items else "sales_suggest_none")
        case _:
            task, items = _persuading(request)
    return text("sales_speak").format(task=task + _added(request), items=sheets(items))


def _added(request: SpeakTurn) -> str:
    """Say what the market adds to the line, so that it is not said twice."""
    added = ["the lowered price of the chosen item"] if request.discount else []
    added += ["what shipping costs"] if request.fees_cents else []
    return text("sales_adds").format(added=" and ".join(added)) if added else ""


def _persuading(request: SpeakTurn) -> tuple[str, list[Product]]:
    about = request.selected or request.shown[-1]
    dearer = request.candidate
    candidate = text("sales_candidate") if dearer else ""
    task = text("sales_persuade").format(tactic=request.tactic, candidate=candidate)
    return task, [about, *([dearer] if dearer else [])]


def sheets(items: Sequence[Product]) -> str:
    """Return the items' sheets, fenced, or nothing."""
    return "".join(f"\n{fenced('ITEM', _sheet(product))}" for product in items)


def _sheet(product: Product) -> str:
    about = " ".join((*product.features, product.description))[:SHEET_CHARACTERS]
    price = dollars(product.price_cents)
    return f"id: {product.id}\n{product.title}\nprice: {price}\n{about}".rstrip()


def _named(paths: Sequence[tuple[str, ...]]) -> str:
    """Return category paths as data, as many as a prompt holds."""
    if not paths:
        return "none below this one"
    return fenced("CATEGORIES", "\n".join(" > ".join(path) for path in paths[:CATEGORIES]))
