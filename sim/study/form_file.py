"""The form of a study: checks, questions between conversations and at the end, from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from retailsim.agents.person.errors import BadAnswer
from retailsim.agents.person.form import Field, Fields, Kind, filled, options_of
from retailsim.events.toml_text import parse_toml, unfit_text
from retailsim.sim.scenario.explanation import explain
from retailsim.sim.study.errors import BadStudy

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Label = Annotated[str, Meta(min_length=1, max_length=2_000)]
MOST_TEXT = 4_000
"""Characters of an answer in words, unless the form says otherwise."""
_CHOICES = ("choice", "choices")


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing to answer, as it stands in the file: a `Field`, and what of it is right.

    Parameters
    ----------
    options : list, or mapping of value to label
        Of "choice" and "choices".
    only_if : mapping of one name to a value or a list of values
        An item before this one, and the answers to it with which this one counts.
    right : object, optional
        The answer that is right, which makes it a check; of "text", a list of them may stand here.
    after : list of int
        Of an item between conversations: after which ones it is asked; empty: after each.
    """

    name: Name
    label: Label
    kind: Kind = "text"
    options: tuple[str, ...] | dict[str, str] = ()
    least: int | None = None
    most: int | None = None
    optional: bool = False
    only_if: Annotated[dict[str, Any], Meta(min_length=1, max_length=1)] | None = None
    right: Any = None
    after: tuple[Annotated[int, Meta(ge=1)], ...] = ()


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a participant is screened out.

    Parameters
    ----------
    tries : int
        How often the comprehension checks may be answered until all are right.
    misses : int
        How many wrong answers to attention checks are put up with.
    """

    tries: Annotated[int, Meta(ge=1, le=100)] = 2
    misses: Annotated[int, Meta(ge=0, le=100)] = 1


class FormFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file as it is written.

    Parameters
    ----------
    limits : Limits
    checks : list of Item
        Of comprehension: before the first conversation, each with its right answer.
    between : list of Item
        After conversations.
    questions : list of Item
        After the last one. Items with a right answer here and between are attention checks.
    """

    limits: Limits = Limits()
    checks: tuple[Item, ...] = ()
    between: tuple[Item, ...] = ()
    questions: tuple[Item, ...] = ()


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to answer, as pages show it.

    Parameters
    ----------
    field : Field
    right : tuple
        Answers that are right; empty: there is no right one.
    after : tuple of int
        After which conversations it is asked; empty: after each.
    """

    field: Field
    right: tuple[Any, ...] = ()
    after: tuple[int, ...] = ()

    def is_right(self, answer: object) -> bool:
        """Whether an answer is right; letters' case, blanks and order do not matter."""
        return _plain(answer) in [_plain(one) for one in self.right]


class StudyForm(msgspec.Struct, frozen=True, kw_only=True):
    """What participants are asked beside the conversations.

    Parameters
    ----------
    limits : Limits
    checks, between, questions : tuple of Asked
        As in `FormFile`.
    """

    limits: Limits = Limits()
    checks: tuple[Asked, ...] = ()
    between: tuple[Asked, ...] = ()
    questions: tuple[Asked, ...] = ()

    def after(self, conversation: int) -> tuple[Asked, ...]:
        """Return what is asked after a conversation, counted from 1."""
        return tuple(one for one in self.between if not one.after or conversation in one.after)


def fields_of(asked: Sequence[Asked]) -> Fields:
    """Return the fields of a page."""
    return tuple(one.field for one in asked)


def read_form(text: str, source: object) -> StudyForm:
    """Return the form that a file holds, checked.

    Parameters
    ----------
    source : object
        What errors name: the file.

    Raises
    ------
    BadStudy
        Saying which item is wrong, and what to do.
    """
    try:
        tree = parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise BadStudy(source, f"is not TOML: {error}") from None
    if (place := unfit_text(tree)) is not None:
        raise BadStudy(source, f"{place}: holds the character NUL or half of a character")
    try:
        file = msgspec.convert(tree, FormFile)
    except msgspec.ValidationError as error:
        raise BadStudy(source, explain(str(error), tree, FormFile)) from None
    _check_names(file, source)
    return StudyForm(
        limits=file.limits,
        checks=tuple(_asked("checks", file.checks, source)),
        between=tuple(_asked("between", file.between, source)),
        questions=tuple(_asked("questions", file.questions, source)),
    )


def _check_names(file: FormFile, source: object) -> None:
    """Refuse a name that stands twice: answers are kept by it."""
    seen: set[str] = set()
    for one in (*file.checks, *file.between, *file.questions):
        if one.name in seen:
            raise BadStudy(source, f"{one.name}: two items have this name; rename one")
        seen.add(one.name)


def _asked(part: str, items: Sequence[Item], source: object) -> Iterator[Asked]:
    for at, item in enumerate(items):
        try:
            yield _one(part, item, items[:at])
        except ValueError as error:
            raise BadStudy(source, f"{part}.{item.name}: {error}") from None


def _one(part: str, item: Item, before: Sequence[Item]) -> Asked:
    if (item.kind in _CHOICES) != bool(item.options):
        only = ", ".join(_CHOICES)
        raise ValueError(f"options: {only} need them, and no other kind has them")
    if item.after and part != "between":
        raise ValueError("after: is only for items between conversations")
    if part == "checks" and item.right is None:
        raise ValueError("right: a check needs the answer that is right")
    most = MOST_TEXT if item.kind == "text" and item.most is None else item.most
    field = Field(
        name=item.name,
        label=item.label,
        kind=item.kind,
        options=options_of(item.options),
        least=item.least,
        most=most,
        optional=item.optional,
        only_if=_only_if(item.only_if, before),
    )
    if item.least is not None and field.most is not None and item.least > field.most:
        raise ValueError(f"least, most: {item.least} is above {field.most}")
    return Asked(field=field, right=_right(item, field), after=item.after)


def _only_if(
    given: Mapping[str, Any] | None, before: Sequence[Item]
) -> tuple[str, tuple[str | bool, ...]] | None:
    if given is None:
        return None
    name, values = next(iter(given.items()))
    several = tuple(values) if isinstance(values, list) else (values,)
    if name not in [one.name for one in before]:
        raise ValueError(f"only_if: no item before this one is called {name!r}")
    if not several or not all(isinstance(one, str | bool) for one in several):
        raise ValueError('only_if: write { NAME = "VALUE" }, or true or false for "yes or no"')
    return name, several


def _right(item: Item, field: Field) -> tuple[Any, ...]:
    if item.right is None:
        return ()
    several = item.right if isinstance(item.right, list) and item.kind == "text" else [item.right]
    alone = msgspec.structs.replace(field, only_if=None)
    try:
        return tuple(filled((alone,), {field.name: one})[field.name] for one in several)
    except BadAnswer as error:
        raise ValueError(f"right: cannot be an answer: {error}") from None


def _plain(answer: object) -> object:
    match answer:
        case str():
            return answer.strip().casefold()
        case list() | tuple():
            return frozenset(answer)
        case bool():
            return ("yes or no", answer)  # else True would be 1
    return answer
