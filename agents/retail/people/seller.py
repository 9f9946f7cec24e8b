"""What a person is asked who sells in the retail protocol."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from retailsim.agents.person.form import Field, Fields, Given, options_of
from retailsim.agents.person.side import Step
from retailsim.agents.retail.behavioral.script import sections_of
from retailsim.agents.retail.people.seen import OUTCOMES
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    SettleIssue,
)
from retailsim.market.protocols.retail.values import (
    Pitch,
    Settlement,
    Strategy,
    Support,
)

WRITING_S = 300.0
"""For a plan or a pitch, in seconds."""
_NOT_YET = "none"

_DIMENSIONS = {
    "target_expansion": "Who else could want it",
    "value_proposition": "Why it is worth its price",
    "contextual_urgency": "Why to buy now",
    "objection_handling": "What speaks against it, and your answer",
}


def _strategy_fields(request: FormStrategy) -> Fields:
    return tuple(
        Field(name=name, label=_DIMENSIONS[name], optional=True) for name in request.dimensions
    )


def _strategy(request: FormStrategy, given: Given) -> Strategy:
    return Strategy(**{name: text or None for name, text in given.items()})


def _pitch(request: PresentPitch, given: Given) -> Pitch:
    return Pitch(sections=sections_of(given["text"]))


def _settling(request: GiveSupport | SettleIssue, outcomes: Mapping[str, str]) -> Fields:
    refunded = ("outcome", ("refunded",))
    settles = ("outcome", tuple(OUTCOMES))
    return (
        Field(name="outcome", label="What you offer", kind="choice", options=options_of(outcomes)),
        Field(
            name="quantity",
            label="Units refunded",
            kind="number",
            least=1,
            most=request.order.quantity,
            only_if=refunded,
        ),
        Field(
            name="shipping",
            label="Refund the shipping fee, too",
            kind="yes or no",
            optional=True,
            only_if=refunded,
        ),
        Field(name="resolution", label="In your words", optional=True, only_if=settles),
    )


def _settlement(given: Given) -> Settlement:
    return Settlement(
        outcome=given["outcome"],
        resolution=given["resolution"] or OUTCOMES[given["outcome"]],
        reason="",
        refund_quantity=given["quantity"] or 0,
        refund_shipping=bool(given["shipping"]),
    )


def _support_fields(request: GiveSupport) -> Fields:
    outcomes = OUTCOMES if request.last_turn else {_NOT_YET: "Nothing yet", **OUTCOMES}
    return (Field(name="text", label="Your message to the buyer"), *_settling(request, outcomes))


def _support(request: GiveSupport, given: Given) -> Support:
    proposal = None if given["outcome"] == _NOT_YET else _settlement(given)
    return Support(text=given["text"], proposal=proposal)


SELLER: Mapping[type[AgentRequest], Step] = MappingProxyType(
    {
        FormStrategy: Step(
            role="seller",
            asks=lambda request: "Plan how you will present the product.",
            fields=_strategy_fields,
            value=_strategy,
            deadline_s=WRITING_S,
        ),
        PresentPitch: Step(
            role="seller",
            asks=lambda request: "Present the product to the buyer.",
            fields=lambda request: (Field(name="text", label="Your presentation"),),
            value=_pitch,
            deadline_s=WRITING_S,
        ),
        AnswerBuyer: Step(
            role="seller",
            asks=lambda request: "Answer the buyer.",
            fields=lambda request: (Field(name="text", label="Your answer"),),
            value=lambda request, given: given["text"],
        ),
        GiveSupport: Step(
            role="seller",
            asks=lambda request: f"The buyer has a problem with the order: {request.issue}.",
            fields=_support_fields,
            value=_support,
        ),
        SettleIssue: Step(
            role="seller",
            asks=lambda request: "The talk is over without an offer of yours: settle it now.",
            fields=lambda request: _settling(request, OUTCOMES),
            value=lambda request, given: _settlement(given),
        ),
    }
)
"""Request -> how it is put to a person."""
