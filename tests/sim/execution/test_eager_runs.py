"""Runs with agents that are asked before their request is due have the same log as without.

With answers from outside, a deadline that passes, an agent that blocks and one that raises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from retailsim.agents.watchdog import Watchdog
from tests.agents.stepclock import install
from tests.sim.runs import event_lines, events_of, launched, outside_lines, scenario, sim, torn

AGENTS = """
import asyncio
import random
import time

from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer


class Mixed(BehavioralBuyer):
    waits = True
    eager = {eager}

    async def ask(self, request):
        said = await super().ask(request)
        if said is None or self.seat.id != "asks":
            return said

        async def oracle():
            for _ in range(random.SystemRandom().randrange(20)):
                await asyncio.sleep(0)
            return f"heard at {{request.t}}"

        return f"{{said}} {{await self.outside(request, f'turn {{request.turn}}', oracle)}}"

    async def decide(self, request):
        match self.seat.id:
            case "never":
                await asyncio.sleep(3600)
            case "blocks":
                time.sleep(3600)
            case "raises":
                raise ValueError("no")
        return await super().decide(request)
"""
SCENARIO = """
[run]
block_timeout_s = 0.1
reply_timeout_s = {reply_s}
[products]
per_category = 1
[[sellers]]
id = "plain-dealer"
agent = "plain-dealer"
{buyers}
"""


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the watchdog time passes only in the step that blocks."""
    clock, enter = install(monkeypatch), Watchdog.enter

    def watched(watchdog: Watchdog, source: str, stage: str) -> None:
        enter(watchdog, source, stage)
        blocks = source == "buyer:blocks" and stage == "decision"
        clock.let_pass(watchdog.deadline_s if blocks else 0.0)

    monkeypatch.setattr(Watchdog, "enter", watched)


def played(folder: Path, buyers: Sequence[str], reply_s: float, *, eager: bool) -> Path:
    folder.mkdir()
    (folder / "mixed.py").write_text(AGENTS.format(eager=eager))
    seats = "".join(f'[[buyers]]\nid = "{name}"\nagent = "mixed:Mixed"\n' for name in buyers)
    launched(folder / "run", scenario(folder, SCENARIO.format(reply_s=reply_s, buyers=seats)))
    return folder / "run"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("buyers", "reply_s"),
    [(("asks", "blocks", "raises"), 300.0), (("quiet", "never", "raises"), 0.1)],
    ids=["answers and a block", "a deadline"],
)
def test_eager_or_not_a_run_has_the_same_log(
    buyers: tuple[str, ...], reply_s: float, tmp_path: Path
) -> None:
    """Whoever blocks holds up all others, so deadlines are for a run without a block."""
    patient, eager = (
        played(tmp_path / f"{flag}", buyers, reply_s, eager=flag) for flag in (False, True)
    )
    assert event_lines(eager) == event_lines(patient)
    assert outside_lines(eager) == outside_lines(patient), "deadlines and blocks are recorded too"
    failed = Counter(event["episode"].split("/")[-1] for event in events_of(eager, "EpisodeFailed"))
    assert failed == dict.fromkeys(set(buyers) - {"asks", "quiet"}, 4)
    assert sim("verify", eager).exit_code == 0
    resumed = torn(eager, tmp_path / "torn", "MessageSent")
    assert sim("resume", resumed).exit_code == 0
    assert event_lines(resumed) == event_lines(patient)
