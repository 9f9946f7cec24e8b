"""What stands in the log of a step that was put to a person."""

from __future__ import annotations

import msgspec

from retailsim.agents.person.options import Absence

_MOST_MEASURED = 2**53 - 1


class Recorded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An answer, or that there was none; the ``answer`` of an `OutsideAnswered`, as JSON.

    Times are wall-clock: they are data about the person, and market time knows nothing of them.

    Parameters
    ----------
    answer : JSON
        The value that the person gave, of the type that the market asked for.
    gone : {"fail", "leave", "hand over"} or None
        What came of it that nobody answered.
    after_s : float or None
        How long was waited then, in seconds. None: the person left, now or at an earlier step.
    shown_ms, focus_lost : int or None
        As the page measured them: milliseconds for which the question was on the screen, and how
        often the person turned to something else.
    waited_ms : int or None
        Milliseconds from question to answer, as the desk measured them.
    """

    answer: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    gone: Absence | None = None
    after_s: float | None = None
    shown_ms: int | None = None
    focus_lost: int | None = None
    waited_ms: int | None = None

    def text(self) -> str:
        """Return it as it is recorded."""
        return msgspec.json.encode(self).decode()


def read_recorded(text: str) -> Recorded:
    """Return what `Recorded.text` gave."""
    return msgspec.json.decode(text, type=Recorded)


def measured(value: object) -> int | None:
    """Return what a page measured, if it is a whole number from 0 up."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MOST_MEASURED else None
