"""A page's thread at the desk, and what the log tells of a person's steps."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from retailsim.agents.person.desk import Desk
from retailsim.sim.execution.runner import RunControl
from retailsim.sim.people.steps import person_steps
from retailsim.sim.run.launch import make, play_prepared, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.terminal import Quiet
from tests.people import retail_words
from tests.people.played import RETAIL, Attended, play, text_of
from tests.sim.runs import outside_lines, scenario


def test_a_page_may_answer_from_a_thread_of_its_own(tmp_path: Path) -> None:
    """It hears of questions in the run's thread, answers in its own, and waits for the log."""
    desk, came = Desk(), threading.Semaphore(0)
    desk.listen(came.release)
    kept: list[str] = []

    def page() -> None:
        while True:
            came.acquire()
            for question in desk.questions():
                given = retail_words.buyers(question)
                receipt = desk.answer(question.id, given, shown_ms=5, focus_lost="often")
                receipt.result()
                kept.append(question.id)
            if desk.closed:
                return

    thread = threading.Thread(target=page, daemon=True)
    thread.start()
    assert play(tmp_path, text_of(RETAIL, "buyer"), desk).finished
    thread.join()
    assert len(kept) == len(set(kept)) == len(outside_lines(tmp_path / "run"))


def wake(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    loop.call_soon_threadsafe(event.set)


@pytest.mark.slow
def test_a_server_plays_in_a_thread_and_answers_in_its_loop(tmp_path: Path) -> None:
    """As docs/people.md tells it: the browser is answered once the answer is in the log."""
    path = scenario(tmp_path, text_of(RETAIL, "buyer"))
    desk, kept = Desk(), list[str]()

    async def serve() -> bool:
        loop, came = asyncio.get_running_loop(), asyncio.Event()
        desk.listen(lambda: wake(loop, came))

        async def page() -> None:
            while not desk.closed:
                await came.wait()
                came.clear()
                for question in desk.questions():
                    receipt = desk.answer(question.id, retail_words.buyers(question))
                    await asyncio.wrap_future(receipt)
                    kept.append(question.id)

        prepared = prepare(Options(scenario=str(path), out=tmp_path / "run", desk=desk), Quiet())
        browser = asyncio.create_task(page())
        playing = partial(play_prepared, prepared, make(prepared), Quiet(), RunControl())
        outcome = await asyncio.to_thread(playing)
        await browser
        return outcome.finished

    assert asyncio.run(serve())
    assert len(kept) == len(outside_lines(tmp_path / "run")) > 30


def test_what_became_of_each_step_is_in_the_log(tmp_path: Path) -> None:
    seconds = iter(range(1000))
    attended = Attended(retail_words.buyers, desk=Desk(clock=lambda: float(next(seconds))))
    play(tmp_path, text_of(RETAIL, "buyer"), attended)
    found = list(person_steps(tmp_path / "run"))
    assert Counter(step.request for step in found) == Counter(
        question.request for question in attended.asked
    )
    assert [step.number for step in found[:3]] == [0, 1, 2]
    assert {(step.seat, step.shown_ms, step.gone) for step in found} == {("buyer:ann", 1234, None)}
    assert {step.waited_ms for step in found} == {1000}
    asked = {(question.market, question.number): question.time_us for question in attended.asked}
    assert {(step.market, step.number): step.time_us for step in found} == asked
