"""What a model's answer is made of: a reply of a closed union, one union a conversation."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, get_args, get_type_hints

import msgspec


class Reply(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    """Base of all replies; ``kind`` says which one it is.

    ``most_tokens`` is the limit of the answer that holds it, thinking apart.
    """

    most_tokens: ClassVar[int] = 400

    @classmethod
    def tag(cls) -> str:
        """Return the word that says which reply it is, also as the task of a recorded call."""
        return str(cls.__struct_config__.tag)

    def problem(self) -> str | None:
        """Say what contradicts itself in the reply, or None."""
        return None


class Envelope(Protocol):
    """A struct with the one field ``reply``, a closed union of replies."""

    @property
    def reply(self) -> Any:
        """The reply, one of the union."""
        ...


def replies_of(envelope: type[msgspec.Struct]) -> tuple[type[Reply], ...]:
    """Return the kinds of replies that an envelope may hold."""
    told = get_type_hints(envelope)["reply"]
    return get_args(told) or (told,)
