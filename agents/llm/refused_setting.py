"""Which setting of a ``[models]`` table a server objects to when it refuses a request as such."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Setting = Literal["accepts", "schema", "thinking_tokens"]

_LINK = re.compile(r"https?://\S+")
_NAMED: Mapping[Setting, re.Pattern[str]] = {
    "schema": re.compile(
        r"schema|response_?format|output_config|text\.format|grammar|structured", re.IGNORECASE
    ),
    "thinking_tokens": re.compile(
        r"max_?(?:completion_?|output_?)?tokens|thinking[ _]?budget|budget_tokens", re.IGNORECASE
    ),
    "accepts": re.compile(r"\b(?:temperature|seed|effort)\b|reasoning|thinking", re.IGNORECASE),
}
_NO_FIELD = re.compile(
    r"unsupported param|unknown (?:name|field|param)|unrecognized", re.IGNORECASE
)

ADVICE: Mapping[Setting | None, str] = {
    "schema": 'set schema = "single" or schema = "prompt" in [models.{model}]',
    "thinking_tokens": "set thinking_tokens in [models.{model}] to what the model has room for",
    "accepts": "leave what it refuses out of accepts in [models.{model}] (accepts = [] sends"
    " neither temperature, seed nor effort)",
    None: "check accepts, schema and thinking_tokens in [models.{model}]",
}
"""What to change, by the setting; None: the server does not say what it minds."""


def setting_of(detail: str) -> Setting | None:
    """Return the setting that a refusal is about, as far as its words say."""
    said = _LINK.sub("", detail)
    found = next((name for name, words in _NAMED.items() if words.search(said)), None)
    if found == "thinking_tokens" and _NO_FIELD.search(said):
        return None  # the field itself is not known, and no number would help
    return found
