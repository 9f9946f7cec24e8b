"""Which conversation comes next: every profile once in a new order, then again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from retailsim.agents.host import Hosting
from retailsim.agents.watchdog import Watchdog
from retailsim.events.streams import Seed
from retailsim.market.protocols.csales.spec import ConversationSpec
from retailsim.market.protocols.registry import rules_of
from retailsim.sim.environments.errors import BadEnvironment
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.protocols.csales.design import SalesDesign, conversation
from retailsim.sim.run.launch import PreparedRun, prepare, read_scenario
from retailsim.sim.run.launch_options import Options
from retailsim.sim.seats.cast import Cast
from retailsim.sim.terminal.audience import Nobody

SELLER = {"id": "policy", "agent": "outside"}
"""The seat that an environment plays."""


class Episodes:
    """The conversations of a scenario, its sellers replaced by one that is played from outside.

    Parameters
    ----------
    options : Options
        Which scenario, with what laid over it.

    Raises
    ------
    RetailSimError
        If the scenario does not go, or is of another protocol.
    """

    def __init__(self, options: Options) -> None:
        asked = msgspec.structs.replace(options, sellers=[SELLER], outside=True)
        _check_protocol(asked)
        self._prepared = prepare(asked, Nobody())
        design = self._prepared.design
        assert isinstance(design, SalesDesign)
        if self._prepared.scenario.design.pairing != "all":
            raise BadEnvironment("scenario", 'design.pairing has to be "all"')
        watch = Watchdog(say=lambda line: None)
        self._hosting = Hosting(
            admissions=rules_of(self._prepared.cast.protocol).admissions, watch=watch
        )
        self._design = design
        self._first = [spec for spec in design.markets() if spec.replication == 1]

    @property
    def design(self) -> SalesDesign:
        """The design whose conversations are held."""
        return self._design

    def __len__(self) -> int:
        """How many conversations differ by more than their replication."""
        return len(self._first)

    def seeded(self, seed: int, out: Path | None = None, episodes: int = 0) -> PreparedRun:
        """Return what the run of `episodes` conversations under a seed is made of.

        The number is rounded up, so that every profile is met equally often.
        """
        old = self._prepared
        rounds = max(1, -(-episodes // len(self)))
        scenario = msgspec.structs.replace(
            old.scenario,
            run=msgspec.structs.replace(old.scenario.run, seed=seed),
            design=msgspec.structs.replace(old.scenario.design, replications=rounds),
        )
        design = SalesDesign(
            scenario, self._design.products, self._design.profiles, Seed(seed), self._design.rules
        )
        design.protocol, design.files = self._design.protocol, self._design.files
        cast = Cast(
            with_inputs(scenario, Path()), design.protocol, Seed(seed), old.folder, "environment"
        )
        options = msgspec.structs.replace(old.options, out=out)
        return replace(old, scenario=scenario, design=design, cast=cast, options=options)

    def order(
        self, random: np.random.Generator, rounds: int | None = None
    ) -> Iterator[ConversationSpec]:
        """Yield conversations: all of a replication in an order drawn anew, then the next one.

        Parameters
        ----------
        rounds : int or None
            Replications; None: without end.
        """
        replication = 0
        while rounds is None or replication < rounds:
            replication += 1
            for position in random.permutation(len(self._first)):
                spec = self._first[position]
                yield conversation(spec.profile, spec.seller, spec.buyer, replication)

    def open(self, spec: ConversationSpec, run: PreparedRun) -> SteppedMarket:
        """Begin a conversation; it stands at the first question."""
        return SteppedMarket(spec, run.cast, run.design.open, self._hosting)


def _check_protocol(options: Options) -> None:
    scenario, _ = read_scenario(options)
    if scenario.design.protocol != "csales":
        problem = f"its protocol is {scenario.design.protocol}, not csales"
        raise BadEnvironment("scenario", problem)
