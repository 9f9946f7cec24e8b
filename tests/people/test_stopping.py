"""Ctrl-C and kill -9 while a person is asked: nothing is waited for, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from retailsim.agents.person.bot import Bot
from retailsim.agents.person.desk import Desk, Question
from retailsim.agents.person.errors import DeskClosed
from retailsim.sim.execution.job import Job, play_with_telemetry
from retailsim.sim.execution.runner import RunControl
from retailsim.sim.play.engine import IN_FLIGHT
from retailsim.sim.play.progress import Progress
from retailsim.sim.play.stop import Stop
from retailsim.sim.run.launch import make, play_prepared, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.run.resume import go_on
from retailsim.sim.terminal.terminal import Quiet
from tests.people import retail_words
from tests.people.played import RETAIL, Attended, play, resumed, text_of
from tests.sim.runs import ROOT, event_lines, events_of, outside_lines, scenario, sim

DAY = "deadline_s = 86400"


def test_the_first_ctrl_c_drops_the_open_question_at_once(tmp_path: Path) -> None:
    """The question has a day's time; a run that waited for it would not end."""

    def answers(question: Question) -> Any:
        if len(attended.asked) <= 5:
            return retail_words.buyers(question)
        os.kill(os.getpid(), signal.SIGINT)
        return None

    attended = Attended(answers)
    path = scenario(tmp_path, text_of(RETAIL, "buyer", DAY))
    options = Options(scenario=str(path), out=tmp_path / "run", desk=attended.desk)
    prepared = prepare(options, Quiet())
    run = make(prepared)
    outcome = play_prepared(prepared, run, Quiet())  # as the command: signals are taken over
    assert not outcome.finished and outcome.progress.stopped
    assert len(outside_lines(run.path)) == 5 and not event_lines(run.path)
    assert attended.desk.played("buyer:ann") == []
    assert attended.desk.closed and not attended.desk.questions()
    again = Attended(retail_words.buyers)
    finished = resumed(run.path, again)
    assert finished is not None and finished.finished
    assert again.asked[0] == attended.asked[5]
    assert sim("verify", run.path).exit_code == 0


def test_an_answer_that_comes_with_the_stop_is_kept_or_told_lost(tmp_path: Path) -> None:
    """Who answered knows which: the receipt is done once the answer is in the log."""

    def answers(question: Question) -> Any:
        if len(attended.asked) == 4:
            attended.receipts.append(
                attended.desk.answer(question.id, retail_words.buyers(question))
            )
            attended.desk.close()
            return None
        return retail_words.buyers(question)

    attended = Attended(answers)
    play(tmp_path, text_of(RETAIL, "buyer"), attended)
    kept = [receipt for receipt in attended.receipts if receipt.exception() is None]
    lost = [receipt.exception() for receipt in attended.receipts if receipt.exception()]
    assert len(outside_lines(tmp_path / "run")) == len(kept)
    assert all(isinstance(one, DeskClosed) for one in lost)


KILLED = """
import sys
from pathlib import Path
from retailsim.agents.person.desk import Desk
from retailsim.agents.person.bot import filled_by_chance
from retailsim.events.streams import Seed
from tests.people.played import play

def answer():
    for question in desk.questions():
        if question.number == 4:  # the person thinks
            print("thinks", question.id, flush=True)
            continue
        given = filled_by_chance(question, Seed(1).stream("bot 0", question.id))
        receipt = desk.answer(question.id, given)
        receipt.add_done_callback(lambda _, id_=question.id: print("kept", id_, flush=True))

desk = Desk()
desk.listen(answer)
play(Path(sys.argv[1]), sys.argv[2], desk)
"""


@pytest.mark.slow
def test_a_killed_server_loses_no_answer(tmp_path: Path) -> None:
    text = text_of(RETAIL, "buyer", DAY)
    words = [sys.executable, "-c", KILLED, str(tmp_path), text]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        kept: list[str] = []
        for line in child.stdout:
            word, id_ = line.split()
            if word == "thinks":
                break
            kept.append(id_)
        child.kill()
    run = tmp_path / "run"
    assert len(kept) >= 3
    before = [json.loads(line)["key"] for line in outside_lines(run)]
    assert len(before) >= len(kept)
    desk = Desk()
    asked: list[str] = []
    desk.listen(lambda: asked.extend(question.id for question in desk.questions()))
    Bot(desk, seed=1).attend()
    outcome = go_on(run, Quiet(), desk=desk, control=RunControl())
    assert outcome is not None and outcome.finished
    assert asked[0] == id_ and not set(asked) & set(kept)
    assert len(outside_lines(run)) == len(before) + len(dict.fromkeys(asked))
    verified = sim("verify", run)
    assert verified.exit_code == 0, verified.stderr


@pytest.mark.slow
def test_a_market_begins_when_its_seat_is_taken(tmp_path: Path) -> None:
    """More markets wait for people than may be in flight, and who comes is served all the same."""
    names = [f"p{number:02}" for number in range(17)]
    seats = "".join(f'[[buyers]]\nid = "{name}"\nagent = "person"\n' for name in names)
    path = scenario(tmp_path, RETAIL.format(seller="", buyer="") + seats)
    desk = Desk(gated=True)
    Bot(desk, seed=1).attend()
    desk.take(f"buyer:{names[-1]}")
    options = Options(scenario=str(path), out=tmp_path / "run", desk=desk)
    prepared = prepare(options, Quiet())
    run = make(prepared)
    assert sum(1 for _ in prepared.design.markets()) > IN_FLIGHT + 4

    def close_behind(progress: Progress) -> None:
        if progress.markets == 8:  # those of the simulated buyer and of the one who came
            desk.close()

    job = Job(run=str(run.path), desk=desk)
    progress = asyncio.run(play_with_telemetry(job, stop=Stop(), on_progress=close_behind))
    assert progress.stopped
    opened = events_of(run.path, "EpisodeOpened")
    assert {one["buyer"] for one in opened} == {"ann", names[-1]} and len(opened) == 8
    again = Desk(gated=True)
    Bot(again, seed=1).attend()
    for name in names:
        again.take(f"buyer:{name}")
    outcome = go_on(run.path, Quiet(), desk=again, control=RunControl())
    assert outcome is not None and outcome.finished
    assert len(events_of(run.path, "EpisodeClosed")) == 4 * 18


def test_who_comes_for_one_market_is_not_asked_in_the_next(tmp_path: Path) -> None:
    desk = Desk(gated=True)
    path = scenario(tmp_path, text_of(RETAIL, "buyer"))
    prepared = prepare(Options(scenario=str(path), out=tmp_path / "run", desk=desk), Quiet())
    run = make(prepared)
    first, second, *_ = (spec.id for spec in prepared.design.markets())
    Bot(desk, seed=1).attend()
    over: list[list[str]] = []

    def look() -> None:
        played = desk.played("buyer:ann")
        if over and len(played) == 2:
            desk.close()
        elif not over and len(played) == 1:  # a moment for what must not happen: the next one
            over.append(played)
            asyncio.get_running_loop().call_later(0.2, go_on_to_the_second)

    def go_on_to_the_second() -> None:
        over.append(desk.played("buyer:ann"))
        assert not desk.questions()
        desk.take("buyer:ann", 2)

    desk.listen(look)
    desk.take("buyer:ann", 1)
    progress = asyncio.run(play_with_telemetry(Job(run=str(run.path), desk=desk), stop=Stop()))
    assert progress.stopped
    assert over == [[first], [first]]
    assert desk.played("buyer:ann") == [first, second]
