"""Forms: a question's fields as controls of a page, and what was posted as their values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from multidict import MultiMapping

from retailsim.agents.person.form import Field, Fields

PREFIX = "f."
"""How names of controls begin that hold fields: others are the page's own."""
YES, NO = "yes", "no"
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
_MANY = 8
"""From so many options on, a choice is a list to choose from."""

Posted = MultiMapping[Any]


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """One field as it stands on the page.

    Parameters
    ----------
    field : Field
    name : str
        Of the control.
    shape : str
        Which control it is: ``text``, ``radios``, ``list``, ``boxes``, ``number``, ``stars``,
        ``box``, or ``button``: one that ends the dialogue instead of an answer.
    options : tuple of (value, label)
    chosen : tuple of str
        What was filled in.
    problem : str
        What is wrong with it.
    shown_if : tuple of str
        Name of another control, and values of it with which this one counts; empty: always.
    said_if : str
        The same as a sentence.
    """

    field: Field
    name: str
    shape: str
    options: tuple[tuple[str, str], ...] = ()
    chosen: tuple[str, ...] = ()
    problem: str = ""
    shown_if: tuple[str, ...] = ()
    said_if: str = ""


def given_of(fields: Fields, posted: Posted) -> dict[str, Any]:
    """Return what was posted as the values of a question's fields, as the desk takes them."""
    found = {}
    for field in fields:
        values = [one for one in posted.getall(PREFIX + field.name, []) if isinstance(one, str)]
        found[field.name] = _value(field, values)
    return found


def _value(field: Field, values: list[str]) -> Any:
    last = values[-1] if values else None
    match field.kind:
        case "choices":
            return values
        case "yes or no" if field.optional:
            return last == YES
        case "yes or no":
            return {YES: True, NO: False}.get(last or "")
        case "number" | "stars" if last is not None and _WHOLE.fullmatch(last.strip()):
            return int(last)
    return last


def controls_of(
    fields: Fields, posted: Posted | None = None, problems: Mapping[str | None, str] | None = None
) -> tuple[Control, ...]:
    """Return the controls of a form.

    Parameters
    ----------
    posted : multi mapping or None
        What was filled in and could not be taken.
    problems : mapping of field name to str
        What is wrong with it.
    """
    ends = {name for one in fields if (name := _ended_by(one, fields)) is not None}
    found = (_control(one, fields, ends, posted, problems or {}) for one in fields)
    return tuple(sorted(found, key=lambda one: one.shape == "button"))


def _ended_by(field: Field, fields: Fields) -> str | None:
    """Return the yes-or-no field whose yes makes this one needless."""
    if field.only_if is None or field.only_if[1] != (False,):
        return None
    name = field.only_if[0]
    optional = any(one.name == name and one.optional for one in fields)
    return name if optional else None


def _control(
    field: Field,
    fields: Fields,
    ends: set[str],
    posted: Posted | None,
    problems: Mapping[str | None, str],
) -> Control:
    name = PREFIX + field.name
    chosen = posted.getall(name, []) if posted is not None else []
    shown, said = ((), "") if _ended_by(field, fields) else _condition(field, fields)
    return Control(
        field=field,
        name=name,
        shape="button" if field.name in ends else _shape(field),
        options=tuple(_options(field)),
        chosen=tuple(one for one in chosen if isinstance(one, str)),
        problem=problems.get(field.name, ""),
        shown_if=shown,
        said_if=said,
    )


def _shape(field: Field) -> str:
    match field.kind:
        case "choice":
            return "list" if len(field.options) > _MANY else "radios"
        case "choices":
            return "boxes"
        case "yes or no":
            return "box" if field.optional else "radios"
    return field.kind


def _options(field: Field) -> Iterator[tuple[str, str]]:
    if field.kind == "stars":
        for stars in range(field.least or 1, (field.most or 5) + 1):
            yield str(stars), str(stars)
    elif field.kind == "yes or no" and not field.optional:
        yield from ((YES, "Yes"), (NO, "No"))
    else:
        for option in field.options:
            yield option.value, option.label


def _condition(field: Field, fields: Fields) -> tuple[tuple[str, ...], str]:
    """Return when a field counts, for a script and for a person."""
    if field.only_if is None:
        return (), ""
    name, values = field.only_if
    other = next((one for one in fields if one.name == name), None)
    if other is None:
        return (), ""
    words = tuple(_word(one) for one in values)
    labels = {option.value: option.label for option in other.options} | {YES: "yes", NO: "no"}
    said = " or ".join(labels.get(one, one) for one in words)
    return (PREFIX + name, *words), f"Counts with “{other.label}”: {said}."


def _word(value: str | bool) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    return value


def measured(posted: Posted, name: str) -> int | None:
    """Return what a page measured, if that can be."""
    text = posted.get(name, "")
    return int(text) if isinstance(text, str) and _WHOLE.fullmatch(text) else None
