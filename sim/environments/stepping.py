"""One market stepped from outside: it stops where a seat asks, and goes on behind the answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from retailsim.agents.host import Hosting
from retailsim.events.kernel import Kernel, OnFailure, Question, Receive
from retailsim.events.messages import Event
from retailsim.events.outside import AskedDoor
from retailsim.market.core.market import Market
from retailsim.market.core.spec import MarketSpec
from retailsim.sim.errors import MarketStandsStill
from retailsim.sim.seats.cast import Cast


class SteppedMarket:
    """A market under way; what was opened and is given up leaves nothing behind.

    Parameters
    ----------
    spec : MarketSpec
    cast : Cast
        Who sits there; each seat of ``agent = "outside"`` asks.
    open_market : callable
        Returns the live rules of a market.
    hosting : Hosting

    Attributes
    ----------
    question : Question or None
        What has to be answered now; None once the market is over.

    Raises
    ------
    WaitsInDryRun
        If another seat waits for something, such as a language model.
    """

    def __init__(
        self,
        spec: MarketSpec,
        cast: Cast,
        open_market: Callable[[MarketSpec], Market],
        hosting: Hosting,
    ) -> None:
        self.spec = spec
        self._market = open_market(cast.seated(spec))
        seats = {f"{role}:{name}": cast.seat(role, name) for role, name in spec.seats}
        asking = {name for name, seat in seats.items() if seat.outside}
        self._kernel = _Stepped(spec.id, self._market.failed, asking)
        self._kernel.add_rules(self._market.handle)
        self._door = AskedDoor()
        for seat in seats.values():
            seat.join(self._kernel, self._door, hosting)
        cast.join_reader(self._kernel, self._door)
        self._kernel.post(self._market.open())
        self.question = self._run()

    @property
    def events(self) -> list[Event]:
        """Everything that happened so far."""
        return self._kernel.events

    @property
    def records(self) -> Sequence[object]:
        """What was answered so far, as the log has to hold it."""
        return self._door.records

    def answer(self, text: str) -> None:
        """Answer the question, and go on to the next one or to the end."""
        self._kernel.answer(text)
        self.question = self._run()

    def _run(self) -> Question | None:
        question = self._kernel.run_dry()
        if question is None and not self._market.finished:
            raise MarketStandsStill(self.spec.id)
        return question


class _Stepped(Kernel):
    """A kernel in which the agents that ask outside are answered in place, not waited for."""

    def __init__(self, market: str, on_failure: OnFailure, asking: Collection[str]) -> None:
        super().__init__(market, on_failure)
        self._asking = asking

    def add_agent(self, name: str, receive: Receive, *, waits: bool, eager: bool = False) -> None:
        """Register an agent; one that asks outside is no longer one that waits."""
        super().add_agent(name, receive, waits=waits and name not in self._asking, eager=eager)
