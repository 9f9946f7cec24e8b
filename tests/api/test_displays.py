"""Progress: a bar on a terminal, lines in a file, a picture in a notebook."""

from __future__ import annotations

import io
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from retailsim.sim.api.displays import (
    BarDisplay,
    CallerDisplay,
    LinesDisplay,
    NotebookDisplay,
    display_for,
    in_notebook,
)
from retailsim.sim.play.progress import Progress


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Handle:
    """What IPython returns for a picture with an id."""

    def __init__(self, pictures: list[str]) -> None:
        self._pictures = pictures

    def update(self, picture: Any) -> None:
        self._pictures.append(picture._repr_html_())


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a notebook is shown; while it is used, this is one."""
    shown: list[str] = []

    def display(picture: Any, display_id: bool) -> Handle:
        assert display_id
        shown.append(picture._repr_html_())
        return Handle(shown)

    ipython = ModuleType("IPython")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
    ipython.display = SimpleNamespace(display=display)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    return shown


def test_a_notebook_gets_one_picture_that_changes(pictures: list[str]) -> None:
    clock = Clock()
    display = NotebookDisplay(clock)
    clock.now = 1.0
    display.show(10, 100, Progress(episodes=10))
    display.show(20, 100, Progress(episodes=20))  # too soon
    clock.now = 2.0
    display.show(30, 100, Progress(episodes=30, failed=2))
    display.show(100, 100, Progress(episodes=100, failed=2))
    display.close()
    assert pictures == [
        '<progress value="10" max="100"></progress> 10 of 100 episodes',
        '<progress value="30" max="100"></progress> 30 of 100 episodes, 2 failed',
        '<progress value="100" max="100"></progress> 100 of 100 episodes, 2 failed',
    ]


def test_where_it_is_shown(pictures: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_notebook() and isinstance(display_for(True), NotebookDisplay)
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: SimpleNamespace())
    assert not in_notebook(), "IPython on a terminal"
    assert isinstance(display_for(True), LinesDisplay)
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: True))
    assert isinstance(display_for(True), BarDisplay)
    monkeypatch.setattr(sys, "stderr", None)
    assert isinstance(display_for(True), CallerDisplay)
    assert isinstance(display_for(False), CallerDisplay)


def test_a_file_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    clock = Clock()
    display = LinesDisplay(clock)
    display.show(10, 100, Progress(episodes=10))
    clock.now = 6.0
    display.show(20, 100, Progress(episodes=20))
    display.show(100, 100, Progress(episodes=100))
    display.close()
    assert written.getvalue() == "20 of 100 episodes\n100 of 100 episodes\n"


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    display = display_for(True)
    display.show(60, 200, Progress(episodes=10))
    display.show(10, 200, Progress(episodes=10))  # the next run of an experiment
    display.close()
    assert "60 of 200 episodes" in screen.getvalue()
    assert "10 of 200 episodes" in screen.getvalue()
