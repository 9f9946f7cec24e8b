"""Episodes of a run's buyers with one seller, played in memory under another seed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from retailsim.agents.host import Hosting
from retailsim.agents.watchdog import Watchdog
from retailsim.events.messages import Event
from retailsim.events.streams import Seed
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.registry import rules_of
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.learning.errors import NoAudit
from retailsim.sim.scenario.pairing import participant
from retailsim.sim.scenario.protocol import design_of, run_of, scenario_protocol
from retailsim.sim.scenario.scenario import AgentTable
from retailsim.sim.seats.cast import Cast


class Stage(ABC):
    """Where a run's buyers meet a seller.

    Parameters
    ----------
    run : Path
        Folder of a run, whose products, buyers and rules are used.
    file : RunFile
    seat : AgentTable
        The seller.
    seed : int
        Of all draws.

    Raises
    ------
    NoAudit
        If somebody sits there that is not one of ours, or asks a model.
    """

    sellers: ClassVar[tuple[str, ...]]
    buyers: ClassVar[tuple[str, ...]]
    """Agents that are ours and ask no model: nothing of a stranger's run is executed."""
    changes: ClassVar[Mapping[str, Any]] = {}
    """What is laid over the run's [design]."""

    def __init__(self, run: Path, file: RunFile, seat: AgentTable, seed: int) -> None:
        old = file.scenario
        for one, known in (
            (seat, self.sellers),
            *((buyer, self.buyers) for buyer in old.buyers),
        ):
            if one.agent not in known:
                problem = f"{one.agent} in the seat {one.id} is not played again"
                raise NoAudit(run, f"{problem}; only built-in agents without a model are")
        folder = RunFolder(run)
        scenario = msgspec.structs.replace(
            old,
            sellers=(seat,),
            run=msgspec.structs.replace(old.run, seed=seed),
            design=msgspec.structs.replace(old.design, pairing="all", **self.changes),
        )
        protocol = scenario_protocol(scenario, folder.inputs)
        files = folder.files(run_of(protocol).file_names)
        self.any_design = design_of(protocol, scenario, folder.products(), files, Seed(seed))
        self._cast = Cast(with_inputs(scenario, folder.inputs), protocol, Seed(seed), folder.inputs)
        self.seller = participant(seat)
        self.met = [participant(buyer) for buyer in scenario.buyers]
        watch = Watchdog(say=lambda line: None)
        self._hosting = Hosting(admissions=rules_of(protocol).admissions, watch=watch)

    @property
    @abstractmethod
    def clusters(self) -> Sequence[Any]:
        """What the episodes of a log share: whom or what a seller may meet."""

    @abstractmethod
    def spec(self, cluster: Any, replication: int) -> MarketSpec:
        """Return a market of one episode; several buyers take turns."""

    def play(self, cluster: Any, replication: int) -> list[Event]:
        """Play one episode, and return its events."""
        spec = self.spec(cluster, replication)
        return SteppedMarket(spec, self._cast, self.any_design.open, self._hosting).events
