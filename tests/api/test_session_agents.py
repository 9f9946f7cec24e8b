"""Agent classes that only this session has: of a notebook's cell, a script, a function."""

from __future__ import annotations

import linecache
import subprocess
import sys
import tomllib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import retailsim
from retailsim.sim.errors import SessionAgents, SessionAgentsAlone
from tests.api.seats import Terse
from tests.sim.runs import ROOT, sim

SMALL = {"products.per_category": 1}

WHY = (
    "the class {} was defined in a notebook or script, and only that session had the code; "
    "put it into a file and name it module:Class in a new run"
)


def local_class() -> type[Terse]:
    class Local(Terse):
        """Stands in a function, where nothing can import it."""

        async def answer(self, request: retailsim.AnswerBuyer) -> str:
            return "Maybe."

    return Local


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> retailsim.Run:
    return retailsim.run(
        settings=SMALL, sellers=local_class(), out=tmp_path_factory.mktemp("session") / "run"
    )


NAME = f"{__name__}:local_class.<locals>.Local"


def test_the_class_plays(run: retailsim.Run) -> None:
    assert run.finished and run.measures()["sellers"][0]["seller"] == "Local"
    answers = [text for text in run.events()["payload"] if '"Maybe."' in text]
    assert answers


def test_its_source_is_an_input_of_the_run(run: retailsim.Run) -> None:
    said = tomllib.loads((run.path / "run.toml").read_text())
    assert said["session_agents"] == {NAME: "session/0-Local.py"}
    source = (run.path / "inputs" / "session" / "0-Local.py").read_bytes()
    assert source.startswith(b"class Local(Terse):") and source.endswith(b'return "Maybe."\n')
    assert said["inputs"]["session/0-Local.py"] == sha256(source).hexdigest()
    assert said["plugins"] == {}
    assert not (run.path / "inputs" / "plugins").exists()


def test_a_run_without_such_a_class_says_nothing_of_it(tmp_path: Path) -> None:
    made = retailsim.run(settings=SMALL, sellers="behavioral", out=tmp_path / "run")
    assert "session" not in (made.path / "run.toml").read_text()


@pytest.mark.parametrize(
    ("again", "what"),
    [(retailsim.Run.resume, "resumed"), (retailsim.Run.verify, "played again")],
)
def test_nobody_plays_it_again(
    run: retailsim.Run, again: Callable[[retailsim.Run], object], what: str
) -> None:
    with pytest.raises(SessionAgents) as caught:
        again(run)
    why = WHY.format("local_class.<locals>.Local")
    assert str(caught.value) == f"{run.path} cannot be {what}: {why}"


@pytest.mark.parametrize(("command", "what"), [("resume", "resumed"), ("verify", "played again")])
def test_nor_does_the_command_line(run: retailsim.Run, command: str, what: str) -> None:
    result = sim(command, run.path)
    assert result.exit_code == 2
    why = WHY.format("local_class.<locals>.Local")
    assert result.stderr == f"error: {run.path} cannot be {what}: {why}\n"


def test_a_damaged_log_is_told_first(run: retailsim.Run, tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to(run.path)
    assert sim("replay", run.path).exit_code == 0
    assert "the hash chain is intact" in sim("verify", tmp_path / "run").stdout


def test_several_processes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SessionAgentsAlone) as caught:
        retailsim.run(settings=SMALL, sellers=local_class(), workers=2, out=tmp_path / "run")
    assert str(caught.value) == (
        "workers = 2: the class local_class.<locals>.Local was defined in a notebook or script, "
        "so only one process can play it; use one worker, or put the code into a file and name "
        "it module:Class"
    )
    assert not (tmp_path / "run").exists()


def test_two_classes_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(retailsim.RetailSimError, match=r"two classes are called .*: rename one"):
        retailsim.run(sellers=[local_class(), local_class()], out=tmp_path / "run")


def test_an_incomplete_class_is_refused(tmp_path: Path) -> None:
    class Half(retailsim.SellerAgent):
        pass

    with pytest.raises(retailsim.RetailSimError, match=r"sellers.Half: .*lacks answer, pitch"):
        retailsim.run(sellers=Half, out=tmp_path / "run")


CELL = """
from tests.api.seats import Terse

class Base(Terse):
    async def answer(self, request):
        return "No."

class Greedy(Base):
    async def support(self, request):
        return await super().support(request)
"""


def test_a_cell_of_a_notebook_is_recorded(tmp_path: Path) -> None:
    """A cell is no file, but its lines are kept; bases that the session has come with it."""
    cell = "<ipython-input-1-abc>"
    linecache.cache[cell] = (len(CELL), None, CELL.splitlines(keepends=True), cell)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(CELL, cell, "exec"), names)
    made = retailsim.run(settings=SMALL, sellers=names["Greedy"], out=tmp_path / "run")
    (file,) = (made.path / "inputs" / "session").iterdir()
    base, greedy = CELL.split("\n\n")[1:]
    assert file.name == "0-Greedy.py"
    assert file.read_text() == f"{base}\n\n\n{greedy}"
    assert made.scenario.sellers[0].agent == "__main__:Greedy"


def test_a_source_that_nobody_kept_is_said_to_be_missing(tmp_path: Path) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(CELL, "<string>", "exec"), names)
    made = retailsim.run(settings=SMALL, sellers=names["Base"], out=tmp_path / "run")
    (file,) = (made.path / "inputs" / "session").iterdir()
    assert file.read_text() == "# the source of Base was not kept\n"


SCRIPT = """
import sys
import retailsim
from tests.api.seats import Terse

class Greedy(Terse):
    async def answer(self, request):
        return "Buy!"

run = retailsim.run(settings={"products.per_category": 1}, sellers=[Greedy], out=sys.argv[1])
print(run.measures()["episodes"]["closed"])
try:
    run.verify()
except retailsim.RetailSimError as error:
    print(type(error).__name__)
"""


@pytest.mark.slow
def test_a_class_of_a_script_plays(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "run")],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("20\nSessionAgents\n", "")
    source = (tmp_path / "run" / "inputs" / "session" / "0-Greedy.py").read_text()
    assert source.startswith("class Greedy(Terse):")


@pytest.mark.slow
def test_an_agent_that_blocks_is_a_note(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """In the main thread it is interrupted, as on the command line; nothing is printed."""

    class Stuck(Terse):
        async def pitch(self, request: retailsim.PresentPitch) -> retailsim.Pitch:
            while True:
                pass

    made = retailsim.run(
        settings={"products.ids": [some_product(tmp_path)], "run.block_timeout_s": 0.1},
        sellers=Stuck,
        buyers="behavioral",
        out=tmp_path / "run",
    )
    assert made.measures()["episodes"]["failed"] == 1
    assert any(note.startswith("warning: seller:Stuck has not returned") for note in made.notes)
    assert capfd.readouterr() == ("", "")


def some_product(folder: Path) -> str:
    one = retailsim.run(settings=SMALL, sellers="behavioral", out=folder / "other")
    product: str = one.episodes()["product"][0]
    return product
