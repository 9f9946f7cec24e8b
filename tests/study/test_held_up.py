"""Nobody is held up by seats to which nobody has come, whatever `run.concurrency` is."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from retailsim.sim.study.session import StudySession
from tests.study.took_part import Client, Visitor, during, study

pytestmark = pytest.mark.slow


def _asked(session: StudySession, seat: str) -> bool:
    return session.question(seat) is not None


def test_who_comes_first_is_asked_however_few_markets_may_be_in_flight(tmp_path: Path) -> None:
    session = (of := study(tmp_path, 3, "run.concurrency=1", "study.conversations=1")).session

    async def come(client: Client) -> None:
        for seat in ("p003", "p001"):
            visitor = Visitor(client)
            await visitor.come(f"/p/{session.link(seat)}/")
            await visitor.send("consent", ("agree", "yes"))
            await session.until(partial(_asked, session, seat), 20)
            assert session.question(seat) is not None, seat

    during(of, come)
