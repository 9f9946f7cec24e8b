"""The table [study] of a scenario: seats for people, what they read, and what they are given."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=1, le=10_000)]
Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Cents = Annotated[int, Meta(ge=0, le=10_000_000)]


class StudyCodes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a participant gives back to whoever sent them.

    Parameters
    ----------
    done : str
        All was played, and all questions answered.
    screened_out : str
        Consent was refused, or a check was not passed.
    failed : str
        A conversation broke off, and the participant could not go on.
    """

    done: Code = "DONE"
    screened_out: Code = "SCREENEDOUT"
    failed: Code = "FAILED"


class StudyBonus(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a participant earns, by the run's ledger; `sim.study.ledger` works it out.

    Parameters
    ----------
    base_cents : int
        For everybody who is done, and for who failed without ever leaving a step unanswered.
    share : float
        For everybody who is done, of what the seat came to in conversations that came to their end
        and of which the person took every step: a seller's net revenue, or what a buyer has left
        of the budget.
    budget_cents : int
        What a buyer has to spend in each conversation.
    most_cents : int
        Most that one participant gets in all.
    """

    base_cents: Cents = 0
    share: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    budget_cents: Cents = 0
    most_cents: Cents = 10_000


class StudyTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A study with people: N seats, and what happens around them.

    Parameters
    ----------
    seats : int
        How many people take part at most; `study --seats` sets it.
    role : {"seller", "buyer"}
        What they play.
    conversations : int
        How many each of them plays, each under a treatment of its own.
    consent, instructions : str
        The paths of Markdown files that are shown before anything else.
    form : str
        The path of a TOML file with checks and exit questions.
    plan : str
        The path of the analysis plan, which is kept as it is with the run.
    back : str
        An address that a participant is sent back to; {code} in it is the completion code.
    codes : StudyCodes
        The three completion codes.
    bonus : StudyBonus
        What participants earn.
    without : tuple of str
        Seats and markets that are not played: in a run that was written anew, seats of those who
        withdrew or that nobody took, and markets that nobody came to.
    rehearsal : bool
        Whether bots take the seats, so that the run is no data; `study --bots` sets it.
    """

    seats: Count | None = None
    role: Literal["seller", "buyer"] = "buyer"
    conversations: Annotated[int, Meta(ge=1, le=100)] = 1
    consent: str | None = None
    instructions: str | None = None
    form: str | None = None
    plan: str | None = None
    back: str | None = None
    codes: StudyCodes = StudyCodes()
    bonus: StudyBonus | None = None
    without: tuple[str, ...] = ()
    rehearsal: bool = False


FILES = ("consent", "instructions", "form", "plan")
"""Keys that hold paths."""
