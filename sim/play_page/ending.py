"""How a sitting ended: what each conversation came to, beside a simulated agent in the seat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from retailsim.events.errors import RetailSimError
from retailsim.market.core.money import dollars
from retailsim.sim.error_line import line_and_status
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.people.outcome import Outcome
from retailsim.sim.people.twin import BesideTwin, beside_twins


class Line(msgspec.Struct, frozen=True):
    """One thing that an episode came to: for the person, and for the simulated agent."""

    name: str
    mine: str
    twins: str


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation that is over."""

    title: str
    lines: tuple[Line, ...]
    why_none: str


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """All conversations that came to their end.

    Parameters
    ----------
    problem : str
        Why nothing can be said, as a sentence.
    """

    ended: tuple[Ended, ...] = ()
    problem: str = ""


def ending(run: Path, seat: str) -> Ending:
    """Return how a run's conversations ended; reads the whole log, and plays the twins."""
    try:
        with in_currency_of(run):
            return Ending(ended=tuple(_ended(one) for one in beside_twins(run, seat)))
    except RetailSimError as error:
        return Ending(problem=line_and_status(error)[0])


def _ended(one: BesideTwin) -> Ended:
    mine = dict(told(one.outcome))
    twins = dict(told(one.twin)) if one.twin is not None else {}
    names = dict.fromkeys((*mine, *twins))
    return Ended(
        title=one.outcome.title or "A conversation",
        lines=tuple(Line(name, mine.get(name, "–"), twins.get(name, "–")) for name in names),
        why_none=one.why_none,
    )


_ENDS = {"open": "not over", "closed": "came to its end", "failed": "broken off"}


def told(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Yield what an outcome says, by name."""
    yield "The conversation", _ENDS[outcome.status]
    if outcome.decided:
        yield "Bought", str(outcome.quantity) if outcome.bought else "nothing"
    if outcome.bought:
        yield "Paid", dollars(outcome.gross_cents + outcome.shipping_cents)
    if outcome.issue:
        yield "What went wrong", outcome.issue
        yield "How that ended", outcome.resolution or "not settled"
    refunded = outcome.refunded_cents + outcome.shipping_refunded_cents
    if refunded:
        yield "Refunded", dollars(refunded)
    if outcome.return_shipping_cents:
        yield "Paid to send it back", dollars(outcome.return_shipping_cents)
    if outcome.bought:
        yield "Paid in the end", dollars(outcome.spent_cents)
    for aspect, stars in outcome.stars.items():
        yield f"Stars for {_ABOUT.get(aspect, aspect.replace('_', ' '))}", f"{stars} of 5"


_ABOUT = {
    "pitch": "the presentation",
    "pre_inquiry": "the answers",
    "post_inquiry": "the help afterwards",
    "product": "the product",
}
