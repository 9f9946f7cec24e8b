"""Bots in a study whose server is killed again and again: no answer is lost, all else is right.

With more of them: STUDY_BOTS=200 STUDY_KILLS=10 python -m pytest -m slow tests/study
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter

import pytest

from retailsim.agents.person.desk import Desk
from retailsim.sim.study.bots.bot import Bot
from retailsim.sim.study.made import session_of
from retailsim.sim.study.participant import Participant
from retailsim.sim.study.session import StudySession
from retailsim.sim.study.tables import code_of
from tests.sim.runs import event_lines, sim
from tests.study.killed_study import Killed, answered, played

pytestmark = pytest.mark.slow

BOTS, KILLS = int(os.environ.get("STUDY_BOTS", "40")), int(os.environ.get("STUDY_KILLS", "5"))
ENDS = {"refuses": {"SCREENEDOUT"}, "fails": {"SCREENEDOUT"}, "stays": {"DONE"}, "twice": {"DONE"}}

NUMBERED = re.compile(r"\([0-9]+\)")
"""What bots say ends in a number of its own."""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """A study in which bots took part while its server was killed."""
    found = played(tmp_path_factory.mktemp("killed"), BOTS, KILLS)
    assert found.kills == KILLS
    return found


@pytest.fixture(scope="module")
def session(killed: Killed) -> StudySession:
    """What is known of it afterwards."""
    return session_of(killed.run, Desk(gated=True))


def _known(session: StudySession, bot: Bot) -> Participant:
    one = session.register.participant(bot.seat)
    assert one is not None
    return one


def test_no_answer_that_was_acknowledged_is_lost(killed: Killed) -> None:
    kept = answered(killed.run)
    told = [one for bot in killed.bots for one in bot.told if one.action == "answer"]
    assert len(told) > 3 * BOTS
    compared = 0
    for one in told:
        assert one.question in kept
        # A bot without scripts fills in all fields; those that do not count are left out.
        written = set(NUMBERED.findall(kept[one.question]))
        assert written <= set(NUMBERED.findall(json.dumps(one.pairs)))
        compared += len(written)
    assert compared > BOTS


def test_no_form_beside_the_conversations_is_lost(killed: Killed, session: StudySession) -> None:
    said = 0
    for bot in killed.bots:
        for one in bot.told:
            given = dict(one.pairs)
            if one.action == "questions":
                assert _known(session, bot).answers["said"] == given["f.said"]
                said += 1
            elif one.action == "next":
                number = one.question.split("-")[1]
                liked = _known(session, bot).answers[f"liked.{number}"]
                assert liked == int(given["f.liked"])
    assert said > BOTS / 2


def test_everybody_has_one_seat_and_sees_the_code_of_its_ending(
    killed: Killed, session: StudySession
) -> None:
    came = [bot for bot in killed.bots if bot.seat]
    assert len({bot.seat for bot in came}) == len(came) == len(session.register.participants)
    assert Counter(bot.why for bot in killed.bots if not bot.code).keys() <= {
        "never came", "went away"
    }  # fmt: skip
    for bot in came:
        one = _known(session, bot)
        assert one.panel == {"label": bot.plan.label}
        assert bot.code == code_of(session.table.codes, one.ending)
        assert bot.code in ENDS.get(bot.plan.manner, {bot.code}), bot.plan


def test_each_seat_played_its_own_treatments_and_they_are_balanced(
    killed: Killed, session: StudySession
) -> None:
    planned = Counter(one.number for own in session.plan.values() for one in own)
    assert max(planned.values()) - min(planned.values()) <= 1
    partners = Counter(one.partner for own in session.plan.values() for one in own)
    assert max(partners.values()) - min(partners.values()) <= 1
    opened = {
        event["market"]: event
        for event in map(json.loads, event_lines(killed.run))
        if event["type"] == "EpisodeOpened"
    }
    treatments = {
        market: (seat, treatment)
        for seat, markets in session.markets.items()
        for market, treatment in zip(markets, session.plan[seat], strict=True)
    }
    for market, event in opened.items():
        seat, treatment = treatments[market]
        assert (event["buyer"], event["seller"]) == (seat, treatment.partner)
        assert event["product"] == treatment.about


def test_the_log_verifies_and_seats_that_nobody_opened_are_in_no_rate(
    killed: Killed, session: StudySession
) -> None:
    verified = sim("verify", killed.run)
    assert verified.exit_code == 0, verified.stderr
    assert "every event is the same" in verified.stdout
    counted = json.loads(sim("replay", killed.run, "--json").stdout)
    begun = {
        event["buyer"]
        for event in map(json.loads, event_lines(killed.run))
        if event["type"] == "EpisodeOpened"
    }
    assert {row["buyer"] for row in counted["buyers"]} == begun < set(session.seats)
    assert counted["overall"]["episodes"] == sum(row["episodes"] for row in counted["buyers"])
