"""Ctrl-C ends the studio though one of its threads is in the middle of a large log."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.sim.runs import ROOT

BUSY = """
import threading, time
from retailsim.sim.studio.serve import leave_threads
print("at work", flush=True)
threading.Thread(target=time.sleep, args=({seconds},), daemon={daemon}).start()
leave_threads()
print("left", flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seconds", "daemon", "said"),
    [(3600, False, "at work\n"), (0.1, False, "at work\nleft\n"), (3600, True, "at work\nleft\n")],
)
def test_a_thread_that_reads_is_left_after_a_moment(
    seconds: float, daemon: bool, said: str
) -> None:
    code = BUSY.format(seconds=seconds, daemon=daemon)
    words = (sys.executable, "-c", code)
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=240)
    assert found.stdout == said
