"""Profiles by a language model: one call a buyer, several at once, each kept when it is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import anyio
import msgspec
from msgspec import Meta

from agents.errors import AgentsError
from agents.llm import prompting
from agents.llm.conversation import Conversation
from agents.llm.gateway import Gateway
from agents.llm.pricing import pricing
from agents.llm.replies import Reply
from agents.llm.types import Call, ModelConfig
from events.errors import UnusableOutput
from events.messages import ModelCalled
from events.sales import Openness, Style
from market.csales.values import Profile
from sim.profiling.extracting import extract, told
from sim.profiling.reviews import Buyer

Text = Annotated[str, Meta(min_length=1, max_length=4_000)]
_REASKS = 2


class ProfileReply(Reply, frozen=True, kw_only=True, tag="profile"):
    """Who a shopper is, by its reviews."""

    general_preference: Text
    target_needs: Text
    purchase_reason: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=3)]
    style: Style
    openness: Openness


class ProfileEnvelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is answered."""

    reply: ProfileReply


class Spent(msgspec.Struct):
    """What was asked and paid; `nanousd` is None where the price is unknown."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    nanousd: int | None = 0
    failed: int = 0


async def ask_all(
    name: str,
    config: ModelConfig,
    buyers: Sequence[Buyer],
    keep: Callable[[Profile], None],
    say: Callable[[str], None],
    spent: Spent,
) -> None:
    """Ask for every buyer's profile; what cannot be used is said and left out.

    Parameters
    ----------
    spent : Spent
        What was asked and paid is added to it, whatever the end.

    Raises
    ------
    AgentsError
        If the provider is down or refuses everything; what is kept is kept.
    """
    waiting = list(reversed(buyers))
    stopped: list[AgentsError] = []
    price = pricing(config)

    async with Gateway({name: config}) as gateway:

        async def ask(call: Call) -> ModelCalled:
            answer = await gateway.ask(name, call)
            cost = answer.cost_nanousd if answer.cost_nanousd is not None else price(answer.usage)
            spent.calls += 1
            spent.input_tokens += answer.usage.input
            spent.output_tokens += answer.usage.output
            known = spent.nanousd is not None and cost is not None
            spent.nanousd = (spent.nanousd or 0) + (cost or 0) if known else None
            return _record(name, answer.text, answer.finish)

        async def work() -> None:
            while waiting and not stopped:
                buyer = waiting.pop()
                try:
                    keep(await _profile(buyer, ask))
                except UnusableOutput as error:
                    spent.failed += 1
                    say(f"{buyer.id}: no profile: {error.reason}")
                except AgentsError as error:
                    stopped.append(error)

        async with anyio.create_task_group() as group:
            for _ in range(min(config.max_in_flight, len(buyers))):
                group.start_soon(work)
    if stopped:
        raise stopped[0]


async def _profile(buyer: Buyer, ask: Callable[[Call], Awaitable[ModelCalled]]) -> Profile:
    conversation = Conversation("buyer", ProfileEnvelope, "", in_prompt=True, rules="profile_rules")
    reviews = prompting.fenced("REVIEWS", "\n".join(told(buyer)))
    task = prompting.text("profile_build").format(reviews=reviews)
    reply = await conversation.ask(
        task,
        ProfileReply,
        ask,
        max_output_tokens=600,
        reasks=_REASKS,
    )
    return msgspec.structs.replace(
        extract(buyer),
        general_preference=reply.general_preference,
        target_needs=reply.target_needs,
        purchase_reason=reply.purchase_reason,
        decision_making_style=reply.style,
        dialogue_openness=reply.openness,
    )


def _record(name: str, text: str, finish: str) -> ModelCalled:
    """Put an answer into the form that conversations read; nothing of it is logged."""
    return ModelCalled(
        market="",
        episode=None,
        t=0,
        source="",
        call=0,
        stage="profile",
        role="buyer",
        model=name,
        prompt_version=prompting.version(),
        request_sha256="",
        answer=text,
        finish=finish,
        input_tokens=0,
        cached_tokens=0,
        output_tokens=0,
        reasoning_tokens=0,
        cost_nanousd=None,
    )
