"""The schema of an answer keeps to what every vendor's strict mode accepts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from retailsim.agents.llm.talk.shape import portable
from retailsim.agents.retail.model.replies import ENVELOPES

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
