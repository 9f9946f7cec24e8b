"""Sessions whose seats stand in every way they can, for the organiser's page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import msgspec

from retailsim.sim.study.links import ROOM
from retailsim.sim.study.organiser.app import application
from retailsim.sim.study.participant import Ending, Stage, Tried
from retailsim.sim.study.session import StudySession
from tests.serving import serving

TOKEN = "a-token"
BASE = "https://lab.example/study"
HOSTILE = "=HYPERLINK(1)<script>alert(1)</script>\u202egnp"

STOOD: tuple[tuple[Stage, Ending, str], ...] = (
    ("over", "done", ""),
    ("over", "done", ""),
    ("over", "screened out", "did not agree"),
    ("over", "failed", "a conversation broke off: the model gave no answer"),
    ("questions", "", ""),
    ("checks", "", ""),
    ("instructions", "", ""),
    ("consent", "", ""),
)


def stand(session: StudySession) -> None:
    """Put somebody into the first seats, in every stage, and one who said everything wrong."""
    at = datetime.now(UTC)
    for number, (stage, ending, why) in enumerate(STOOD):
        panel = {"PROLIFIC_PID": f"5f9c{number:020x}", "STUDY_ID": "64ab"}
        one = session.opened(session.link(ROOM), panel)
        since = (at - timedelta(minutes=number + 0.5)).isoformat()
        tried = (Tried(check="returns", answer="30 days", right=True, at=since),)
        one = msgspec.structs.replace(
            one, came_at=since, tried=tried, consent_at=since, consent_digest="ab" * 32
        )
        session.keep(one)
        if ending:
            one = msgspec.structs.replace(one, answers={"age": "25 to 34", "said": HOSTILE})
            session.end(one, ending, why)
        else:
            session.keep(msgspec.structs.replace(one, stage=stage))
        session.seen[one.seat] = since
    hostile = session.opened(session.link(ROOM), {"label": HOSTILE})
    session.withdraw(hostile)


@contextmanager
def organiser(session: StudySession) -> Iterator[str]:
    """Serve the organiser's application; yields the link."""
    with serving(application(session, TOKEN, BASE)) as address:
        yield f"{address}?token={TOKEN}"
