"""What a stop leaves behind: its first reason, and a run that is not finished."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from retailsim.agents.llm.errors import RunStopping
from retailsim.agents.llm.gateway.budget import BudgetSmall, BudgetSpent
from retailsim.sim.budget.models import Models
from retailsim.sim.errors import ModelsStopped
from retailsim.sim.play.stop import Stop
from tests.sim.runs import event_lines, launched, scenario, sim

STOPPING = '''
import os
import signal

from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer


async def interrupted():
    """Ctrl-C comes while this call is under way."""
    if os.environ.get("INTERRUPTED"):
        os.kill(os.getpid(), signal.SIGINT)
    return "yes"


class Asking(BehavioralBuyer):
    """Asks outside before it chooses topics, and again before it decides."""

    waits = True

    async def topics(self, request):
        await self.outside(request, "first", interrupted)
        return await super().topics(request)

    async def decide(self, request):
        await self.outside(request, "second", interrupted)
        return await super().decide(request)
'''

SCENARIO = """
[products]
per_category = 1
[[sellers]]
id = "plain-dealer"
agent = "plain-dealer"
[[buyers]]
id = "asking"
agent = "stopping:Asking"
"""


@pytest.mark.slow
def test_a_run_stopped_with_its_last_markets_under_way_is_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All markets have begun, so none is left that would not: what was held has to say so."""
    (tmp_path / "stopping.py").write_text(STOPPING)
    path, run = scenario(tmp_path, SCENARIO), tmp_path / "run"
    launched(tmp_path / "reference", path)
    monkeypatch.setenv("INTERRUPTED", "1")
    stopped = sim("launch", path, "--out", run)
    assert stopped.exit_code == 3, stopped.stderr
    assert "stopped; everything so far is kept" in stopped.stderr
    assert not (run / "events" / "SEAL").exists()
    assert len(event_lines(run)) < len(event_lines(tmp_path / "reference"))
    monkeypatch.delenv("INTERRUPTED")
    resumed = sim("resume", run)
    assert resumed.exit_code == 0, resumed.stderr
    assert event_lines(run) == event_lines(tmp_path / "reference")


def test_the_first_reason_to_stop_is_the_one_that_is_told() -> None:
    """What comes after it is what the stop made of the others."""
    stop = Stop()
    models = Models({}, stop, offline=True)
    models.raise_if_halted("run", fresh=False)
    models.halt(BudgetSpent(10**9, 10**9))
    assert stop.requested
    models.halt(BudgetSmall(10**9, 0, 10**10))
    with pytest.raises(ModelsStopped, match=r"^the budget of \$1\.00 is used up") as error:
        models.raise_if_halted("a run", fresh=False)
    assert str(error.value).endswith("; everything so far is kept"), "the rest needs the whole run"
    assert error.value.alone, "what another worker begins may be cheaper"


async def _entered(models: Models) -> Models:
    async with models as entered:
        return entered


def test_models_that_are_opened_are_those_that_were_made() -> None:
    models = Models({}, Stop(), offline=True)
    assert asyncio.run(_entered(models)) is models


def test_that_the_run_stops_is_no_reason_of_its_own() -> None:
    stop = Stop()
    models = Models({}, stop, offline=True)
    models.halt(RunStopping("m", 0, "stopping"))
    models.raise_if_halted("run", fresh=False)
    assert not stop.requested
