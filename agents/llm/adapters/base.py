"""What every adapter does, and what they share."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from retailsim.agents.llm.provider.attempt_failure import Failure
from retailsim.agents.llm.provider.capabilities import Abilities
from retailsim.agents.llm.provider.hints import Headers
from retailsim.agents.llm.provider.keys import ApiKey
from retailsim.agents.llm.types import Call, ModelAnswer, ModelConfig


class Adapter(Protocol):
    """One vendor's wire format. All methods are pure: no I/O, no clock, no state."""

    def path(self, model: str) -> str:
        """Return what is appended to the base address."""
        ...

    def headers(self, key: ApiKey | None) -> dict[str, str]:
        """Return the headers beside the content type; the only place where a key is revealed."""
        ...

    def body(self, config: ModelConfig, able: Abilities, call: Call) -> dict[str, Any]:
        """Return the request's body; it holds nothing that the model refuses.

        Where `able.schema` is ``"prompt"`` the shape is left out: who wrote the call asks for it
        in words.
        """
        ...

    def answer(self, raw: bytes) -> ModelAnswer | Failure:
        """Read the body of a 200; a Failure where it holds an error all the same.

        Raises
        ------
        msgspec.DecodeError
            If it is not JSON or not of the vendor's shape.
        """
        ...

    def failure(self, status: int, headers: Headers, raw: bytes) -> Failure:
        """Read any other response; `delay_s` only where the body says it."""
        ...


def ordered(shape: Any) -> msgspec.Raw:
    """Return the shape's JSON with its own order: models write properties as they are listed.

    A run has a few shapes, each an object that is there to its end; they are encoded once.
    """
    known, encoded = _ENCODED.get(id(shape), (None, None))
    if known is not shape or encoded is None:
        encoded = msgspec.Raw(msgspec.json.encode(shape))
        if len(_ENCODED) >= _SHAPES:
            _ENCODED.clear()
        _ENCODED[id(shape)] = (shape, encoded)
    return encoded


_SHAPES = 256
_ENCODED: dict[int, tuple[Any, msgspec.Raw]] = {}
"""The shapes that were encoded, by identity; each is kept, so that its identity stays its own."""


def word(told: Any) -> str:
    """Return what a server tells of itself, if it is text: a foreign one may put anything there."""
    return told if isinstance(told, str) else ""


def is_object(text: str) -> bool:
    """Whether a text is one whole JSON object and nothing else."""
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except (ValueError, RecursionError):
        return False
