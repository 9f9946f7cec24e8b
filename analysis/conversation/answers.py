"""What models and the outside world answered, and which turn came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from retailsim.analysis.conversation.text import Text
from retailsim.events.messages import ModelCalled, OutsideAnswered

Event = Mapping[str, Any]
Record = ModelCalled | OutsideAnswered


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded answer.

    Parameters
    ----------
    number : int
        From 1, in the order in which they were asked for.
    record : ModelCalled or OutsideAnswered
    answer : Text
        What was answered, or the error; indented where it is JSON.
    seq : int or None
        The first event that the asker made of it; None where there is none, as after an answer
        that had to be asked for again.
    """

    number: int
    record: Record
    answer: Text
    seq: int | None

    @property
    def by_model(self) -> ModelCalled | None:
        """The record, if a language model answered."""
        return self.record if isinstance(self.record, ModelCalled) else None


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """What all calls of models took; the dollars are None where a price is not known."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost_nanousd: int | None


def answers(records: Iterable[Event], events: Sequence[Event]) -> tuple[Answered, ...]:
    """Return the recorded answers of one conversation.

    An agent's answer becomes an event of its own at the instant when it was asked, so that is how
    both find together.

    Parameters
    ----------
    records, events : mappings
        As they stand in the log; events in the order of ``seq``.

    Raises
    ------
    msgspec.ValidationError
        If a record is not as `events.messages` says.
    """
    typed = sorted((msgspec.convert(one, Record) for one in records), key=_asked)
    made: dict[tuple[Any, ...], int] = {}
    for event in events:
        made.setdefault((event.get("episode"), event.get("source"), event.get("t")), event["seq"])
    last = {_instant(one): at for at, one in enumerate(typed)}
    return tuple(
        Answered(
            number=at + 1,
            record=one,
            answer=Text(_indented(_text(one))),
            seq=made.get(_instant(one)) if last[_instant(one)] == at else None,
        )
        for at, one in enumerate(typed)
    )


def use(answered: Iterable[Answered]) -> Use:
    """Add up what the calls of models took; what another run had paid is not paid again."""
    calls = [one for one in (each.by_model for each in answered) if one is not None]
    paid = [one.cost_nanousd for one in calls if not one.saved]
    known = [cost for cost in paid if cost is not None]
    return Use(
        calls=len(calls),
        input_tokens=sum(one.input_tokens for one in calls),
        output_tokens=sum(one.output_tokens for one in calls),
        cost_nanousd=sum(known) if len(known) == len(paid) else None,
    )


def _asked(record: Record) -> tuple[int, str, str, int]:
    return record.t, record.episode or "", record.source, record.call


def _instant(record: Record) -> tuple[str | None, str, int]:
    return record.episode, record.source, record.t


def _text(record: Record) -> str:
    if isinstance(record, ModelCalled):
        return record.answer
    return record.error or "" if record.answer is None else record.answer


def _indented(text: str) -> str:
    """Return JSON on several lines; anything else as it is."""
    try:
        tree = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return text
    if not isinstance(tree, dict | list):
        return text
    return msgspec.json.format(text, indent=2)
