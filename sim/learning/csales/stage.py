"""Conversations of a run's buyers with one seller, played in memory under another seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from retailsim.agents.host import Hosting
from retailsim.agents.watchdog import Watchdog
from retailsim.events.messages import Event
from retailsim.events.streams import Seed
from retailsim.market.protocols.csales.values import Profile
from retailsim.market.protocols.registry import rules_of
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.learning.errors import NoAudit
from retailsim.sim.protocols.csales.design import SalesDesign, conversation
from retailsim.sim.scenario.pairing import participant
from retailsim.sim.scenario.protocol import design_of, run_of, scenario_protocol
from retailsim.sim.scenario.scenario import AgentTable
from retailsim.sim.seats.cast import Cast

SELLERS = ("behavioral", "csi", "fixed-script", "random-action", "policy")
BUYERS = ("behavioral", "csuser")
"""Agents that are ours and ask no model: nothing of a stranger's run is executed."""


class Stage:
    """Where a run's buyers meet a seller.

    Parameters
    ----------
    run : Path
        Folder of a csales run, whose products, profiles, buyers and rules are used.
    file : RunFile
    seat : AgentTable
        The seller.
    seed : int
        Of all draws.

    Attributes
    ----------
    design : SalesDesign

    Raises
    ------
    NoAudit
        If somebody sits there that is not one of ours, or asks a model.
    """

    def __init__(self, run: Path, file: RunFile, seat: AgentTable, seed: int) -> None:
        for one, known in ((seat, SELLERS), *((buyer, BUYERS) for buyer in file.scenario.buyers)):
            if one.agent not in known:
                problem = f"{one.agent} in the seat {one.id} is not played again"
                raise NoAudit(run, f"{problem}; only built-in agents without a model are")
        folder, old = RunFolder(run), file.scenario
        scenario = msgspec.structs.replace(
            old,
            sellers=(seat,),
            run=msgspec.structs.replace(old.run, seed=seed),
            design=msgspec.structs.replace(old.design, pairing="all"),
        )
        protocol = scenario_protocol(scenario, folder.inputs)
        files = folder.files(run_of(protocol).file_names)
        design = design_of(protocol, scenario, folder.products(), files, Seed(seed))
        self._open = design.open
        assert isinstance(design, SalesDesign)
        self.design = design
        self._cast = Cast(with_inputs(scenario, folder.inputs), protocol, Seed(seed), folder.inputs)
        self._seller = participant(seat)
        self._buyers = [participant(buyer) for buyer in scenario.buyers]
        watch = Watchdog(say=lambda line: None)
        self._hosting = Hosting(admissions=rules_of(protocol).admissions, watch=watch)

    @property
    def profiles(self) -> Sequence[Profile]:
        """Whom a seller may meet."""
        return self.design.profiles

    def play(self, profile: Profile, replication: int) -> list[Event]:
        """Hold one conversation, and return its events; several buyers take turns."""
        buyer = self._buyers[replication % len(self._buyers)]
        spec = conversation(profile, self._seller, buyer, replication)
        return SteppedMarket(spec, self._cast, self._open, self._hosting).events
