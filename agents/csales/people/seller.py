"""What a person is asked who sells in a sales conversation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from retailsim.agents.csales.people.buyer import items_of
from retailsim.agents.csales.people.seen import ACTS, named
from retailsim.agents.person.form import Field, Fields, Given, options_of
from retailsim.agents.person.side import Step
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.csales.action_table import Option
from retailsim.market.protocols.csales.category_tree import CategoryPath
from retailsim.market.protocols.csales.events import Action
from retailsim.market.protocols.csales.requests import PlanTurn, SpeakTurn
from retailsim.market.protocols.csales.spec import MOST_SHOWN
from retailsim.market.protocols.csales.values import Line, Plan

ANSWERING_S = 120.0
_SEARCH = "Category Search"

_DOING: Mapping[Action, str] = {
    "Preference Probing": "Ask the buyer what it should be like.",
    "Category Search": "Ask the buyer which kind of thing it should be.",
    "Suggestion": "Suggest some of the items to the buyer.",
    "Persuasion": "Make your case to the buyer.",
}


def _named(option: Option) -> str:
    return option.name.replace(option.action, ACTS[option.action], 1)


def _plan_fields(request: PlanTurn) -> Fields:
    acts = {option.name: _named(option) for option in request.options}
    searches = tuple(option.name for option in request.options if option.action == _SEARCH)
    paths = {named(path): named(path) for path in request.categories}
    return (
        Field(name="option", label="Your next step", kind="choice", options=options_of(acts)),
        Field(
            name="category",
            label="Where to look",
            kind="choice",
            options=options_of(paths),
            optional=not paths,
            only_if=("option", searches),
        ),
        Field(
            name="wanted",
            label="What the buyer looks for, in a few words: suggestions follow it",
            optional=True,
        ),
    )


def _plan(request: PlanTurn, given: Given) -> Plan:
    [option] = (one for one in request.options if one.name == given["option"])
    path: CategoryPath = next(
        (one for one in request.categories if named(one) == given["category"]), ()
    )
    before = request.inferred
    inferred = msgspec.structs.replace(
        before,
        preference=given["wanted"] or before.preference,
        category=path or before.category,
        price_cents=request.price_range_cents,
    )
    return Plan(
        inferred=inferred,
        category=path,
        options=tuple(one.name for one in request.options),
        **msgspec.structs.asdict(option),
    )


def _line_fields(request: SpeakTurn) -> Fields:
    text = Field(name="text", label="Your message")
    before = {product.id for product in request.shown}
    new = [product for product in request.items if product.id not in before]
    if not new:
        return (text,)
    most = 1 if request.selected is not None else MOST_SHOWN
    shows = Field(
        name="items",
        label="Items to show with it",
        kind="choices",
        options=items_of(new),
        least=0,
        most=min(most, len(new)),
        optional=True,
    )
    return (text, shows)


def _line(request: SpeakTurn, given: Given) -> Line:
    return Line(text=given["text"], items=given.get("items") or ())


SELLER: Mapping[type[AgentRequest], Step] = MappingProxyType(
    {
        PlanTurn: Step(
            role="seller",
            asks=lambda request: "What do you do next?",
            fields=_plan_fields,
            value=_plan,
        ),
        SpeakTurn: Step(
            role="seller",
            asks=lambda request: _DOING[request.action],
            fields=_line_fields,
            value=_line,
            deadline_s=ANSWERING_S,
        ),
    }
)
"""Request -> how it is put to a person."""
