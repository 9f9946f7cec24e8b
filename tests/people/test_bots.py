"""Bots at a desk, in every protocol and in both seats at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.agents.person.bot import Bot
from retailsim.agents.person.desk import Desk
from tests.people.page_code import block
from tests.people.played import CSALES, RETAIL, Attended, play
from tests.sim.runs import event_lines, events_of, outside_lines, sim

SEALED_BID = """
[run]
seed = 3
[products]
per_category = 1
[design]
protocol = "tests.protocols.sealed_bid:PROTOCOL"
[[sellers]]
id = "shop"
{seller}
[[sellers]]
id = "other"
{seller}
[[buyers]]
id = "ann"
{buyer}
"""
PERSON = 'agent = "person"'
TEXTS = {"retail": RETAIL, "csales": CSALES, "sealed-bid": SEALED_BID}


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXTS)
def test_bots_take_every_seat_of_every_protocol(name: str, tmp_path: Path) -> None:
    """Also of one that says nothing of people: its forms follow from its types."""
    text = TEXTS[name].format(seller=PERSON, buyer=PERSON)
    for folder in ("one", "same", "other"):
        (tmp_path / folder).mkdir()
        desk = Desk()
        Bot(desk, seed=2 if folder == "other" else 1).attend()
        assert play(tmp_path / folder, text, desk).finished
    run = tmp_path / "one" / "run"
    assert not events_of(run, "EpisodeFailed") and events_of(run, "EpisodeClosed")
    assert {(one["seller_kind"], one["buyer_kind"]) for one in events_of(run, "EpisodeOpened")} <= {
        ("person", "person"),
        (None, "person"),  # of several sellers none is named at first
    }
    assert len(outside_lines(run)) >= 12
    assert event_lines(run) == event_lines(tmp_path / "same" / "run")
    assert event_lines(run) != event_lines(tmp_path / "other" / "run")
    verified = sim("verify", run)
    assert verified.exit_code == 0, verified.stderr


def test_a_bot_answers_its_own_seat_alone(tmp_path: Path) -> None:
    desk = Desk()
    Bot(desk, seed=1, seat="buyer:ann").attend()
    asked: list[str] = []

    def watch() -> None:
        asked.extend(question.seat for question in desk.questions())
        if asked:
            desk.close()

    desk.listen(watch)
    outcome = play(tmp_path, RETAIL.format(seller=PERSON, buyer=PERSON), desk)
    assert not outcome.finished and set(asked) == {"seller:shop"}


OWN_WORDS = f"""
from msgspec.structs import replace
from retailsim import protocol_kit as kit
from tests.protocols.sealed_bid import PROTOCOL as PLAIN
from tests.protocols.sealed_bid import ChooseBid

{block("kit.PersonSide(")}
PROTOCOL = replace(PLAIN, agents=replace(PLAIN.agents, people=people))
"""
"""As docs/people.md has it."""


def test_a_protocol_of_ones_own_says_how_people_are_asked(tmp_path: Path) -> None:
    (tmp_path / "bids_by_people.py").write_text(OWN_WORDS)
    text = SEALED_BID.replace("tests.protocols.sealed_bid", "bids_by_people")
    attended = Attended(lambda question: {"bid": question.fields[0].options[1].value})
    play(tmp_path, text.format(seller="", buyer=PERSON), attended)
    run = tmp_path / "run"
    assert {one.asks for one in attended.asked} == {"Which bid do you take?"}
    assert [one["seller"] for one in events_of(run, "BidTaken")] == ["shop"] * 4
