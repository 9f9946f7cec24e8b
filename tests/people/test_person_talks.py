"""A person in a sales conversation, on either side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from retailsim.agents.person.desk import Question
from retailsim.agents.person.errors import BadAnswer
from retailsim.events.messages import Role
from tests.people import csales_words
from tests.people.played import CSALES, Answers, Attended, play, text_of
from tests.sim.runs import events_of, outside_lines, sim


def verified(run: Path) -> None:
    result = sim("verify", run)
    assert result.exit_code == 0, result.stderr


def test_a_person_chooses_and_buys(tmp_path: Path) -> None:
    attended = Attended(csales_words.buyers)
    assert play(tmp_path, text_of(CSALES, "buyer"), attended).finished
    run = tmp_path / "run"
    orders = events_of(run, "OrderPlaced")
    selected = events_of(run, "ItemSelected")
    assert orders and [one["product"] for one in orders] == [one["product"] for one in selected]
    assert {one["buyer_kind"] for one in events_of(run, "EpisodeOpened")} == {"person"}
    assert not events_of(run, "CommandRejected")
    seen = [sheet for one in attended.asked for sheet in one.seen.sheets]
    assert {sheet.note for sheet in seen} >= {"new", "your choice"}
    assert len(outside_lines(run)) == len(attended.asked)
    verified(run)


@pytest.mark.slow
def test_a_person_searches_suggests_and_persuades(tmp_path: Path) -> None:
    attended = Attended(csales_words.sellers)
    assert play(tmp_path, text_of(CSALES, "seller"), attended).finished
    run = tmp_path / "run"
    acts = {one["action"] for one in events_of(run, "ActionChosen")}
    assert acts >= {"Category Search", "Suggestion"}
    assert events_of(run, "ItemsShown") and not events_of(run, "CommandRejected")
    assert {one["seller_kind"] for one in events_of(run, "EpisodeOpened")} == {"person"}
    inferred = events_of(run, "ProfileInferred")
    assert {one["preference"] for one in inferred} == {"", "a present"}
    verified(run)


@pytest.mark.slow
def test_what_one_side_knows_is_not_shown_to_the_other(tmp_path: Path) -> None:
    """A seller is told neither needs nor style, a buyer neither costs nor what is made of it."""
    sides: list[tuple[Role, Answers, set[str]]] = [
        ("seller", csales_words.sellers, {"What you need", "How the buyer decides"}),
        ("buyer", csales_words.buyers, {"What the buyer looks for", "Where you look"}),
    ]
    for role, words, hidden in sides:
        (tmp_path / role).mkdir()
        attended = Attended(words)
        play(tmp_path / role, text_of(CSALES, role), attended)
        labels = {fact.label for one in attended.asked for fact in one.seen.facts}
        assert labels and not labels & hidden
        costs = [
            sheet.product.unit_cost_cents for one in attended.asked for sheet in one.seen.sheets
        ]
        assert any(costs) is (role == "seller")


@pytest.mark.slow
def test_what_the_step_does_not_offer_is_refused(tmp_path: Path) -> None:
    told: set[str] = set()

    def impatient(question: Question) -> Any:
        if csales_words.named(question, "act"):
            with pytest.raises(BadAnswer) as refused:
                attended.desk.answer(question.id, {"text": "Mine.", "act": "buy", "buy": "X"})
            told.add(str(refused.value).partition(":")[0])
        return csales_words.buyers(question)

    attended = Attended(impatient)
    assert play(tmp_path, text_of(CSALES, "buyer"), attended).finished
    assert told == {"What you do", "What you buy"}
