"""What all tests share: how Hypothesis draws, and what becomes of skips."""

from __future__ import annotations

import os
import signal
from tempfile import mkdtemp

from hypothesis import settings

from tests.skips import in_ci, pytest_sessionfinish, pytest_terminal_summary

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary"]

# What tests launch is remembered as trusted, but not beside what their user launched.
os.environ["XDG_STATE_HOME"] = mkdtemp(prefix="retailsim-tests-")

# A suite that a shell started in the background, or nohup, ignores what some tests send.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# No deadlines: how long an example takes says how busy the machine is. In CI the examples are the
# same each time, so that a change is never blamed for another's bad luck.
settings.register_profile("anywhere", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if in_ci() else "anywhere")
