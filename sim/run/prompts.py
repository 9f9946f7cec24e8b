"""What language models were asked: no log holds a prompt, but a market played again has them.

An agent's request follows from what happened before, and a market played with its recorded answers
happens as it did. Each request is compared with the digest in the log, so a prompt that is shown is
the one that was sent, but for what the provider's wire format adds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.base import ModelAccess
from retailsim.agents.llm.types import Call
from retailsim.events.errors import RetailSimError
from retailsim.events.messages import LoggedRecord, ModelCalled
from retailsim.events.outside import Door
from retailsim.market.core.money import in_currency
from retailsim.market.core.request import AgentRequest
from retailsim.sim.error_line import line_and_status
from retailsim.sim.execution.job import cast_of, run_design
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.folder.session_agents import refuse_session_agents
from retailsim.sim.run.playing_again import (
    obstacle_to,
    offline_engine,
    offline_models,
    silent_watchdog,
)
from retailsim.sim.seats.cast import SeatModels

Asked = tuple[str | None, str, int]
"""A recorded answer's episode, source and call: what it is told by within a market."""


class Prompts(msgspec.Struct, frozen=True, kw_only=True):
    """The requests of one market to language models.

    Parameters
    ----------
    calls : mapping of `Asked` to Call
        Those that were made again.
    obstacle : str or None
        Why not all were, if so.
    """

    calls: Mapping[Asked, Call]
    obstacle: str | None = None


def prompts(path: Path, market: str, records: Iterable[LoggedRecord]) -> Prompts:
    """Play one market of a run again and return what its models were asked.

    No code that lies in the run's folder is executed, and nothing outside is asked.

    Parameters
    ----------
    path : Path
        The run's folder.
    market : str
    records : iterable of records
        The recorded answers of that market. Of one that is still open, the requests are returned
        up to the first one that has no answer yet.
    """
    run, heard, obstacle = RunFolder(path), dict[Asked, Call](), None
    records = tuple(records)
    try:
        file = run.read()
        refuse_session_agents(path, file, "played again")
        obstacle = obstacle_to(run, file, "none")
        if obstacle is None:
            asyncio.run(_play(run, file, market, records, heard))
    except RetailSimError as error:
        if not _all_heard(records, heard):  # else it is how far an open market has come
            obstacle = line_and_status(error)[0]
    return Prompts(calls=heard, obstacle=obstacle)


def _all_heard(records: Iterable[LoggedRecord], heard: Mapping[Asked, Call]) -> bool:
    asked = (one for one in records if isinstance(one, ModelCalled))
    return all((one.episode, one.source, one.call) in heard for one in asked)


async def _play(
    run: RunFolder,
    file: RunFile,
    market: str,
    records: Iterable[LoggedRecord],
    heard: dict[Asked, Call],
) -> None:
    design, watch = run_design(run, file), silent_watchdog(file.scenario)
    spec = next((one for one in design.markets() if one.id == market), None)
    if spec is None:  # it repeats what failed in another one, and shares answers with that
        return
    models = _Heard(offline_models(file.scenario), heard)
    engine = offline_engine(file.scenario, cast_of(run, file), design, watch, models)
    with watch, in_currency(file.scenario.products.currency):
        await engine.play(spec, Door(records, None), lambda events: None)


class _Heard:
    """The models of a run, overheard."""

    def __init__(self, models: SeatModels, heard: dict[Asked, Call]) -> None:
        self._models, self._heard = models, heard

    def access(self, name: str, door: Door) -> ModelAccess:
        """Return a seat's way to the model of this name."""
        return _HeardAccess(self._models.access(name, door), self._heard)


class _HeardAccess:
    """One seat's way to its model, overheard."""

    def __init__(self, access: ModelAccess, heard: dict[Asked, Call]) -> None:
        self.in_prompt = access.in_prompt
        self._access, self._heard = access, heard

    async def ask(
        self, request: AgentRequest, source: str, *, task: str, role: str, call: Any
    ) -> ModelCalled:
        """Return the recorded answer, and keep what was asked for it."""
        record = await self._access.ask(request, source, task=task, role=role, call=call)
        self._heard[record.episode, record.source, record.call] = call
        return record

    def accepted(self, record: ModelCalled) -> None:
        """Nothing is kept for other runs."""
