"""Whole runs are played by hand in a real Chromium: every step of both protocols, both roles."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from retailsim.agents.person.desk import Question
from retailsim.agents.person.side import side_of
from retailsim.events.messages import Role
from retailsim.market.protocols.registry import find_protocol
from tests.browser import expect
from tests.people import csales_words, retail_words
from tests.people.by_hand import Eyes, play_by_hand, playing
from tests.people.played import CSALES, RETAIL, Answers
from tests.sim.runs import events_of, sim

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

TWO = RETAIL.replace("per_category = 1", 'ids = ["RSFD000001", "RSFA000005"]')
"""Of the first one a seller makes an exchange, of the second a refund."""
LONG = TWO.replace("[design]", "[design]\nmax_turns = 6")
"""Talks that are longer than a simulated buyer's patience: it ends one without an offer."""


def reluctant() -> Answers:
    """A seller that offers nothing in its first talk about a problem, and refunds after it."""
    first: list[str] = []

    def answers(question: Question) -> Mapping[str, Any] | None:
        if question.request == "GiveSupport" and question.market in (*first, question.market)[:1]:
            first.append(question.market)
            return {"text": "I look into it.", "outcome": "none"}
        if question.request == "SettleIssue":
            return {"outcome": "refunded", "quantity": 1, "shipping": True, "resolution": "Sorry."}
        return retail_words.sellers(question)

    return answers


PLAYS: dict[str, tuple[str, Answers, tuple[str, ...]]] = {
    "retail-buyer": (TWO, retail_words.buyers, ("RefundIssued", "ReviewPosted")),
    "retail-seller": (LONG, reluctant(), ("RefundIssued", "ReviewPosted")),
    "csales-buyer": (CSALES, csales_words.buyers, ("OrderPlaced",)),
    "csales-seller": (CSALES, csales_words.sellers, ("EpisodeClosed",)),
}


def steps_of(protocol: str, role: str) -> set[str]:
    """The names of all requests that a role may be asked."""
    steps = side_of(find_protocol(protocol)).steps
    return {kind.__name__ for kind, step in steps.items() if step.role == role}


@pytest.mark.parametrize("name", PLAYS)
def test_every_step_is_played_by_hand_to_the_end(page: Page, tmp_path: Path, name: str) -> None:
    text, answers, events = PLAYS[name]
    protocol, _, role = name.partition("-")
    own: Role = "seller" if role == "seller" else "buyer"
    eyes = Eyes(page, name)
    with playing(page, tmp_path, text, own) as sitting:
        asked = play_by_hand(page, sitting, answers, eyes)
        expect(page.get_by_role("heading", name="That was all")).to_be_visible()
        ended = page.locator(".ended").count()
    assert {question.request for question in asked} == steps_of(protocol, role)
    run = tmp_path / "run"
    assert ended == eyes.seen["result"] == len(events_of(run, "EpisodeClosed")) >= 2
    for kind in events:
        assert events_of(run, kind), kind
    verified = sim("verify", run)
    assert verified.exit_code == 0, verified.stderr
