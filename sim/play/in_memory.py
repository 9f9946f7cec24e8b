"""Markets played in memory, by agents that wait for nothing: no folder, no log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from retailsim.agents.host import Hosting
from retailsim.agents.watchdog import Watchdog
from retailsim.events.messages import Event
from retailsim.events.outside import Door
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.registry import rules_of
from retailsim.sim.play.engine import Engine, Seats
from retailsim.sim.play.stop import Stop
from retailsim.sim.scenario.design import Design


async def play_in_memory(
    design: Design,
    cast: Seats,
    markets: Iterable[MarketSpec],
    sink: Callable[[Sequence[Event]], None],
) -> None:
    """Play markets of a design one after another, and give their events to `sink`.

    What an agent asks outside is asked, and kept nowhere.
    """
    watch = Watchdog(warn_s=60.0, deadline_s=600.0, say=lambda line: None)
    engine = Engine(
        cast=cast,
        open_market=design.open,
        log=_Nowhere(),
        hosting=Hosting(admissions=rules_of(design.protocol).admissions, watch=watch),
        stop=Stop(),
    )
    for spec in markets:
        await engine.play(spec, Door((), _Nowhere()), sink)


class _Nowhere:
    """A log that keeps nothing."""

    def append(self, lines: bytes, count: int) -> None:
        """Leave it out."""

    async def append_durable(self, lines: bytes, count: int) -> None:
        """Leave it out."""

    async def room(self) -> None:
        """There is always room."""
