"""What conversations came to: the last one, and at the end all, beside a simulated agent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from retailsim.agents.person.options import Absence
from retailsim.agents.person.side import Said
from retailsim.events.errors import RetailSimError
from retailsim.events.messages import Event, MessageSent, Role
from retailsim.market.core.money import dollars
from retailsim.sim.error_line import line_and_status
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.people.ended_market import EndedMarket, ended_market
from retailsim.sim.people.outcome import Outcome, outcomes_of
from retailsim.sim.people.twin import BesideTwin, beside_twins


class OutcomeLine(msgspec.Struct, frozen=True):
    """One thing that an episode came to: for the person, and for the simulated agent."""

    name: str
    mine: str
    twins: str


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation that is over.

    Parameters
    ----------
    gone : str
        What came of it that the person left, as a sentence; empty: it stayed.
    """

    title: str
    lines: tuple[OutcomeLine, ...]
    why_none: str
    gone: str = ""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """All conversations that came to their end.

    Parameters
    ----------
    problem : str
        Why nothing can be said, as a sentence.
    """

    ended: tuple[Ended, ...] = ()
    problem: str = ""

    @property
    def why_none(self) -> str:
        """Why no conversation has a simulated agent beside it; empty where one has."""
        reasons = [one.why_none for one in self.ended]
        return reasons[0] if reasons and all(reasons) else ""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What the conversation that was played last came to.

    Parameters
    ----------
    said : tuple of Said
        All of it, with the words after which nobody was asked any more.
    lines : tuple of (name, value)
    gone : str
        As `Ended` has it.
    """

    said: tuple[Said, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    gone: str = ""


def ending(run: Path, seat: str, trust: bool = False) -> Ending:
    """Return how a run's conversations ended; reads the whole log, and plays the twins."""
    role = _role(seat)
    try:
        with in_currency_of(run):
            found = beside_twins(run, seat, trust=trust)
            return Ending(ended=tuple(_ended(one, role) for one in found))
    except RetailSimError as error:
        return Ending(problem=line_and_status(error)[0])


def result(run: Path, seat: str, market: str, heard: Sequence[Said]) -> Result | None:
    """Return what one conversation came to, from the log; None while its end is not there.

    Parameters
    ----------
    heard : sequence of Said
        What the person was shown of it last.
    """
    ended = ended_market(run, market, seat)
    if ended is None:
        return None
    with in_currency_of(run):
        return result_of(ended, outcomes_of(ended.events).values(), _role(seat), heard)


def result_of(
    ended: EndedMarket, outcomes: Iterable[Outcome], role: Role, heard: Sequence[Said]
) -> Result:
    """Return what one conversation came to, in the currency of this context.

    Parameters
    ----------
    outcomes : iterable of Outcome
        Of its episodes, as far as the role may know them.
    heard : sequence of Said
        As `result` has it.
    """
    lines = tuple(one for outcome in outcomes for one in told(outcome, role))
    return Result(said=_whole(heard, ended.events), lines=lines, gone=_gone(ended, role))


def _role(seat: str) -> Role:
    return "seller" if seat.startswith("seller:") else "buyer"


def _whole(heard: Sequence[Said], events: Sequence[Event]) -> tuple[Said, ...]:
    """Return all that was said: what was heard before the first message, and every message."""
    messages = [Said(one.role, one.text, one.stage) for one in events if type(one) is MessageSent]
    spoken = {(one.role, one.text) for one in messages[:1]}
    first = next((at for at, one in enumerate(heard) if (one.role, one.text) in spoken), len(heard))
    return (*heard[:first], *messages)


def _gone(one: EndedMarket | BesideTwin, role: Role) -> str:
    """Say what came of it that a person left, or was too late; empty where neither was."""
    if one.gone is None:
        return ""
    return (_LATE if one.late else _LEFT)[one.gone].format(role=role)


_LEFT: Mapping[Absence, str] = {
    "leave": "You left before its end.",
    "hand over": "A simulated {role} went on in your place.",
    "fail": "You left, and it was broken off there.",
}
_LATE: Mapping[Absence, str] = {
    "leave": "The time for a step was over, and it ended there as if you had left.",
    "hand over": "The time for a step was over, and a simulated {role} went on in your place.",
    "fail": "The time for a step was over, and it was broken off there.",
}


def _ended(one: BesideTwin, role: Role) -> Ended:
    mine = dict(told(one.outcome, role))
    twins = dict(told(one.twin, role)) if one.twin is not None else {}
    return Ended(
        title=one.outcome.title or one.outcome.category or "A conversation",
        lines=tuple(beside(mine, twins)),
        why_none=one.why_none,
        gone=_gone(one, role),
    )


_SETTLED = {"Paid in the end": "Paid", "Left in the end": "Paid by the buyer"}
"""What is said only where it differs from what was paid."""


def beside(mine: Mapping[str, str], twins: Mapping[str, str]) -> Iterator[OutcomeLine]:
    """Yield what two outcomes say, side by side, each line where `told` has it."""
    names, at = list(mine), 0
    for name in twins:
        if name in mine:
            at = names.index(name) + 1
        else:
            names.insert(at, name)
            at += 1

    def cell(said: Mapping[str, str], name: str) -> str:
        return said.get(name) or said.get(_SETTLED.get(name, ""), "–")

    for name in names:
        yield OutcomeLine(name, cell(mine, name), cell(twins, name))


_ENDS = {"open": "not over", "failed": "broken off"}
_RESOLVED = {"delivered": "nothing was taken back"}


def told(outcome: Outcome, role: Role) -> Iterator[tuple[str, str]]:
    """Yield what an outcome says to who had this role, by name."""
    if outcome.status != "closed":
        yield "The conversation", _ENDS[outcome.status]
    if outcome.reason:
        yield "Why", outcome.reason
    if outcome.decided:
        yield _bought(role), str(outcome.quantity) if outcome.bought else "nothing"
    if outcome.bought:
        paid = "Paid" if role == "buyer" else "Paid by the buyer"
        yield paid, dollars(outcome.gross_cents + outcome.shipping_cents)
    yield from _trouble(outcome, role)
    for aspect, stars in outcome.stars.items():
        yield f"Stars for {_ABOUT.get(aspect, aspect.replace('_', ' '))}", f"{stars} of 5"


def _resolved(outcome: Outcome) -> str:
    told = outcome.resolution
    return "not settled" if told is None else _RESOLVED.get(told, told)


def _bought(role: Role) -> str:
    return "Bought" if role == "buyer" else "Sold"


def _trouble(outcome: Outcome, role: Role) -> Iterator[tuple[str, str]]:
    """Yield what went wrong with an order, and what was left of its money."""
    if outcome.issue:
        yield "What went wrong", outcome.issue
        yield "How that ended", _resolved(outcome)
    refunded = outcome.refunded_cents + outcome.shipping_refunded_cents
    if refunded:
        yield "Refunded", dollars(refunded)
    if role == "buyer" and outcome.return_shipping_cents:
        yield "Paid to send it back", dollars(outcome.return_shipping_cents)
    paid = outcome.gross_cents + outcome.shipping_cents
    if role == "seller" and refunded:
        yield "Left in the end", dollars(paid - refunded)
    elif role == "buyer" and outcome.spent_cents != paid:
        yield "Paid in the end", dollars(outcome.spent_cents)


_ABOUT = {
    "pitch": "the presentation",
    "pre_inquiry": "the answers",
    "post_inquiry": "the help afterwards",
    "product": "the product",
}
