"""The schema of an answer keeps to what every vendor's strict mode accepts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from retailsim.agents.csales.model.replies import ENVELOPES as SALES
from retailsim.agents.csales.model.replies import PlanReply, ResponseReply
from retailsim.agents.llm.talk.reply import Reply, replies_of
from retailsim.agents.llm.talk.shape import LONGEST_TEXT, bounded, portable, single
from retailsim.agents.retail.model.replies import (
    ENVELOPES,
    DecisionReply,
    ReviewsReply,
    SettlementReply,
    TopicsReply,
)

ALLOWED = {
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "anyOf",
}


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, list):
        for item in node:
            yield from objects(item)
    elif isinstance(node, dict):
        yield node
        for key, value in node.items():
            yield from objects(list(value.values()) if key == "properties" else value)


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_only_portable_words_are_used(envelope: Any) -> None:
    schema = portable(envelope)
    assert schema["type"] == "object"
    for node in objects(schema):
        assert set(node) <= ALLOWED
        if "properties" in node:
            assert node["required"] == list(node["properties"])
            assert node["additionalProperties"] is False


def test_properties_keep_their_names_whatever_they_are() -> None:
    class Odd(msgspec.Struct):
        title: str
        format: str
        default: int = 3

    assert set(portable(Odd)["properties"]) == {"title", "format", "default"}
    assert portable(Odd)["required"] == ["title", "format", "default"]


def test_a_mapping_with_free_keys_is_refused() -> None:
    class Free(msgspec.Struct):
        words: dict[str, str]

    with pytest.raises(ValueError, match="free keys"):
        portable(Free)


KINDS = sorted(
    {kind for envelope in (*ENVELOPES, *SALES) for kind in replies_of(envelope)},
    key=lambda kind: kind.__name__,
)


def reply_part(schema: dict[str, Any]) -> dict[str, Any]:
    assert list(schema["properties"]) == ["reply"]
    part: dict[str, Any] = schema["properties"]["reply"]
    return part


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_schema_of_one_reply_is_its_branch_of_the_union(kind: type[Reply]) -> None:
    """Without bounds it is the very branch; with them, it is that branch and the bounds."""
    one = reply_part(single(kind))
    unions = [reply_part(portable(envelope)) for envelope in (*ENVELOPES, *SALES)]
    assert one in [branch for union in unions for branch in union.get("anyOf", [union])]
    assert one["properties"]["kind"]["enum"] == [kind.tag()]
    if kind.cases:
        limits = reply_part(bounded(kind))
        for case in limits.get("anyOf", [limits]):
            assert (case["required"], case["type"]) == (one["required"], "object")
            assert case["properties"]["kind"] == one["properties"]["kind"]
        return
    for bare, limited in zip(objects(single(kind)), objects(bounded(kind)), strict=True):
        assert {name: limited[name] for name in bare if name in ("type", "enum", "required")} == {
            name: bare[name] for name in bare if name in ("type", "enum", "required")
        }


def test_bounds_are_those_of_the_reply() -> None:
    reviews = reply_part(bounded(ReviewsReply))["properties"]["reviews"]
    rating = reviews["items"]["properties"]["rating"]
    assert (reviews["minItems"], reviews["maxItems"]) == (1, 2)
    assert (rating["minimum"], rating["maximum"]) == (1, 5)
    topics = reply_part(bounded(TopicsReply))["properties"]["topics"]
    assert (topics["minItems"], topics["maxItems"]) == (1, 2)
    assert "minItems" not in reply_part(single(TopicsReply))["properties"]["topics"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_texts_that_fill_their_bounds_still_fit_the_limit_of_the_answer(kind: type[Reply]) -> None:
    """At four bytes a token, names apart: else a grammar would let answers be cut off."""
    filled = msgspec.json.encode(longest(bounded(kind)))
    names = sum(len(text) for text in strings(longest(bounded(kind))) if len(text) == 200)
    assert (len(filled) - names) / 4 < kind.most_tokens


def longest(schema: dict[str, Any]) -> Any:
    """The longest value that a schema allows; lists without a limit have one item."""
    if "anyOf" in schema:
        return max((longest(one) for one in schema["anyOf"]), key=lambda one: len(repr(one)))
    if "enum" in schema:
        return max(schema["enum"], key=lambda one: len(repr(one)))
    match schema["type"]:
        case "object":
            return {name: longest(part) for name, part in schema["properties"].items()}
        case "array":
            return [longest(schema["items"])] * schema.get("maxItems", 1)
        case "string":
            assert schema["maxLength"] <= LONGEST_TEXT
            return "w" * schema["maxLength"]
        case "integer":
            return schema["maximum"]
        case "null":
            return None
        case _:
            return False


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


TEXTS: dict[str, Any] = {
    "reason": "r",
    "quantity_reason": "q",
    "sentiment": "Neutral",
    "rating": None,
    "review": None,
}
PRODUCT = {"aspect": "product", "rating": 4, "text": "Good."}
PLAN: dict[str, Any] = {
    "preference": "",
    "category": [],
    "style": None,
    "openness": None,
    "focus": "",
}
SAID = {"text": "Yes.", "willingness": 5, "reason": ""}
SETTLED = {"resolution": "r", "reason": "r", "refund_shipping": False}
CASES: list[tuple[type[Reply], dict[str, Any], bool]] = [
    (DecisionReply, {**TEXTS, "will_purchase": True, "quantity": 2}, True),
    (DecisionReply, {**TEXTS, "will_purchase": False, "quantity": 0}, True),
    (DecisionReply, {**TEXTS, "will_purchase": True, "quantity": 0}, False),
    (DecisionReply, {**TEXTS, "will_purchase": False, "quantity": 1}, False),
    (SettlementReply, {**SETTLED, "outcome": "refunded", "refund_quantity": 1}, True),
    (SettlementReply, {**SETTLED, "outcome": "exchanged", "refund_quantity": 0}, True),
    (SettlementReply, {**SETTLED, "outcome": "refunded", "refund_quantity": 0}, False),
    (SettlementReply, {**SETTLED, "outcome": "delivered", "refund_quantity": 15}, False),
    (ReviewsReply, {"reviews": [{**PRODUCT, "would_recommend": True}]}, True),
    (ReviewsReply, {"reviews": [{**PRODUCT, "would_recommend": None}]}, False),
    (PlanReply, {**PLAN, "action": "Persuasion", "tactic": "Framing", "search": []}, True),
    (PlanReply, {**PLAN, "action": "Category Search", "tactic": None, "search": ["A"]}, True),
    (PlanReply, {**PLAN, "action": "Suggestion", "tactic": None, "search": []}, True),
    (PlanReply, {**PLAN, "action": "Persuasion", "tactic": None, "search": []}, False),
    (PlanReply, {**PLAN, "action": "Suggestion", "tactic": "Framing", "search": []}, False),
    (PlanReply, {**PLAN, "action": "Category Search", "tactic": None, "search": []}, False),
    (ResponseReply, {**SAID, "select": None, "buy": None, "leave": None}, True),
    (ResponseReply, {**SAID, "select": None, "buy": "P1", "leave": None}, True),
    (ResponseReply, {**SAID, "select": None, "buy": None, "leave": "defer"}, True),
    (ResponseReply, {**SAID, "select": "P1", "buy": "P1", "leave": None}, False),
]


@pytest.mark.parametrize(
    ("kind", "fields", "passes"), CASES, ids=lambda of: getattr(of, "__name__", "")
)
def test_a_grammar_lets_nothing_pass_that_contradicts_itself(
    kind: type[Reply], fields: dict[str, Any], passes: bool
) -> None:
    """It says what `problem` says; without the cases, either would pass."""
    reply = {"kind": kind.tag(), **fields}
    assert (msgspec.convert(reply, kind).problem() is None) == passes
    assert Draft202012Validator(bounded(kind)).is_valid({"reply": reply}) == passes
    assert Draft202012Validator(single(kind)).is_valid({"reply": reply})
