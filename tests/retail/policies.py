"""Policies of retail sellers for tests, and episodes played with them in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from retailsim.agents.host import Hosting
from retailsim.agents.policy.linear import LinearPolicy
from retailsim.agents.retail.policy.actions import OPTION_NAMES
from retailsim.agents.retail.policy.features import NAMES, TABLE
from retailsim.agents.watchdog import Watchdog
from retailsim.events.messages import Event
from retailsim.market.protocols.registry import rules_of
from retailsim.market.protocols.retail.spec import RetailSpec
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.protocols.retail.design import RetailDesign
from retailsim.sim.run.launch import PreparedRun, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.terminal import Quiet

PLAIN = ("Pitch: facts, warm, full, sheet", "Answer: friendly", "Settle: exchange")
"""A pitch from the sheet, kind answers, an exchange for whatever is wrong."""


def liking(*names: str) -> LinearPolicy:
    """A policy that likes these options, the first one best, whatever the state."""
    bias = [9.0 - names.index(name) if name in names else 0.0 for name in OPTION_NAMES]
    return LinearPolicy.of(TABLE, [[0.0] * len(NAMES)] * len(OPTION_NAMES), bias)


def prepared(seat: Mapping[str, Any], *settings: str, seed: int = 1) -> PreparedRun:
    """A pairwise scenario with one seller; `settings` as of ``--set``."""
    options = Options(scenario="pairwise", seed=seed, sellers=[dict(seat)], settings=settings)
    return prepare(options, Quiet())


def offered(run: PreparedRun) -> RetailDesign:
    """The design of a run."""
    assert isinstance(run.design, RetailDesign)
    return run.design


def played(run: PreparedRun) -> Iterator[tuple[RetailSpec, Sequence[Event]]]:
    """Play every market of a run; yields each with its events."""
    admissions = rules_of(run.cast.protocol).admissions
    hosting = Hosting(admissions=admissions, watch=Watchdog(say=lambda line: None))
    for spec in offered(run).markets():
        market = SteppedMarket(spec, run.cast, run.design.open, hosting)
        assert market.question is None
        yield spec, market.events


def seat(folder: Path, policy: LinearPolicy, **options: Any) -> dict[str, Any]:
    """A seat that goes by a policy, which is written to a file."""
    policy.save(folder / "p.json")
    return {
        "id": "policy",
        "agent": "policy",
        "options": {"file": str(folder / "p.json"), **options},
    }
