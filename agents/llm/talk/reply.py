"""What a model's answer is made of: a reply of a closed union, one union a conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import EllipsisType
from typing import Any, ClassVar, Protocol, get_args, get_type_hints

import msgspec

Case = Mapping[str, Mapping[str, Any] | EllipsisType | None]
"""What goes together in a reply: field -> what it is narrowed to."""


class Reply(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    """Base of all replies; ``kind`` says which one it is.

    ``most_tokens`` is the limit of the answer that holds it, thinking apart. ``cases`` is what
    `problem` lets pass, for servers that keep to a grammar: a reply is one of them. A case narrows
    fields by name ("reviews.rating" for a field of each item): to null (None), to anything but
    null (...), or by more keys of its JSON Schema.
    """

    most_tokens: ClassVar[int] = 400
    cases: ClassVar[tuple[Case, ...]] = ()

    @classmethod
    def tag(cls) -> str:
        """Return the word that says which reply it is, also as the task of a recorded call."""
        return str(cls.__struct_config__.tag)

    def problem(self) -> str | None:
        """Say what contradicts itself in the reply, or None."""
        return None

    def thin(self) -> str | None:
        """Say why a reply that can be used is hardly one, or None; it is asked for again once."""
        name = next(_placeholders(self), None)
        return None if name is None else f"{name} holds no text of its own"


_FILLERS = frozenset({"", "string", "text", "...", "…"})


def _placeholders(told: msgspec.Struct) -> Iterator[str]:
    """Yield the fields whose text is their own name, or what stands for a text in a schema."""
    for name in told.__struct_fields__:
        value = getattr(told, name)
        if isinstance(value, str) and value:
            said = value.strip(" \t\n<>[](){}\"'.").lower().replace(" ", "_")
            if said == name or said in _FILLERS:
                yield name
        elif isinstance(value, tuple):
            for one in value:
                if isinstance(one, msgspec.Struct):
                    yield from _placeholders(one)


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
