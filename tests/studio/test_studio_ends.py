"""Ctrl-C ends the studio though one of its threads is in the middle of a large log."""

from __future__ import annotations

import subprocess
import sys
import time

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
    [(60.0, False, "at work\n"), (0.1, False, "at work\nleft\n"), (60.0, True, "at work\nleft\n")],
)
def test_a_thread_that_reads_is_left_after_a_moment(
    seconds: float, daemon: bool, said: str
) -> None:
    code = BUSY.format(seconds=seconds, daemon=daemon)
    began = time.monotonic()
    found = subprocess.run(
        (sys.executable, "-c", code), cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout == said
    assert time.monotonic() - began < 50
