"""Playing markets of a run again, without the outside: what stands in the way, and the engine."""

from __future__ import annotations

from typing import Literal

import msgspec

from retailsim.agents.host import Hosting
from retailsim.agents.watchdog import Watchdog
from retailsim.market.protocols.registry import rules_of
from retailsim.sim.errors import RunChanged, Untrusted
from retailsim.sim.execution.job import cast_of
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.play.engine import Engine
from retailsim.sim.play.stop import Stop
from retailsim.sim.run.made_by import other_version
from retailsim.sim.run.trust import brought, check_trust
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.protocol import declared_events
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.seats.cast import Cast, SeatModels, used_models

Code = Literal["own", "any", "none"]
"""Whose code may be run to play a run again."""


class RefusingLog:
    """Stands where the log's writer stands in a run: nothing may be written."""

    def append(self, lines: bytes, count: int) -> None:
        """Refuse."""
        raise AssertionError("verifying writes nothing")

    async def append_durable(self, lines: bytes, count: int) -> None:
        """Refuse."""
        raise AssertionError("verifying writes nothing")

    async def room(self) -> None:
        """Return at once."""
        return


def obstacle_to(run: RunFolder, file: RunFile, code: Code) -> str | None:
    """Say why a run cannot be played again here; None if it can.

    Parameters
    ----------
    code : {"own", "any", "none"}
        Whose code may run, as `sim.run.verify.verified` has it.
    """
    return _foreign_code(run, file, code) or _obstacle(run, file)


def silent_watchdog(scenario: Scenario) -> Watchdog:
    """Return what ends agents that block, without a word."""
    return Watchdog(warn_s=5.0, deadline_s=scenario.run.block_timeout_s, say=lambda line: None)


def offline_engine(
    scenario: Scenario,
    cast: Cast,
    design: Design,
    watch: Watchdog,
    models: SeatModels | None = None,
) -> Engine:
    """Return an engine that plays markets of a run again, by recorded answers alone.

    Parameters
    ----------
    models : SeatModels or None
        Those of the seats; None: the run's, which answer what is recorded.
    """
    if used_models(scenario):
        cast.connect(models or offline_models(scenario))
    return Engine(
        cast=cast,
        declared=declared_events(cast.protocol),
        open_market=design.open,
        log=RefusingLog(),
        hosting=Hosting(
            admissions=rules_of(cast.protocol).admissions,
            watch=watch,
            reply_s=scenario.run.reply_timeout_s,
        ),
        stop=Stop(),
    )


def offline_models(scenario: Scenario) -> SeatModels:
    """Return the models of a scenario, which answer what is recorded and nothing else."""
    from retailsim.sim.budget.models import Models

    return Models(used_models(scenario), Stop(), offline=True)


def _foreign_code(run: RunFolder, file: RunFile, code: Code) -> str | None:
    """Say which code the run brings, if it may not run. No key is sent by playing it again."""
    found = msgspec.structs.replace(brought(run, file), sends=())
    if code == "none" and found.code:
        return f"it brings code of its own, {', '.join(found.code[:4])}"
    try:
        check_trust(run, file, found, trust=code == "any", what="played again")
    except Untrusted as error:
        return str(error).partition(": ")[2]
    return None


def _obstacle(run: RunFolder, file: RunFile) -> str | None:
    """Say what of the code differs from what made the run, if anything does."""
    if file.imported is not None:
        return f"it was imported from {file.imported}, not simulated"
    other = other_version(file)
    if other is not None:
        return f"it was {other}"
    try:
        cast_of(run, file)
    except RunChanged as change:
        return str(change)
    return None
