"""How far a hunt is, on a terminal and in a log."""

from __future__ import annotations

import io

from campaign.mutants.progress import EVERY_S, Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def said(out: io.StringIO, seconds_each: float) -> str:
    """What is said of three files of which each takes so long."""
    now = 0.0
    progress = Progress(out, 3, lambda: now)
    for file in ("a.py", "b.py", "c.py"):
        progress.begin(file)
        now += seconds_each
    progress.end()
    return out.getvalue()


def test_a_log_gets_whole_lines_and_only_now_and_then() -> None:
    assert said(io.StringIO(), EVERY_S) == (
        "  watched: 1 of 3 files, now b.py\n  watched: 2 of 3 files, now c.py\n"
    )
    assert said(io.StringIO(), EVERY_S / 2) == "  watched: 2 of 3 files, now c.py\n"
    assert said(io.StringIO(), 0.1) == ""


def test_a_terminal_has_one_line_that_changes_and_is_taken_away() -> None:
    text = said(Terminal(), 0.1)
    assert "\n" not in text
    shown = [part.rstrip() for part in text.split("\r")]
    assert shown[1:4] == [f"  watched: {n} of 3 files, now {'abc'[n]}.py" for n in range(3)]
    assert "".join(shown[4:]) == ""
