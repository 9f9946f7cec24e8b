"""A plug-in written for 0.1 is told where the modules it imports are now."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from retailsim.agents.errors import BadAgent
from retailsim.agents.registry import resolve
from retailsim.market.core.moved_modules import advice, advice_on, moved_modules
from tests.sim.runs import ROOT, sim

BUYER = "retailsim.agents.retail.behavioral.buyer"


@pytest.mark.parametrize("old", moved_modules())
def test_what_the_table_names_is_there(old: str) -> None:
    module, _, name = old.partition(":")
    new = import_module(moved_modules()[old])
    assert module.partition(".")[0] in {"agents", "events", "market"}
    assert not name or hasattr(new, name)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "from agents.behavioral.buyer import BehavioralBuyer",
            f"agents.behavioral.buyer is now {BUYER}: write `from {BUYER} import ...`",
        ),
        (
            "from agents.base import (\n    Seat,\n    BuyerAgent,\n)",
            "agents.base is now retailsim.agents.base and retailsim.agents.retail.base:"
            " write `from retailsim.agents.base import ...`",
        ),
        (
            "import events.messages",
            "events.messages is now retailsim.events.messages:"
            " write `from retailsim.events.messages import ...`",
        ),
        (
            "from agents import base",
            "agents.base is now retailsim.agents.base:"
            " write `from retailsim.agents.base import ...`",
        ),
    ],
)
def test_a_plugin_for_the_first_version_gets_one_line(
    tmp_path: Path, written: str, said: str
) -> None:
    (tmp_path / "my.py").write_text(f"\n{written}\n")
    with pytest.raises(BadAgent) as caught:
        resolve("my:Thrifty", "buyer", folder=tmp_path)
    assert str(caught.value).endswith(f": importing my failed: {said} (my.py, line 2)")


def test_launch_says_it_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my.py").write_text("from agents.behavioral.buyer import BehavioralBuyer\n")
    monkeypatch.chdir(tmp_path)
    result = sim("launch", "--buyers", "my:Thrifty", "--out", tmp_path / "run")
    assert result.exit_code == 2
    [line] = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert f"write `from {BUYER} import ...` (my.py, line 1)" in line


def test_an_old_name_of_one_of_ours_is_answered_with_the_new_one() -> None:
    with pytest.raises(BadAgent, match=f"agents.behavioral.buyer is now {BUYER}"):
        resolve("agents.behavioral.buyer:BehavioralBuyer", "buyer")


OUTSIDE = """
import sys
from pathlib import Path
sys.path[:] = [place for place in sys.path if place not in ("", {root!r})]
sys.meta_path[:] = [one for one in sys.meta_path if "editable" not in str(one)]
links = type(sys)("retailsim")
links.__path__ = [{links!r}]
sys.modules["retailsim"] = links
from retailsim.agents.errors import BadAgent
from retailsim.agents.registry import resolve
try:
    resolve("my:Thrifty", "buyer", folder=Path(sys.argv[1]))
except BadAgent as error:
    print(error, type(error.__cause__).__name__)
"""


def test_outside_a_clone_nothing_has_the_old_name_and_the_line_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "my.py").write_text("from agents.behavioral.buyer import BehavioralBuyer\n")
    code = OUTSIDE.format(root=str(ROOT), links=str(ROOT / "retailsim"))
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert f"write `from {BUYER} import ...` (my.py, line 1) ModuleNotFound" in done.stdout


@pytest.mark.parametrize(
    ("module", "names"), [("agents", ("Agent",)), ("events.mine", ()), ("numpy", ("array",))]
)
def test_what_was_never_ours_gets_no_advice(module: str, names: tuple[str, ...]) -> None:
    assert advice_on(module, names) is None


def test_other_errors_get_no_advice() -> None:
    assert advice(ValueError("no"), "agents.base") is None
    assert advice(ImportError("made at run time"), "my") is None
