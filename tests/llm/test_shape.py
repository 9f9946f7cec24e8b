"""The schema of an answer keeps to what every vendor's strict mode accepts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from retailsim.agents.csales.model.replies import ENVELOPES as SALES
from retailsim.agents.llm.talk.reply import Reply, replies_of
from retailsim.agents.llm.talk.shape import LONGEST_TEXT, bounded, portable, single
from retailsim.agents.retail.model.replies import ENVELOPES, ReviewsReply, TopicsReply

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
        return longest(schema["anyOf"][0])
    if "enum" in schema:
        return max(schema["enum"], key=len)
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
        case _:
            return False


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)
