"""Says which tests were skipped and why; in CI, a skip that nobody expects is a failure.

CI installs whatever tests need, so what is skipped there is either listed here or a mistake.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import pytest

ALLOWED: Mapping[str, str] = MappingProxyType(
    {
        "shared/data/": "the papers' data are not ours to hand on",
        "minari": "a format to export to, with packages of its own, is no dependency",
        "network namespaces cannot be set up here": "they need root, and a kernel that lets it",
        "examples/": "what learners of others need, PyTorch's 5 GB above all, is no dependency",
    }
)
"""How the reason of an allowed skip begins -> why it may be skipped even in CI."""


def in_ci() -> bool:
    """Whether this is CI; it sets the variable `CI`."""
    return os.environ.get("CI") == "true"


def is_allowed(reason: str) -> bool:
    """Whether a skip for this reason is expected on a machine that has all that can be had."""
    return any(reason.startswith(start) for start in ALLOWED)


def skips(reports: Iterable[object]) -> Iterator[tuple[str, str]]:
    """Yield the test, or the file, and the reason of each skip among the reports of a session."""
    for report in reports:
        if not isinstance(report, pytest.TestReport | pytest.CollectReport):
            continue
        said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        yield report.nodeid, " ".join(said.removeprefix("Skipped: ").split())


def _found(config: pytest.Config) -> list[tuple[str, str]]:
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    return sorted(skips(terminal.stats.get("skipped", ()))) if terminal else []


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a session of CI that skipped what it should have run."""
    unexpected = any(not is_allowed(reason) for _, reason in _found(session.config))
    if (
        in_ci()
        and unexpected
        and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Write one line for each skip, above the counts."""
    for test, reason in _found(config):
        refused = in_ci() and not is_allowed(reason)
        note = " (not allowed in CI, see tests/skips.py)" if refused else ""
        terminalreporter.write_line(f"skipped: {test}: {reason}{note}")
