"""The design of a study: of all that could be played, what each seat plays, balanced and drawn.

Nobody plays all of it: a person plays a few markets. Which ones is decided before anyone arrives,
by the seed alone, so that who comes when, or not at all, cannot lean on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from retailsim.events.messages import Role
from retailsim.events.streams import Seed, Stream
from retailsim.market.core.market import Market
from retailsim.market.core.spec import MarketSpec
from retailsim.sim.errors import BadScenario
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.scenario.study_table import StudyTable


class Treatment(msgspec.Struct, frozen=True, kw_only=True):
    """One of the conditions that a seat can meet: all that its market is, but for who sits there.

    Parameters
    ----------
    number : int
        From 0, in the order of the design.
    partner : str
        Who sits on the other side.
    about : str
        What is for sale, or whom the buyer plays: the id of a product or of a profile.
    kind : str
        Which of the two that is: ``product`` or ``profile``.
    condition : str
        Of price.
    replication : int
    """

    number: int
    partner: str
    about: str
    condition: str
    replication: int
    kind: str = "product"


class StudyDesign(Design):
    """The markets of a study, seat by seat, each seat's in the order in which it plays them.

    Parameters
    ----------
    of : Design
        Everything that could be played.
    study : StudyTable
        With the number of seats.

    Notes
    -----
    Stream used: ``study/treatments``, by seat and conversation.
    """

    def __init__(self, of: Design, study: StudyTable) -> None:
        super().__init__(of.scenario, of.products, of.seed)
        self.protocol, self.files = of.protocol, of.files
        self._of = of
        self.seats = seats_of(of.scenario, study)
        each = _by_seat(of, study.role, self.seats)
        self.treatments = tuple(
            _treatment(number, spec, study.role) for number, spec in enumerate(each[self.seats[0]])
        )
        try:
            plan = assigned(self.seats, self.treatments, study.conversations, of.seed)
        except ValueError as error:
            raise BadScenario("study.conversations", f"{error}; lower it") from None
        # Drawn for all seats, so that what the others play does not hang on who is left out.
        left = frozenset(study.without)
        kept = {
            seat: tuple(one for one in own if each[seat][one.number].id not in left)
            for seat, own in plan.items()
            if seat not in left
        }
        self.plan: Mapping[str, tuple[Treatment, ...]] = kept
        self._specs = tuple(each[seat][one.number] for seat, own in kept.items() for one in own)

    def markets(self) -> Iterator[MarketSpec]:
        """Yield all markets in their order."""
        return iter(self._specs)

    def open(self, spec: Any) -> Market:
        """Return the live rules of one of them."""
        return self._of.open(spec)


def seats_of(scenario: Scenario, study: StudyTable) -> tuple[str, ...]:
    """Return the ids of a study's seats, in their order."""
    return tuple(seat.id for seat in scenario.seats(study.role))


def assigned(
    seats: Sequence[str], treatments: Sequence[Treatment], conversations: int, seed: Seed
) -> dict[str, tuple[Treatment, ...]]:
    """Return what each seat plays, in order.

    Seat by seat, the treatment comes next whose goods are new for the seat and that was given
    least often; among those, the one with a new partner and condition for the seat, and with the
    partner, the condition and the goods given least often, as the seats' first conversation, their
    second and so on before all together. What is left is drawn. So the counts of treatments differ
    by 1, or by 2 where a seat would else meet the same goods twice, whoever comes first; and the
    treatments of the first seats, and of first conversations, are balanced in themselves.

    Raises
    ------
    ValueError
        If a seat has more conversations than there are treatments.
    """
    if conversations > len(treatments):
        raise ValueError(f"{conversations} conversations, and {len(treatments)} treatments")
    given: Counter[tuple[object, ...]] = Counter()
    plan: dict[str, tuple[Treatment, ...]] = {}
    for seat in seats:
        own: list[Treatment] = []
        for turn in range(conversations):
            stream = seed.stream("study/treatments", f"{seat}/{turn}")
            own.append(_next(treatments, own, given, turn, stream))
            marks = _marks(own[-1])
            given.update(marks)
            given.update((turn, *mark) for mark in marks)
        plan[seat] = tuple(own)
    return plan


Mark = tuple[object, ...]


def _marks(one: Treatment) -> tuple[Mark, Mark, Mark, Mark]:
    return (
        ("treatment", one.number),
        ("partner", one.partner),
        ("condition", one.condition),
        ("about", one.about),
    )


def _next(
    treatments: Sequence[Treatment],
    own: Sequence[Treatment],
    given: Mapping[Mark, int],
    turn: int,
    stream: Stream,
) -> Treatment:
    met = Counter[Mark](mark for one in own for mark in _marks(one))

    def often(one: Treatment) -> tuple[int, ...]:
        treatment, *others = _marks(one)
        partner, condition, about = others
        now = (given[turn, *mark] for mark in others)
        ever = (given[mark] for mark in others)
        return (met[about], given[treatment], met[partner], met[condition], *now, *ever)

    counted = [(often(one), one) for one in treatments if one not in own]
    least = min(count for count, _ in counted)
    return stream.pick([one for count, one in counted if count == least])


def _by_seat(of: Design, role: Role, seats: Sequence[str]) -> dict[str, list[MarketSpec]]:
    """Return the markets in which each seat could sit, the same ones in the same order."""
    found: dict[str, list[MarketSpec]] = {seat: [] for seat in seats}
    for spec in of.markets():
        for other, name in spec.seats:
            if other == role and name in found:
                found[name].append(spec)
    if not seats or len({len(each) for each in found.values()}) > 1 or not found[seats[0]]:
        raise BadScenario("study", f'all {role}s have to meet the same: set design.pairing = "all"')
    return found


def _treatment(number: int, spec: MarketSpec, role: Role) -> Treatment:
    partners = [name for other, name in spec.seats if other != role]
    kinds = ("product", "profile")
    kind = next((one for one in kinds if getattr(spec, one, None) is not None), kinds[0])
    return Treatment(
        number=number,
        partner=", ".join(partners),
        about=str(getattr(getattr(spec, kind, None), "id", "")),
        kind=kind,
        condition=spec.condition,
        replication=spec.replication,
    )
