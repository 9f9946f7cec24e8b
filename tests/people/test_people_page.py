"""The Python of docs/people.md works as it stands there."""

from __future__ import annotations

import ast
import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from retailsim.agents.person.desk import Desk, Question
from retailsim.sim.execution.runner import RunControl
from retailsim.sim.run.launch import make, play_prepared, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.terminal import Quiet
from tests.people import retail_words
from tests.people.page_code import block
from tests.people.played import RETAIL, Attended, play, text_of
from tests.sim.runs import scenario
from tests.waiting import until


class Names(dict[str, Any]):
    """What the page's calls are about; the other question is the next one that is open."""

    def __missing__(self, name: str) -> Question:
        if name != "other":
            raise KeyError(name)
        desk: Desk = self["desk"]
        until(lambda: bool(desk.questions("buyer:ann")))
        return desk.questions("buyer:ann")[0]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_twins_of_a_seat_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(tmp_path, text_of(RETAIL, "buyer"), Attended(retail_words.buyers))
    (tmp_path / "runs").mkdir()
    (tmp_path / "run").rename(tmp_path / "runs" / "mine")
    exec(block("beside_twins("), {"Path": Path})
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 4  # one episode a product
    assert all(line.startswith("True ") for line in printed)
    assert {line.split()[2] for line in printed} <= {"True", "False"}


def test_a_server_answers_at_the_desk_and_ends_the_session(tmp_path: Path) -> None:
    """The desk's calls in a thread of their own, at the first decision; the run in the server's."""
    scenario(tmp_path, text_of(RETAIL, "buyer"), "people.toml")
    desk, decided = Desk(), list[Question]()

    def look() -> None:
        pass

    def answer() -> None:
        while not decided:
            until(lambda: bool(desk.questions()))
            for question in desk.questions():
                if question.request == "Decide":
                    decided.append(question)
                    calls = block("desk = Desk()").replace("desk = Desk()\n", "")
                    exec(calls, {}, Names(desk=desk, look=look, question=question))
                else:
                    desk.answer(question.id, retail_words.buyers(question)).result()

    async def served() -> dict[str, Any]:
        names: dict[str, Any] = {
            "desk": desk,
            "look": look,
            "loop": asyncio.get_running_loop(),
            "asyncio": asyncio,
            "Options": Options,
            "Quiet": Quiet,
            "RunControl": RunControl,
            "make": make,
            "prepare": prepare,
            "play_prepared": play_prepared,
        }
        answering = pool.submit(answer)
        answering.add_done_callback(lambda _: desk.close())  # whatever became of it
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        await eval(compile(block("asyncio.to_thread("), "people.md", "exec", flags=flags), names)
        answering.result()
        return names

    with ThreadPoolExecutor(1) as pool:
        outcome = asyncio.run(served())["outcome"]
    assert decided and not outcome.finished
