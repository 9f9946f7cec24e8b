"""What all tests share: how Hypothesis draws, and what becomes of skips."""

from __future__ import annotations

import os
from tempfile import mkdtemp

from hypothesis import settings

from tests.skips import in_ci, pytest_sessionfinish, pytest_terminal_summary

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary"]

# What tests launch is remembered as trusted, but not beside what their user launched.
os.environ["XDG_STATE_HOME"] = mkdtemp(prefix="retailsim-tests-")

# No deadlines: how long an example takes says how busy the machine is. In CI the examples are the
# same each time, so that a change is never blamed for another's bad luck.
settings.register_profile("anywhere", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if in_ci() else "anywhere")
