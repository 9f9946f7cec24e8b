"""What comes of silence: deadlines in virtual time, and what goes on without the person."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from retailsim.agents.person.desk import Question
from retailsim.agents.retail.people.side import PEOPLE
from retailsim.analysis.replay.replay import replay
from retailsim.market.protocols.retail.requests import Decide
from retailsim.sim.errors import BadScenario
from retailsim.sim.people.twin import beside_twins
from tests.people import csales_words, retail_words
from tests.people.played import (
    CSALES,
    RETAIL,
    Answers,
    Attended,
    play,
    play_in_virtual_time,
    text_of,
)
from tests.sim.runs import event_lines, events_of, launched, outside_lines, scenario, sim

WORDS: dict[str, Answers] = {
    "retail/buyer": retail_words.buyers,
    "retail/seller": retail_words.sellers,
    "csales/buyer": csales_words.buyers,
    "csales/seller": csales_words.sellers,
}
TEXTS = {"retail": RETAIL, "csales": CSALES}


def silent_from(words: Answers, request: str) -> Answers:
    """Answers up to the first request of this kind in each market."""
    gone: set[str] = set()

    def answers(question: Question) -> Any:
        if question.request == request or question.market in gone:
            gone.add(question.market)
            return None
        return words(question)

    return answers


def steps(run: Path) -> list[dict[str, Any]]:
    found = []
    for line in outside_lines(run):
        record = json.loads(line)
        step = json.loads(record["answer"])
        found.append({**step, "market": record["market"], "asked": record["key"].split()[0]})
    return found


def verified(run: Path) -> None:
    result = sim("verify", run)
    assert result.exit_code == 0, result.stderr


def plain(run: Path) -> list[dict[str, Any]]:
    """The events without what took the seats."""
    events = [json.loads(line) for line in event_lines(run)]
    return [{k: v for k, v in event.items() if not k.endswith("_kind")} for event in events]


@pytest.mark.slow
@pytest.mark.parametrize("place", WORDS)
def test_a_behavioral_agent_that_takes_over_at_once_plays_as_if_alone(
    place: str, tmp_path: Path
) -> None:
    """The same draws and parameters, so the same events; and each step it answers is marked."""
    protocol, role = place.split("/")
    options = 'when_gone = "hand over", deadline_s = 1'
    text = TEXTS[protocol].format(
        **{"buyer": "", "seller": "", role: f'agent = "person"\noptions = {{ {options} }}'}
    )
    own = '[behavioral]\nparameters = "field"\n' if protocol == "retail" else ""
    attended = Attended(lambda question: None)
    run, seconds = play_in_virtual_time(tmp_path, text + own, attended)
    alone = tmp_path / "alone"
    launched(alone, scenario(tmp_path, TEXTS[protocol].format(buyer="", seller="") + own))
    assert plain(run) == plain(alone)
    found = steps(run)
    assert {step["gone"] for step in found} == {"hand over"}
    waited = [step["after_s"] for step in found if "after_s" in step]
    assert len(waited) == len(attended.asked) == len({step["market"] for step in found})
    assert set(waited) == {1.0} and sum(waited) <= seconds
    verified(run)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "request_"),
    [
        ("retail/buyer", "Decide"),
        ("retail/buyer", "WriteReview"),
        ("retail/seller", "AnswerBuyer"),
        ("retail/seller", "GiveSupport"),
        ("csales/buyer", "RespondToSeller"),
        ("csales/seller", "SpeakTurn"),
    ],
)
def test_a_behavioral_agent_goes_on_where_a_person_stopped(
    place: str, request_: str, tmp_path: Path
) -> None:
    protocol, role = place.split("/")
    seat = 'agent = "person"\noptions = { when_gone = "hand over", deadline_s = 1 }'
    text = TEXTS[protocol].format(**{"buyer": "", "seller": "", role: seat})
    attended = Attended(silent_from(WORDS[place], request_))
    run, _ = play_in_virtual_time(tmp_path, text, attended)
    assert not events_of(run, "EpisodeFailed")
    by_market: dict[str, list[str]] = {}
    for step in steps(run):
        by_market.setdefault(step["market"], []).append(step.get("gone", "answered"))
    left = [kinds for kinds in by_market.values() if "hand over" in kinds]
    assert left and all(kinds == sorted(kinds) for kinds in by_market.values())
    verified(run)


def test_who_leaves_does_not_buy_and_is_waited_for_no_more(tmp_path: Path) -> None:
    attended = Attended(silent_from(retail_words.buyers, "AskSeller"))
    text = text_of(RETAIL, "buyer", 'when_gone = "leave", deadlines_s = { pre_inquiry = 2 }')
    run, seconds = play_in_virtual_time(tmp_path, text, attended)
    decided = events_of(run, "DecisionMade")
    assert [(one["will_purchase"], one["reason"]) for one in decided] == [
        (False, "The buyer left.")
    ] * 4
    assert not events_of(run, "MessageSent") and not events_of(run, "EpisodeFailed")
    found = [(one["asked"], one.get("gone"), one.get("after_s")) for one in steps(run)]
    assert Counter(found) == {
        ("ChooseTopics", None, None): 4,
        ("AskSeller", "leave", 2.0): 4,
        ("Decide", "leave", None): 4,
    }
    assert {one.gone for one in beside_twins(run, "buyer:ann")} == {"leave"}
    assert seconds > 7.9
    verified(run)


REVIEWS = {"pitch", "pre_inquiry", "post_inquiry", "product"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "request_", "left_out"),
    [
        ("retail/buyer", "ChooseTopics", REVIEWS),
        ("retail/buyer", "Complain", REVIEWS),
        ("retail/buyer", "WriteReview", REVIEWS),
        ("csales/buyer", "OpenConversation", set()),
        ("csales/buyer", "RespondToSeller", set()),
    ],
)
def test_a_buyer_may_leave_at_every_step(
    place: str, request_: str, left_out: set[str], tmp_path: Path
) -> None:
    """Each episode comes to its end, with what it had come to; and the end is in every measure."""
    protocol = place.split("/")[0]
    options = 'when_gone = "leave", deadline_s = 1'
    text = text_of(TEXTS[protocol], "buyer", options)
    attended = Attended(silent_from(WORDS[place], request_))
    run, _ = play_in_virtual_time(tmp_path, text, attended)
    assert not events_of(run, "EpisodeFailed")
    ended = {one["episode"] for one in events_of(run, "EpisodeClosed")}
    assert ended == {one["episode"] for one in events_of(run, "EpisodeOpened")}
    assert not left_out & {one["aspect"] for one in events_of(run, "ReviewPosted")}
    assert bool(events_of(run, "OrderPlaced")) == (request_ in ("Complain", "WriteReview"))
    assert {one.get("gone") for one in steps(run)} <= {None, "leave"}
    waited = [step for step in steps(run) if "after_s" in step]
    assert len(waited) == len({step["market"] for step in waited}) > 0
    if request_ == "OpenConversation":
        assert not events_of(run, "MessageSent") and len(events_of(run, "BuyerLeft")) == len(ended)
    measured = replay(run).overall
    assert measured.conversion_rate is not None
    assert (measured.average_rating is None) == bool(left_out or protocol == "csales")
    assert {one.outcome.status for one in beside_twins(run, "buyer:ann")} == {"closed"}
    verified(run)


@pytest.mark.slow
def test_who_leaves_between_two_reviews_has_written_the_first(tmp_path: Path) -> None:
    seen: set[str] = set()

    def answers(question: Question) -> Any:
        again = question.request == "WriteReview" and question.market in seen
        seen.update({question.market} if question.request == "WriteReview" else ())
        return None if again else retail_words.buyers(question)

    text = text_of(RETAIL, "buyer", 'when_gone = "leave", deadline_s = 1')
    run, _ = play_in_virtual_time(tmp_path, text, Attended(answers))
    reviews = events_of(run, "ReviewPosted")
    assert {one["aspect"] for one in reviews} == {"pitch"} and len(reviews) == 4
    assert events_of(run, "RefundIssued") and len(events_of(run, "EpisodeClosed")) == 4
    verified(run)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "request_", "stage"),
    [
        ("retail/buyer", "Decide", "decision"),
        ("retail/seller", "AnswerBuyer", "pre_inquiry"),
        ("csales/buyer", "OpenConversation", "opening"),
    ],
)
def test_an_episode_fails_where_nobody_goes_on(
    place: str, request_: str, stage: str, tmp_path: Path
) -> None:
    protocol, role = place.split("/")
    text = text_of(TEXTS[protocol], "buyer" if role == "buyer" else "seller", "deadline_s = 1")
    run, _ = play_in_virtual_time(tmp_path, text, Attended(silent_from(WORDS[place], request_)))
    failed = events_of(run, "EpisodeFailed")
    name = "ann" if role == "buyer" else "shop"
    reason = f"PersonGone: {role}:{name}: gave no answer within 1 s"
    assert {(one["stage"], one["reason"]) for one in failed} == {(stage, reason)}
    assert {one["gone"] for one in steps(run) if "gone" in one} == {"fail"}
    verified(run)


@pytest.mark.slow
def test_where_a_protocol_has_no_way_to_leave_the_episode_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays = msgspec.structs.replace(PEOPLE.steps[Decide], leave=None)
    side = msgspec.structs.replace(PEOPLE, steps={**PEOPLE.steps, Decide: stays})
    monkeypatch.setattr("retailsim.agents.person.agent.side_of", lambda protocol: side)
    text = text_of(RETAIL, "buyer", 'when_gone = "leave", deadline_s = 1')
    attended = Attended(silent_from(retail_words.buyers, "AskSeller"))
    run, _ = play_in_virtual_time(tmp_path, text, attended)
    assert {one["reason"] for one in events_of(run, "EpisodeFailed")} == {
        "PersonGone: buyer:ann: left the seat"
    }
    found = Counter((one["asked"], one.get("gone")) for one in steps(run))
    assert (found["AskSeller", "leave"], found["Decide", "fail"]) == (4, 4)


@pytest.mark.slow
def test_each_step_has_a_usual_deadline_that_the_seat_may_change(tmp_path: Path) -> None:
    usual = {"ChooseTopics": 90, "AskSeller": 90, "Decide": 120, "Complain": 90, "WriteReview": 90}
    for options, expected in (
        ("", usual),
        ("deadlines_s = { decision = 240 }", {**usual, "Decide": 240}),
        (
            "deadline_s = 7, deadlines_s = { review = 8 }",
            dict.fromkeys(usual, 7) | {"WriteReview": 8},
        ),
    ):
        folder = tmp_path / str(len(options))
        folder.mkdir()
        attended = Attended(retail_words.buyers)
        play(folder, text_of(RETAIL, "buyer", options), attended)
        assert {one.request: one.deadline_s for one in attended.asked} == expected


@pytest.mark.slow
def test_a_person_may_get_up(tmp_path: Path) -> None:
    def answers(question: Question) -> Any:
        if question.request == "RespondToSeller":
            attended.desk.leave(question.id)
            return None
        return csales_words.buyers(question)

    attended = Attended(answers)
    text = text_of(CSALES, "buyer", 'when_gone = "leave"')
    run, seconds = play_in_virtual_time(tmp_path, text, attended)
    assert {one["how"] for one in events_of(run, "BuyerLeft")} == {"leave"}
    assert seconds < 90
    assert all("after_s" not in step for step in steps(run))
    verified(run)


@pytest.mark.parametrize(
    ("role", "options", "told"),
    [
        ("seller", 'when_gone = "leave"', r"a seller cannot leave in the protocol retail; write"),
        ("buyer", "deadlines_s = { decisoin = 3 }", r"a buyer has no step 'decisoin'; steps: topi"),
        ("buyer", "deadline_s = 0", r"options of buyer:ann: Expected `float` > 0.0"),
        ("buyer", "deadline = 3", r"options of buyer:ann: .*unknown field `deadline`"),
        ("buyer", 'when_gone = "hand over", stand_in = { x = 1 }', r"options of buyer:ann: .*x"),
    ],
)
def test_options_that_cannot_work_are_one_line(
    role: Any, options: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(BadScenario, match=told) as refused:
        play_in_virtual_time(tmp_path, text_of(RETAIL, role, options), Attended(lambda _: None))
    assert "\n" not in str(refused.value)
