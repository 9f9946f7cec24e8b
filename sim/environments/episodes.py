"""Which episode comes next: every one of the design once in a new order, then again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
import numpy as np

from retailsim.agents.host import Hosting
from retailsim.agents.watchdog import Watchdog
from retailsim.events.streams import Seed
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.registry import rules_of
from retailsim.sim.environments.errors import BadEnvironment
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.run.launch import PreparedRun, prepare, read_scenario
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.seats.cast import Cast
from retailsim.sim.terminal.audience import Nobody

OUTSIDE = "outside"
"""The agent of seats that an environment plays."""

Spec = TypeVar("Spec", bound=MarketSpec)
OfRun = TypeVar("OfRun", bound=Design)


def seat(*, adaptive: bool) -> dict[str, Any]:
    """Return the seller's seat that an environment plays."""
    return {"id": "policy", "agent": OUTSIDE, "options": {"adaptive": adaptive}}


def adaptive_sellers(scenario: Scenario) -> tuple[str, ...]:
    """Return the sellers of a run that may have learnt from it while it went on.

    Each decision of such a seller depends on what earlier episodes came to, so estimates that take
    episodes for independent do not hold on its log. Only environments play such seats, and a run
    says so in `run.toml`: ``options.adaptive`` of a seller with ``agent = "outside"``; where that
    is missing, in runs of older versions, it may have learnt.
    """
    return tuple(
        one.id
        for one in scenario.sellers
        if one.agent == OUTSIDE and one.options.get("adaptive", True)
    )


class SeatEpisodes(ABC, Generic[Spec, OfRun]):
    """The markets of a scenario, its sellers replaced by one that is played from outside.

    Parameters
    ----------
    options : Options
        Which scenario, with what laid over it.
    adaptive : bool
        Whether who plays the seat may learn on the way; for the run's log.
    seats : mapping of field of `Options` to seats, optional
        Who is played from outside instead.

    Attributes
    ----------
    first : list of market specs
        Those that differ by more than their replication.

    Raises
    ------
    RetailSimError
        If the scenario does not go, or is of another protocol.
    """

    protocol: ClassVar[str]
    """What scenarios have to be of."""
    defaults: ClassVar[tuple[str, ...]] = ()
    """What is laid over the scenario, as KEY=VALUE, below what else is set."""

    def __init__(self, options: Options, *, adaptive: bool = True, **seats: Any) -> None:
        played = seats or {"sellers": [seat(adaptive=adaptive)]}
        asked = msgspec.structs.replace(options, **played, outside=True)
        self._check_protocol(asked)
        asked = msgspec.structs.replace(asked, settings=(*self.defaults, *asked.settings))
        self._prepared = prepare(asked, Nobody())
        self._check(self._prepared.scenario)
        watch = Watchdog(say=lambda line: None)
        self._hosting = Hosting(
            admissions=rules_of(self._prepared.cast.protocol).admissions, watch=watch
        )
        self.design, markets = self._typed(self._prepared.design)
        self.first = [spec for spec in markets if spec.replication == 1]

    @abstractmethod
    def _typed(self, design: Design) -> tuple[OfRun, Iterable[Spec]]:
        """Return the design, which is one of the protocol's, and its markets."""

    @abstractmethod
    def _redesigned(self, scenario: Scenario, seed: Seed) -> OfRun:
        """Return the design of a scenario that differs in its seed and replications alone."""

    @abstractmethod
    def _again(self, spec: Spec, replication: int) -> Spec:
        """Return the same market in another replication."""

    def _check(self, scenario: Scenario) -> None:
        """Refuse what no environment can be made of."""
        if scenario.design.pairing != "all":
            raise BadEnvironment("scenario", 'design.pairing has to be "all"')

    def _check_protocol(self, options: Options) -> None:
        scenario, _ = read_scenario(options)
        if scenario.design.protocol != self.protocol:
            problem = f"its protocol is {scenario.design.protocol}, not {self.protocol}"
            raise BadEnvironment("scenario", problem)

    @property
    def reward(self) -> Mapping[str, float] | None:
        """Weights that the scenario gives; None if it gives none."""
        return self._prepared.scenario.reward or None

    def __len__(self) -> int:
        """How many markets differ by more than their replication."""
        return len(self.first)

    def seeded(self, seed: int, out: Path | None = None, episodes: int = 0) -> PreparedRun:
        """Return what the run of `episodes` episodes under a seed is made of.

        The number is rounded up, so that every market is played equally often.
        """
        old = self._prepared
        rounds = max(1, -(-episodes // len(self)))
        scenario = msgspec.structs.replace(
            old.scenario,
            run=msgspec.structs.replace(old.scenario.run, seed=seed),
            design=msgspec.structs.replace(old.scenario.design, replications=rounds),
        )
        design = self._redesigned(scenario, Seed(seed))
        design.protocol, design.files = self.design.protocol, self.design.files
        cast = Cast(
            with_inputs(scenario, Path()), design.protocol, Seed(seed), old.folder, "environment"
        )
        options = msgspec.structs.replace(old.options, out=out)
        return replace(old, scenario=scenario, design=design, cast=cast, options=options)

    def order(self, random: np.random.Generator, rounds: int | None = None) -> Iterator[Spec]:
        """Yield markets: all of a replication in an order drawn anew, then the next one.

        Parameters
        ----------
        rounds : int or None
            Replications; None: without end.
        """
        replication = 0
        while rounds is None or replication < rounds:
            replication += 1
            for position in random.permutation(len(self.first)):
                yield self._again(self.first[position], replication)

    def open(self, spec: Spec, run: PreparedRun) -> SteppedMarket:
        """Begin a market; it stands at the first question."""
        return SteppedMarket(spec, run.cast, run.design.open, self._hosting)
