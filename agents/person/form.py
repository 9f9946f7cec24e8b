"""What a person fills in: fields with closed choices, made by hand or from an answer's type."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from retailsim.agents.person.errors import BadAnswer
from retailsim.market.core.admission import MAX_TEXT

Kind = Literal["text", "choice", "choices", "number", "stars", "yes or no"]
"""What a field holds: a str, a str of its options, a list of such, an int, an int, a bool."""


class Option(msgspec.Struct, frozen=True):
    """One of a field's closed choices: what is answered, and what a person reads."""

    value: str
    label: str


class Field(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing to fill in.

    Parameters
    ----------
    name : str
        The key of the answer that holds it.
    label : str
        What a person reads above it.
    options : tuple of Option
        Of "choice" and "choices".
    least, most : int or None
        Bounds, inclusive: of a number, or of how many options may be chosen.
    optional : bool
        Whether it may be left out; then it is None, and of "yes or no" False.
    only_if : tuple or None
        Name of another field and values of it with which this one counts; else it is passed over.
    """

    name: str
    label: str
    kind: Kind = "text"
    options: tuple[Option, ...] = ()
    least: int | None = None
    most: int | None = None
    optional: bool = False
    only_if: tuple[str, tuple[str | bool, ...]] | None = None


Fields = tuple[Field, ...]
Given = Mapping[str, Any]


def options_of(values: Mapping[str, str] | tuple[str, ...]) -> tuple[Option, ...]:
    """Return closed choices: labels by value, or values whose label is the same, capitalized."""
    if isinstance(values, Mapping):
        return tuple(Option(value, label) for value, label in values.items())
    return tuple(Option(value, value[:1].upper() + value[1:]) for value in values)


def filled(fields: Fields, given: object) -> dict[str, Any]:
    """Return what was filled in, one entry a field; what does not count is None.

    Raises
    ------
    BadAnswer
        Saying in one sentence what to do about the first field that cannot be taken.
    """
    if not isinstance(given, Mapping):
        raise BadAnswer("An answer holds one value for each field.")
    names = [field.name for field in fields]
    unknown = [name for name in given if name not in names]
    if unknown:
        asked = ", ".join(names) or "nothing"
        raise BadAnswer(f"Nothing is asked here under the name {unknown[0]!r}; asked: {asked}.")
    found: dict[str, Any] = {}
    for field in fields:
        found[field.name] = _taken(field, given.get(field.name)) if _counts(field, found) else None
    return found


def _refused(field: Field, problem: str) -> BadAnswer:
    """Return the sentence that names a field and says what to do about it."""
    asks = field.label.endswith("?")
    return BadAnswer(f"{field.label}{'' if asks else ':'} {problem}", field.name)


def _counts(field: Field, found: Given) -> bool:
    if field.only_if is None:
        return True
    name, values = field.only_if
    return found.get(name) in values


def _taken(field: Field, value: object) -> Any:
    if field.kind == "yes or no":
        return _yes_or_no(field, value)
    if value is None or value == "" or value == []:
        if field.optional:
            return None
        raise _refused(field, f"{_MISSING[field.kind]}.")
    match field.kind:
        case "text":
            return _text(field, value)
        case "choice":
            return _chosen(field, value)
        case "choices":
            return _several(field, value)
        case _:
            return _number(field, value)


_MISSING: Mapping[Kind, str] = {
    "text": "please write something",
    "choice": "please choose one",
    "choices": "please choose",
    "number": "please give a number",
    "stars": "please give a number of stars",
}


def _yes_or_no(field: Field, value: object) -> bool:
    if value is None and field.optional:
        return False
    if not isinstance(value, bool):
        raise _refused(field, "please say yes or no.")
    return value


def _text(field: Field, value: object) -> str | None:
    if not isinstance(value, str):
        raise _refused(field, "please write a text.")
    text = value.replace("\r\n", "\n").strip()
    if not text and field.optional:
        return None
    if not text:
        raise _refused(field, "please write something.")
    most = field.most or MAX_TEXT
    if len(text) > most:
        problem = f"{len(text):,} characters are too many; at most {most:,} are possible"
        raise _refused(field, f"{problem}.")
    if text.encode("utf-8", "replace").decode() != text:
        raise _refused(field, "it holds half of a character; please write it again.")
    return text


def _chosen(field: Field, value: object) -> str:
    for option in field.options:
        if option.value == value:
            return option.value
    labels = ", ".join(option.label for option in field.options)
    raise _refused(field, f"please choose one of {labels}.")


def _several(field: Field, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise _refused(field, "please choose among what is offered.")
    chosen = tuple(_chosen(field, one) for one in value)
    least, most = field.least or 0, field.most or len(field.options)
    if len(set(chosen)) < len(chosen) or not least <= len(chosen) <= most:
        many = f"{least} to {most}" if least < most else f"{most}"
        raise _refused(field, f"please choose {many}, each once.")
    return chosen


def _number(field: Field, value: object) -> int:
    low, high = field.least, field.most
    if isinstance(value, int) and not isinstance(value, bool):
        within = (low is None or value >= low) and (high is None or value <= high)
        if within:
            return value
    bounds = f" from {low:,} to {high:,}" if low is not None and high is not None else ""
    raise _refused(field, f"please give a whole number{bounds}.")


# -- from the type of an answer ------------------------------------------------------------


ALONE = "answer"
"""The field of an answer that is one value, not a struct."""


def fields_of(answer: Any) -> Fields:
    """Return the fields that an answer's type asks for, where nobody wrote a form.

    A text, a number, yes or no, one of some words or several of them, or a struct of such; each
    may be None, and then may be left out. What is deeper is written as JSON.
    """
    kind, _ = _without_none(answer)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return tuple(
            _field(one.encode_name, one.type, optional=not one.required)
            for one in msgspec.structs.fields(kind)
        )
    return (_field(ALONE, answer, optional=False),)


def value_of(answer: Any, given: Given) -> Any:
    """Return what was filled in by `fields_of` as a value of the answer's type.

    Raises
    ------
    BadAnswer
        If it makes none.
    """
    kind, _ = _without_none(answer)
    of_struct = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    plain = {name: _plain(value) for name, value in given.items() if value is not None}
    try:
        return msgspec.convert(plain if of_struct else plain.get(ALONE), answer)
    except msgspec.ValidationError as error:
        raise BadAnswer(f"This cannot be taken: {error}.") from None


def _plain(value: Any) -> Any:
    """Read JSON where a person wrote some; anything else is what it says."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value
    return value


def _without_none(kind: Any) -> tuple[Any, bool]:
    """Return a type without its None, and whether it had one."""
    if get_origin(kind) not in (Union, UnionType):
        return kind, False
    members = [member for member in get_args(kind) if member is not NoneType]
    had = len(members) < len(get_args(kind))
    return (members[0] if len(members) == 1 else kind), had


def _field(name: str, declared: Any, *, optional: bool) -> Field:
    kind, none = _without_none(declared)
    label = name.replace("_", " ").capitalize()
    may = optional or none
    if get_origin(kind) is Literal:
        words = tuple(word for word in get_args(kind) if isinstance(word, str))
        return Field(name=name, label=label, kind="choice", options=options_of(words), optional=may)
    inner = get_args(kind)[:1]
    if get_origin(kind) in (tuple, list) and inner and get_origin(inner[0]) is Literal:
        options = options_of(get_args(inner[0]))
        return Field(name=name, label=label, kind="choices", options=options, optional=may)
    if kind is bool:
        return Field(name=name, label=label, kind="yes or no", optional=may)
    if kind is int:
        return Field(name=name, label=label, kind="number", optional=may)
    return Field(name=name, label=label, optional=may)
