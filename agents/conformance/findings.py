"""What a check found, in one line."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """The outcome of one check.

    Parameters
    ----------
    name : str
        What was checked.
    passed : bool
        Whether nothing wrong was found; also where nothing was looked at.
    message : str
        What was tried, or what is wrong and what to do about it; or why nothing was looked at.
    checked : bool
        Whether anything was looked at.
    """

    name: str
    passed: bool
    message: str
    checked: bool = True


def verdict(name: str, good: str, problem: str) -> Finding:
    """Return the finding: passed, with what is good, where there is no problem."""
    return Finding(name, not problem, problem or good)


def not_checked(name: str, why: str) -> Finding:
    """Return the finding that nothing could be looked at."""
    return Finding(name, True, f"not checked: {why}", checked=False)


def render(findings: Iterable[Finding]) -> str:
    """Return the findings as text, one line a check and one for the sum of those checked."""
    findings = list(findings)
    width = max((len(finding.name) for finding in findings), default=0)
    lines = [
        f"{_MARKS[finding.passed, finding.checked]}  {finding.name:{width}}  {finding.message}"
        for finding in findings
    ]
    checked = [finding for finding in findings if finding.checked]
    passed = sum(finding.passed for finding in checked)
    skipped = len(findings) - len(checked)
    more = f", {skipped} not checked" if skipped else ""
    return "\n".join([*lines, f"{passed} of {len(checked)} checks passed{more}"])


_MARKS = {(True, True): "ok  ", (False, True): "FAIL", (True, False): "skip"}
