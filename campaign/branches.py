"""Branches: which steps from line to line an input takes in the code of a surface."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import retailsim

ROOT = Path(retailsim.__file__).resolve().parents[1]
Step = tuple[str, int, int]
"""File, the line before (0: the beginning of a function), the line after."""


class Branches:
    """Counts steps between lines of some files; slow, so only some inputs are watched.

    Parameters
    ----------
    code : sequence of str
        Files and folders, relative to the root.
    """

    def __init__(self, code: Sequence[str]) -> None:
        self.steps: set[Step] = set()
        self._places = tuple(str(ROOT / one) for one in code)
        self._ours: dict[str, bool] = {}

    def watch(self, call: Callable[[], Any]) -> int:
        """Make the call; returns how many steps were new, whatever it raises."""
        before = len(self.steps)
        outer = sys.gettrace()
        sys.settrace(self._enter)
        try:
            call()
        except Exception:  # noqa: BLE001 - judged by who feeds the input without being watched
            pass
        finally:
            sys.settrace(outer)
        return len(self.steps) - before

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        name = frame.f_code.co_filename
        ours = self._ours.get(name)
        if ours is None:
            ours = self._ours[name] = str(Path(name).resolve()).startswith(self._places)
        if not ours:
            return None
        last = 0

        def step(inner: FrameType, event: str, argument: Any) -> Any:
            nonlocal last
            if event == "line":
                self.steps.add((name, last, inner.f_lineno))
                last = inner.f_lineno
            return step

        return step
