"""A participant's way through a study over HTTP: from consent to the completion code."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from retailsim.sim.study.materials import CONSENT
from tests.sim.runs import sim
from tests.study.took_part import Client, Visitor, during, known, room, study, talk


@pytest.mark.slow
def test_from_consent_to_the_code(tmp_path: Path) -> None:
    of = study(tmp_path, 2, "study.conversations=2")
    session = of.session

    async def take_part(client: Client) -> None:
        visitor = Visitor(client)
        assert await visitor.come(f"{room(session)}?PROLIFIC_PID=5f&STUDY_ID=s&other=x") == 200
        assert visitor.at == f"/p/{session.link('p001')}/"
        assert known(session, "p001").panel == {"PROLIFIC_PID": "5f", "STUDY_ID": "s"}
        assert not session.desk.questions(), "nothing begins before the seat comes to play"
        await visitor.send("consent", ("agree", "yes"))
        one = known(session, "p001")
        assert one.consent_digest == sha256(CONSENT.encode()).hexdigest()
        assert (one.stage, one.conversation) == ("play", 1)
        for number in (1, 2):
            assert await talk(session, visitor, "p001") > 1
            assert f"Conversation {number} of 2" in visitor.html
            assert session.played("p001") == number
            await visitor.send("next")
        one = known(session, "p001")
        assert (one.stage, one.ending) == ("over", "done")
        assert ">DONE<" in visitor.html and one.consent_at and one.over_at

    during(of, take_part)
    assert sim("verify", session.run).exit_code == 0
