"""What each seat's conversations came to, from the whole log, and what is earned by that."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from retailsim.agents.person.options import Absence
from retailsim.events.log.reader import read_lines
from retailsim.events.messages import MarketFailed
from retailsim.market.protocols.logged_events import event_decoder
from retailsim.sim.execution.job import protocol_of
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.people.outcome import Outcome
from retailsim.sim.people.steps import PersonStep, person_steps
from retailsim.sim.play.leftovers import is_record
from retailsim.sim.scenario.study_design import Treatment
from retailsim.sim.scenario.study_table import StudyTable
from retailsim.sim.study.participant import Participant
from retailsim.sim.study.session import StudySession


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation of a seat.

    Parameters
    ----------
    market : str
        Its name in the log.
    episode : str or None
        The episode's; None: it was not begun.
    treatment : Treatment
    outcome : Outcome or None
        What it came to; None: it was not begun.
    gone : {"fail", "leave", "hand over"} or None
        What came of it, where the person left or let a deadline pass.
    answers : int
        Steps that the person answered.
    waited_ms : int
        Milliseconds from question to answer, over all of them.
    """

    market: str
    treatment: Treatment
    episode: str | None = None
    outcome: Outcome | None = None
    gone: Absence | None = None
    answers: int = 0
    waited_ms: int = 0

    @property
    def counts(self) -> bool:
        """Whether it came to its end, and the person took every step of it."""
        return self.outcome is not None and self.outcome.status == "closed" and self.gone is None


def conversations_of(session: StudySession) -> dict[str, tuple[Conversation, ...]]:
    """Return what each seat's conversations came to, in the order in which they are played.

    It reads the whole log.

    Raises
    ------
    LogDamaged
    """
    outcomes = _outcomes(RunFolder(session.run))
    steps: dict[str, list[PersonStep]] = {}
    for step in person_steps(session.run):
        steps.setdefault(step.market, []).append(step)
    return {
        seat: tuple(
            _conversation(market, treatment, outcomes.get(market), steps.get(market, ()))
            for market, treatment in zip(session.markets[seat], plan, strict=True)
        )
        for seat, plan in session.plan.items()
    }


def _outcomes(run: RunFolder) -> dict[str, tuple[str | None, Outcome]]:
    """Return the episode of each market that was begun, and what it came to."""
    decode = event_decoder(protocol_of(run, run.read())).decode
    found: dict[str, tuple[str | None, Outcome]] = {}
    for line in read_lines(run.events):
        if is_record(line):
            continue
        event = decode(line)
        episode, outcome = found.get(event.market, (None, Outcome()))
        if event.episode is not None:
            outcome.note(event)
        elif isinstance(event, MarketFailed):
            outcome.status = "failed"
        found[event.market] = (event.episode or episode, outcome)
    return found


def _conversation(
    market: str,
    treatment: Treatment,
    came_to: tuple[str | None, Outcome] | None,
    steps: Sequence[PersonStep],
) -> Conversation:
    episode, outcome = came_to or (None, None)
    given = [step for step in steps if step.gone is None]
    return Conversation(
        market=market,
        treatment=treatment,
        episode=episode,
        outcome=outcome,
        gone=next((step.gone for step in steps if step.gone is not None), None),
        answers=len(given),
        waited_ms=sum(step.waited_ms or 0 for step in given),
    )


def earned_cents(table: StudyTable, one: Conversation) -> int:
    """Return what a seat came to in one conversation, of which the bonus is a share.

    Nothing, unless the conversation came to its end and the person took every step of it. A
    seller: the net revenue. A buyer: what is left of the budget, at least nothing.
    """
    if not one.counts or one.outcome is None or table.bonus is None:
        return 0
    if table.role == "seller":
        return one.outcome.net_cents
    return max(0, table.bonus.budget_cents - one.outcome.spent_cents)


def bonus_cents(table: StudyTable, one: Participant, own: Sequence[Conversation]) -> int:
    """Return the bonus of a participant, in cents of the run's currency.

    Who is done gets the base and the share of what all conversations came to, rounded down; who
    failed without ever leaving a step unanswered gets the base; everybody else nothing. Nobody
    gets more than the most.
    """
    bonus = table.bonus
    if bonus is None:
        return 0
    match one.ending:
        case "done":
            earned = sum(earned_cents(table, conversation) for conversation in own)
            # As it is written: a binary fraction just below it would take a cent away.
            share = int(Fraction(str(bonus.share)) * earned)
        case "failed" if all(conversation.gone is None for conversation in own):
            share = 0
        case _:
            return 0
    return min(bonus.most_cents, bonus.base_cents + share)
