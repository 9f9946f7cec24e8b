"""Profiles by a language model: one call a buyer, several at once, each kept when it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from retailsim.agents.llm.talk import templates
from retailsim.agents.llm.talk.chat import ModelChat
from retailsim.agents.llm.talk.reply import Reply
from retailsim.market.protocols.csales.events import Openness, Style
from retailsim.market.protocols.csales.values import Profile
from retailsim.sim.budget.batch import Ask, ModelBatch
from retailsim.sim.protocols.csales.buyer_profiles.by_rules import extract, told
from retailsim.sim.protocols.csales.buyer_profiles.reviews import Buyer

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


def ask_all(
    batch: ModelBatch,
    buyers: Sequence[Buyer],
    keep: Callable[[Profile], None],
    say: Callable[[str], None],
    kept: str,
) -> None:
    """Ask for every buyer's profile; what cannot be used is said and left out.

    Raises
    ------
    ModelsStopped
        If the provider is down or refuses everything, or the budget is used up; what is kept is
        kept.
    """

    async def answer(buyer: Buyer, ask: Ask) -> None:
        keep(await _profile(buyer, ask))

    def unusable(buyer: Buyer, reason: str) -> None:
        say(f"{buyer.id}: no profile: {reason}")

    try:
        batch.run(buyers, answer, unusable, kept)
    finally:
        say(batch.spent.said("buyers"))


async def _profile(buyer: Buyer, ask: Ask) -> Profile:
    conversation = ModelChat("buyer", ProfileEnvelope, "", in_prompt=True, rules="profile_rules")
    reviews = templates.fenced("REVIEWS", "\n".join(told(buyer)))
    task = templates.text("profile_build").format(reviews=reviews)
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
