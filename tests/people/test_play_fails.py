"""What the page and the terminal say where a run cannot go on, and how it goes on then."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from retailsim.agents.person.desk import Desk
from retailsim.events.log import shard
from retailsim.sim.errors import ModelsStopped
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.people import twin
from retailsim.sim.play_page import ending as page_ending
from retailsim.sim.play_page import serve as serving_page
from retailsim.sim.play_page.errors import TrustsNothing
from retailsim.sim.play_page.table import Table, new_table, table_again, table_for
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.terminal import Quiet, Terminal
from tests.people import retail_words
from tests.people.played import RETAIL
from tests.people.sat_down import LONG_S, Chair, again, at, new
from tests.sim.execution.test_disk_full import Disk
from tests.sim.modelserver import by_rote, serving
from tests.sim.runs import events_of, sim

PLAIN = RETAIL.format(seller="", buyer="")
PAID = """
[design]
broadcast = "episode"
[products]
per_category = 1
[[sellers]]
id = "shop"
agent = "model"
model = "m"
[[buyers]]
id = "ann"
[models.m]
provider = "openai-compatible"
model = "m"
base_url = "{url}"
[models.m.price]
input = 1.0
output = 2.0
"""


async def over(chair: Chair) -> str:
    """The page once the run is over."""
    while not chair.sitting.over:
        await chair.sitting.other_than(chair.sitting.state, LONG_S)
    return await chair.page()


@pytest.mark.slow
def test_a_full_disk_is_said_and_the_run_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, later = Desk(), Desk()
    table = new(tmp_path, PLAIN, "buyer", desk)

    async def play(chair: Chair) -> None:
        await chair.sitting.settled(LONG_S)
        question = chair.sitting.question
        assert question is not None
        monkeypatch.setattr(shard, "write_all", Disk(0).write_all)
        status, _ = await chair.fill_in(question, {"topics": ["shipping"]})
        assert status == 409, "what was not kept is not said to be"
        page = await over(chair)
        monkeypatch.undo()
        assert "This run cannot go on" in page and "No space left on device" in page
        assert f"play {tmp_path / 'run'}</code>" in page
        assert chair.sitting.status == 3

    at(table, desk, play)

    async def go_on(chair: Chair) -> None:
        await chair.play(retail_words.buyers)
        assert "That was all" in await chair.page()

    at(again(tmp_path / "run", later), later, go_on)
    assert sim("verify", tmp_path / "run").exit_code == 0


@pytest.mark.slow
def test_a_budget_that_is_used_up_says_what_to_type_and_with_more_it_goes_on(
    tmp_path: Path,
) -> None:
    advised: list[float] = []

    async def stopped(chair: Chair) -> None:
        page = await over(chair)
        assert "This run cannot go on" in page and " resume " not in page
        [command] = re.findall(rf"play {tmp_path}/run --budget ([0-9.]+)", page)
        advised.append(float(command))

    async def go_on(chair: Chair) -> None:
        await chair.sitting.settled(LONG_S)
        question = chair.sitting.question
        assert question is not None and question.seen.said, "the model has spoken"
        while question is not None:
            await chair.post("/leave", {"question": question.id})
            await chair.sitting.settled(LONG_S)
            question = chair.sitting.question
        page = await chair.page()
        assert "There is no simulated buyer beside you" in page
        assert "<th" in page and "Simulated buyer" not in page

    with serving(by_rote) as server:
        path, run = tmp_path / "paid.toml", tmp_path / "run"
        path.write_text(PAID.format(url=server.url))
        desk, later = Desk(), Desk()
        options = Options(scenario=str(path), out=run, budget=0.001)
        at(new_table(options, "buyer", desk, Quiet()), desk, stopped)
        assert not server.bodies
        at(table_again(run, later, {"budget": advised[0]}), later, go_on)
        assert server.bodies and RunFolder(run).read().budget == advised[0]


@pytest.mark.slow
def test_an_agent_that_breaks_ends_its_conversation_and_the_page_says_why(tmp_path: Path) -> None:
    (tmp_path / "breaking.py").write_text(
        "from retailsim.agents.retail.behavioral.seller import BehavioralSeller\n\n\n"
        "class Breaking(BehavioralSeller):\n    trusted = False\n\n"
        "    async def answer(self, request):\n        raise ValueError('no idea')\n"
    )
    text = RETAIL.format(seller='agent = "breaking:Breaking"', buyer="")
    desk = Desk(gated=True)

    async def play(chair: Chair) -> None:
        await chair.play(retail_words.buyers)
        page = await chair.page()
        assert "<dd><bdi>broken off</bdi></dd>" in page and "ValueError: no idea" in page
        await chair.post("/next", {"market": chair.sitting.unread})
        assert "Conversation 2 of 4" in await chair.page()

    at(new(tmp_path, text, "buyer", desk), desk, play)
    assert [one["stage"] for one in events_of(tmp_path / "run", "EpisodeFailed")] == ["pre_inquiry"]


def test_the_program_says_it_too_and_ends_as_other_commands_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(gated=True)
    table = new(tmp_path, PLAIN, "buyer", desk)

    def refuse(*_: object) -> None:
        raise ModelsStopped("the provider is down; everything so far is kept")

    monkeypatch.setattr(serving_page, "SEEN_WITHIN_S", 0.0)
    broken = Table(run=table.run, role=table.role, seat=table.seat, play=refuse)
    assert serving_page.serve(broken, desk, Terminal(), port=None) == 3
    said = capsys.readouterr().err
    assert "error: the provider is down; everything so far is kept\n" in said
    assert f"play {tmp_path / 'run'}" in said and "Traceback" not in said


@pytest.mark.slow
def test_the_twins_are_played_once_however_often_the_last_page_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Path] = []

    def counted(run: Path, seat: str, *, trust: bool = False) -> list[twin.BesideTwin]:
        calls.append(run)
        return twin.beside_twins(run, seat, trust=trust)

    monkeypatch.setattr(page_ending, "beside_twins", counted)
    desk = Desk()

    async def play(chair: Chair) -> None:
        await chair.play(retail_words.buyers)
        pages = {await chair.page() for _ in range(3)}
        assert len(pages) == 1 and "Simulated buyer" in pages.pop()

    at(new(tmp_path, PLAIN, "buyer", desk), desk, play)
    assert calls == [tmp_path / "run"]


OWN = '''
from retailsim.agents.retail.behavioral.seller import BehavioralSeller
open({trace!r}, "a").close()

class Mine(BehavioralSeller):
    """Sells as it likes."""
'''


@pytest.mark.slow
def test_the_code_of_a_strangers_run_is_run_with_trust_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "it ran"
    (tmp_path / "own_code.py").write_text(OWN.format(trace=str(trace)))
    text = RETAIL.format(seller='agent = "own_code:Mine"', buyer="")
    desk, later = Desk(), Desk()

    async def begin(chair: Chair) -> None:
        await chair.play(retail_words.buyers, most=2)

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "mine"))
    at(new(tmp_path, text, "buyer", desk), desk, begin)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "theirs"))
    trace.unlink()
    for name in [one for one in sys.modules if one.endswith("own_code")]:
        del sys.modules[name]  # as in another program
    run, flags = str(tmp_path / "run"), {"role": None, "verbose": False}
    refused = sim("play", run)
    assert refused.exit_code == 2 and refused.stderr.count("\n") == 1
    assert "run cannot be played: it was not launched on this machine" in refused.stderr
    assert "--trust" in refused.stderr and not trace.exists()

    async def go_on(chair: Chair) -> None:
        await chair.play(retail_words.buyers)
        assert "Simulated buyer" in await chair.page(), "the twins are its code's partners, too"

    at(table_for(run, {**flags, "trust": True}, later, Quiet()), later, go_on)
    assert trace.exists()
    assert len(events_of(tmp_path / "run", "EpisodeClosed")) == 4
    with pytest.raises(TrustsNothing, match="play RUN --trust"):
        table_for(None, {**flags, "trust": True}, Desk(), Quiet())
