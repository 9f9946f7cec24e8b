"""What is known of a participant: personal data, which never gets into the log."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Stage = Literal["consent", "instructions", "checks", "play", "questions", "over"]
"""Where a participant is, in this order; what a study does not have is passed over."""

Ending = Literal["", "done", "screened out", "failed"]
"""How it ended, in the words of the completion codes."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One try at a check.

    Parameters
    ----------
    check : str
        Its name.
    answer : object
        What was answered.
    right : bool
    at : str
        ISO 8601, UTC.
    """

    check: str
    answer: Any
    right: bool
    at: str


class Participant(msgspec.Struct, frozen=True, kw_only=True):
    """One participant, in a seat of the study.

    Parameters
    ----------
    seat : str
        Such as ``p017``: all that the log knows.
    came_at : str
        ISO 8601, UTC.
    panel : mapping of str to str
        What a panel's link brought along, such as ``PROLIFIC_PID``.
    stage : str
        Where the participant is.
    stage_at : str
        Since when; empty: since `came_at`.
    ending : str
        How it ended, once `stage` is "over".
    why : str
        The same as a sentence, for the organiser.
    consent_at, consent_digest : str
        When consent was given, and the SHA-256 of the text that it was given to; empty: it was not.
    conversation : int
        The conversation that the participant has come to, from 1; none after it begins. 0: none.
    tried : tuple of Tried
        Answers to checks, in order.
    answers : mapping
        Exit questions, by name.
    over_at : str
        When it ended.
    withdrawn_at : str
        When the participant withdrew; empty: did not.
    """

    seat: str
    came_at: str
    panel: dict[str, str] = {}
    stage: Stage = "consent"
    stage_at: str = ""
    ending: Ending = ""
    why: str = ""
    consent_at: str = ""
    consent_digest: str = ""
    conversation: int = 0
    tried: tuple[Tried, ...] = ()
    answers: dict[str, Any] = {}
    over_at: str = ""
    withdrawn_at: str = ""
