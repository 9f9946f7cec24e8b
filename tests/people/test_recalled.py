"""What was answered before a restart is known while the partner thinks, and forgotten then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retailsim.agents.person.desk import Desk, Question
from retailsim.sim.execution.runner import RunControl
from retailsim.sim.play_page.serve import sitting_at
from retailsim.sim.run.resume import go_on
from retailsim.sim.terminal.terminal import Quiet
from tests.people import retail_words
from tests.people.played import RETAIL, Attended, play, text_of
from tests.people.sat_down import again
from tests.sim.runs import sim

SEAT = "buyer:ann"


def test_a_page_shows_what_was_answered_before_until_something_is_asked(tmp_path: Path) -> None:
    first = Attended(retail_words.buyers, most=2)
    play(tmp_path, text_of(RETAIL, "buyer"), first)
    later = Desk()
    sitting = sitting_at(again(tmp_path / "run", later), later)
    assert sitting.state == "after-none" and later.recalled(SEAT) is None
    for question, value, said in (
        (first.asked[0], {"topics": ["shipping"], "text": "none"}, ""),
        (first.asked[1], "And the price?", "And the price?"),
        (first.asked[1], {"text": "And the size?"}, "And the size?"),
        (first.asked[1], None, ""),
    ):
        later.recall(question, value)
        assert sitting.state == f"after-{question.id}"
        assert (sitting.latest, sitting.said) == (question, said)
    later.market_over(SEAT, first.asked[1].market)
    assert later.recalled(SEAT) is None


def test_a_run_that_goes_on_recalls_what_it_has_and_asks_what_is_open(tmp_path: Path) -> None:
    first = Attended(retail_words.buyers, most=3)
    play(tmp_path, text_of(RETAIL, "buyer"), first)
    known: list[tuple[Question, Any]] = []

    class Notes(Desk):
        def recall(self, question: Question, value: Any) -> None:
            super().recall(question, value)
            known.append((question, value))

    def answers(question: Question) -> Any:
        assert desk.recalled(SEAT) is None, "something is asked"
        return retail_words.buyers(question)

    desk = Notes()
    rest = Attended(answers, desk=desk)
    assert go_on(tmp_path / "run", Quiet(), desk=desk, control=RunControl()) is not None
    assert not rest.errors
    assert [question for question, _ in known] == first.asked[:3]
    assert rest.asked[0] == first.asked[3]
    assert sim("verify", tmp_path / "run").exit_code == 0
