"""The shape of an answer: from a msgspec struct to a JSON Schema that every vendor accepts.

The vendors' strict subsets differ; what they share is an inlined root, every property required,
``additionalProperties: false``, optional values as unions with null, and no numeric or length
limits. The limits stay in the struct and are checked when the answer is decoded.
"""

from __future__ import annotations

from typing import Any

import msgspec

_DROPPED = frozenset(
    {
        "title",
        "description",
        "default",
        "discriminator",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
        "format",
    }
)


def portable(kind: Any) -> dict[str, Any]:
    """Return the portable JSON Schema of a struct.

    Parameters
    ----------
    kind : type
        A `msgspec.Struct` without recursion.

    Raises
    ------
    ValueError
        If the struct holds a mapping with free keys, which no strict subset can describe.
    """
    schema = msgspec.json.schema(kind)
    definitions = schema.pop("$defs", {})
    return _strict(schema, definitions)  # type: ignore[no-any-return]


def _strict(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_strict(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _strict(definitions[node["$ref"].removeprefix("#/$defs/")], definitions)
    if node.get("type") == "object" and "properties" not in node:
        raise ValueError("a mapping with free keys has no strict schema; use a struct")
    strict = {
        key: _properties(value, definitions) if key == "properties" else _strict(value, definitions)
        for key, value in node.items()
        if key not in _DROPPED
    }
    if "properties" in strict:
        strict["required"] = list(strict["properties"])
        strict["additionalProperties"] = False
    if "enum" in strict and "type" not in strict:
        strict["type"] = "string"
    return strict


def _properties(properties: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    # Property names are data here: one called "title" or "format" must survive.
    return {name: _strict(value, definitions) for name, value in properties.items()}
