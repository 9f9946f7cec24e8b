"""What all tests share: a browser, how Hypothesis draws, and what becomes of skips."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.skips import in_ci, pytest_sessionfinish, pytest_terminal_summary

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser import Look, Watch

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary"]

# What tests launch is remembered as trusted, but not beside what their user launched.
STATE = mkdtemp(prefix="retailsim-tests-")
os.environ["XDG_STATE_HOME"] = STATE

# A suite that a shell started in the background, or nohup, ignores what some tests send.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_unconfigure() -> None:
    """Leave nothing behind; a worker of xdist ends without the interpreter's own farewells."""
    rmtree(STATE, ignore_errors=True)


# No deadlines: how long an example takes says how busy the machine is. In CI the examples are the
# same each time, so that a change is never blamed for another's bad luck.
settings.register_profile("anywhere", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if in_ci() else "anywhere")


# -- pages: see tests/browser.py, which is imported only where a page is shown ---------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for the tests of a file."""
    from tests.browser import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture
def look() -> Look:
    """Width and colours of `page`; `@every_look` replaces it."""
    from tests.browser import DESK

    return DESK


@pytest.fixture
def watch(browser: Browser, look: Look, request: pytest.FixtureRequest) -> Iterator[Watch]:
    """What goes wrong in `page`; what is left of it at the end fails the test."""
    from tests.browser import picture, watched

    with watched(browser, look) as watch:
        yield watch
        picture(watch.page, request.node.name.removeprefix("test_"))


@pytest.fixture
def page(watch: Watch) -> Page:
    """An empty page of a browser that knows nothing."""
    return watch.page
