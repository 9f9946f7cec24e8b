"""A seat that a person takes: asked at a desk, recorded, resumed and verified."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retailsim.agents.person.desk import Question
from retailsim.sim.errors import PeopleAlone, PeopleTogether, PlayedByPeople
from retailsim.sim.execution.job import Job
from retailsim.sim.execution.job import play as play_job
from retailsim.sim.play.stop import Stop
from tests.people import retail_words
from tests.people.played import RETAIL, Attended, play, resumed, text_of
from tests.sim.runs import event_lines, events_of, outside_lines, scenario, sim


def recorded(run: Path) -> list[dict[str, Any]]:
    """What stands in the log of each step."""
    return [json.loads(json.loads(line)["answer"]) for line in outside_lines(run)]


def verified(run: Path) -> None:
    result = sim("verify", run)
    assert result.exit_code == 0, result.stderr


def test_a_person_buys_complains_and_reviews(tmp_path: Path) -> None:
    attended = Attended(retail_words.buyers)
    assert play(tmp_path, text_of(RETAIL, "buyer"), attended).finished
    run = tmp_path / "run"
    opened = events_of(run, "EpisodeOpened")
    kinds = {(one["buyer_kind"], one["seller_kind"]) for one in opened}
    assert (kinds, len(opened)) == ({("person", "behavioral")}, 4)
    decided = events_of(run, "DecisionMade")
    assert [(one["quantity"], one["reason"]) for one in decided] == [(2, "I need it.")] * 4
    said = [one for one in events_of(run, "MessageSent") if one["role"] == "buyer"]
    assert [one["text"] for one in said] == ["What does it cost?", "My money back, please."] * 4
    assert len(events_of(run, "RefundIssued")) >= 1
    assert {one["rating"] for one in events_of(run, "ReviewPosted")} == {2}
    steps = recorded(run)
    assert len(steps) == len(attended.asked) and all(step["shown_ms"] == 1234 for step in steps)
    assert all(receipt.done() for receipt in attended.receipts)
    verified(run)


def test_a_person_sells_answers_and_refunds(tmp_path: Path) -> None:
    attended = Attended(retail_words.sellers)
    assert play(tmp_path, text_of(RETAIL, "seller"), attended).finished
    run = tmp_path / "run"
    sections = [one["sections"] for one in events_of(run, "PitchPresented")]
    assert all(
        list(one.values()) == ["Good evening.", "This is worth its price.", "Take it."]
        for one in sections
    )
    refunds = events_of(run, "RefundIssued")
    assert refunds and {one["quantity"] for one in refunds} == {1}
    assert {one["seller_kind"] for one in events_of(run, "EpisodeOpened")} == {"person"}
    verified(run)


def markets_of(attended: Attended) -> list[str]:
    return [question.market for question in attended.asked]


def test_one_person_plays_one_market_at_a_time(tmp_path: Path) -> None:
    waiting: list[int] = []

    def count(question: Question) -> Any:
        waiting.append(len(attended.desk.questions()))
        return retail_words.buyers(question)

    attended = Attended(count)
    play(tmp_path, text_of(RETAIL, "buyer"), attended)
    assert set(waiting) == {1}
    markets = markets_of(attended)
    assert len(list(dict.fromkeys(markets))) == 4
    assert attended.desk.played("buyer:ann") == list(dict.fromkeys(markets))
    assert markets == sorted(markets, key=list(dict.fromkeys(markets)).index)  # none interleaved


def test_a_stop_leaves_the_open_question_and_a_resume_asks_only_that(tmp_path: Path) -> None:
    """The person is asked the same question again, and nothing that was answered."""
    first = Attended(retail_words.buyers, most=14)
    assert not play(tmp_path, text_of(RETAIL, "buyer"), first).finished
    run = tmp_path / "run"
    assert len(outside_lines(run)) == 14
    left = first.asked[14]
    second = Attended(retail_words.buyers)
    outcome = resumed(run, second)
    assert outcome is not None and outcome.finished
    assert second.asked[0] == left
    ids = [one.id for one in (*first.asked[:14], *second.asked)]
    assert len(set(ids)) == len(ids) == len(outside_lines(run))
    whole = tmp_path / "whole"
    whole.mkdir()
    play(whole, text_of(RETAIL, "buyer"), Attended(retail_words.buyers))
    assert event_lines(run) == event_lines(whole / "run")
    verified(run)


def test_market_bytes_do_not_depend_on_how_long_a_person_thinks(tmp_path: Path) -> None:
    for name, shown in (("quick", 3), ("slow", 90_000)):
        (tmp_path / name).mkdir()
        attended = Attended(retail_words.buyers, shown_ms=shown)
        play(tmp_path / name, text_of(RETAIL, "buyer"), attended)
    runs = [tmp_path / name / "run" for name in ("quick", "slow")]
    assert event_lines(runs[0]) == event_lines(runs[1])
    assert [{step["shown_ms"] for step in recorded(run)} for run in runs] == [{3}, {90_000}]


def test_a_launch_without_a_page_says_to_play(tmp_path: Path) -> None:
    path = scenario(tmp_path, text_of(RETAIL, "buyer"))
    result = sim("launch", path, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert result.stderr == (
        f"error: {path} cannot be launched here: a person takes buyer:ann; "
        "use `play`, or for a study `study`, which have pages for that\n"
    )
    assert not (tmp_path / "run").exists()
    assert sim("launch", path, "--dry-run").exit_code == 0
    play(tmp_path, text_of(RETAIL, "buyer"), Attended(retail_words.buyers, most=2))
    again = sim("resume", tmp_path / "run")
    assert again.exit_code == 2 and "a person takes buyer:ann; use `play`" in again.stderr


def test_silence_is_not_recorded_where_nobody_was_asked(tmp_path: Path) -> None:
    """Whoever plays a job without a desk is refused before anything is written."""
    play(tmp_path, text_of(RETAIL, "buyer"), Attended(retail_words.buyers, most=0))
    job = Job(run=str(tmp_path / "run"))
    with pytest.raises(PlayedByPeople, match="a person takes buyer:ann"):
        play_job(job, stop=Stop())
    assert not outside_lines(tmp_path / "run")


def test_people_do_not_share_a_market(tmp_path: Path) -> None:
    shared = text_of(RETAIL, "seller").replace('broadcast = "episode"', "")
    shared += '[[buyers]]\nid = "bob"\n'
    with pytest.raises(PeopleTogether, match=r'2 episodes.*set design.broadcast = "episode"'):
        play(tmp_path, shared, Attended(retail_words.sellers))


def test_people_are_asked_by_one_process(tmp_path: Path) -> None:
    text = text_of(RETAIL, "buyer").replace("seed = 3", "seed = 3\nworkers = 2")
    with pytest.raises(PeopleAlone, match=r"run.workers = 2, but people are asked by one process"):
        play(tmp_path, text, Attended(retail_words.buyers))


def test_a_person_is_no_code_to_check() -> None:
    result = sim("agents", "check", "person")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: agent 'person': a person has no code to check; bots try its seat, see "
        "docs/people.md\n"
    )


@pytest.mark.slow
def test_a_study_is_planned_with_behavioral_agents_for_its_people(tmp_path: Path) -> None:
    path = scenario(tmp_path, text_of(RETAIL, "buyer"))
    planned = sim("plan", path, "design.discount=0,0.2", "--difference", "20")
    assert planned.exit_code == 0, planned.stderr
    assert "Behavioral agents stood in for ann." in " ".join(planned.stdout.split())
