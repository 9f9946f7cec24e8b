"""The folder of runs for which nobody named one: no two that begin in one second share it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from retailsim.sim.errors import BadScenario
from retailsim.sim.folder.default_folder import default_folder
from tests.sim.runs import SMALL, sim

NOW = "20261130-120000"


@pytest.fixture(autouse=True)
def one_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder ``runs``, in which it is always the same second."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(time, "strftime", lambda *_: NOW)
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def test_the_next_in_the_same_second_has_a_number(one_second: Path) -> None:
    for behind in ("", "-2", "-3"):
        assert default_folder("a/b c") == Path("runs") / f"a-b c-{NOW}{behind}"
        (one_second / f"a-b c-{NOW}{behind}").mkdir()
    assert default_folder("other") == Path("runs") / f"other-{NOW}"


def test_a_thousand_are_enough(one_second: Path) -> None:
    for number in range(1, 1000):
        (one_second / (f"a-{NOW}" if number == 1 else f"a-{NOW}-{number}")).mkdir()
    with pytest.raises(BadScenario, match="are taken; name a folder"):
        default_folder("a")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("launch", *SMALL), "pairwise"),
        (("experiment", "pairwise", *SMALL), "pairwise"),
        (("sweep", "pairwise", "design.discount=0,0.1", *SMALL), "sweep"),
    ],
)
def test_commands_given_at_once_do_not_meet(
    one_second: Path, words: tuple[str, ...], name: str
) -> None:
    """What was there before is left alone."""
    for _ in range(2):
        assert sim(*words).exit_code == 0
    assert {path.name for path in one_second.iterdir()} == {f"{name}-{NOW}", f"{name}-{NOW}-2"}
