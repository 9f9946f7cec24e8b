"""What the participants' pages share: the session, the chats that are open, and what waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from aiohttp import web

from retailsim.agents.person.desk import Question
from retailsim.sim.play_page.sitting import Sitting
from retailsim.sim.study.links import ROOM
from retailsim.sim.study.participant import Participant
from retailsim.sim.study.participants.limits import Buckets
from retailsim.sim.study.participants.polls import Polls
from retailsim.sim.study.participants.way import Way
from retailsim.sim.study.results import Results
from retailsim.sim.study.session import StudySession

SEAT_BURST, SEAT_PER_S = 120, 10
"""What one seat may ask for: a page is six requests, and whoever types a message takes seconds."""
ADDRESS_BURST, ADDRESS_PER_S = 6_000, 400
"""What one address may ask for, behind which a whole room may sit: 200 who begin at once."""

MOST_POLLS = 8
"""Pages of one seat that may wait at once."""


@dataclass(kw_only=True)
class SeatSitting(Sitting):
    """What the page of a chat knows of one seat.

    Attributes
    ----------
    conversation : int
        Which one this is, from 1.
    """

    conversation: int = 1

    @property
    def number(self) -> int:
        """Which of the seat's conversations this is, from 1."""
        return self.conversation

    @property
    def unread(self) -> None:
        """Nothing: what a conversation came to is a step of the participant's."""
        return


@dataclass(kw_only=True)
class Front:
    """The participants' side of a session.

    Attributes
    ----------
    polls : Polls
        Pages that wait for something new.
    closing : bool
        Whether the server ends: nothing waits any more.
    """

    session: StudySession
    way: Way
    results: Results
    seats: Buckets = field(default_factory=lambda: Buckets(SEAT_BURST, SEAT_PER_S))
    addresses: Buckets = field(default_factory=lambda: Buckets(ADDRESS_BURST, ADDRESS_PER_S))
    polls: Polls = field(default_factory=lambda: Polls(MOST_POLLS))
    closing: bool = False
    _sittings: dict[str, SeatSitting] = field(default_factory=dict)

    @cached_property
    def room(self) -> str:
        """The token of the room, through which all come."""
        return self.session.link(ROOM)

    def participant(self, seat: str) -> Participant | None:
        """Return who has a seat."""
        return self.session.register.participant(seat)

    def sitting(self, one: Participant) -> SeatSitting:
        """Return what the chat of a seat knows."""
        session = self.session
        found = self._sittings.get(one.seat)
        if found is None or found.conversation != one.conversation:
            found = self._sittings[one.seat] = SeatSitting(
                desk=session.desk,
                role=session.table.role,
                seat=session.source(one.seat),
                run=session.run,
                currency=session.currency,
                program="",
                total=len(session.plan[one.seat]),
                conversation=one.conversation,
            )
        return found

    def talks(self, one: Participant) -> bool:
        """Whether a participant is in a conversation that is not over."""
        return one.stage == "play" and self.session.played(one.seat) < one.conversation

    def state(self, one: Participant, question: Question | None = None) -> str:
        """Return what there is to see, as a word that changes with it."""
        if one.stage == "over":
            return "finished"
        if not self.talks(one):
            return self.way.step(one)
        if self.session.over:
            return "paused"
        sitting = self.sitting(one)
        return sitting.state_with(question or sitting.now())

    def touch(self) -> None:
        """Have everything that waits look again."""
        self.session.ended(self.session.over)


FRONT = web.AppKey("front", Front)
"""Where the application has it."""
