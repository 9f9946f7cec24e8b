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
    message : str
        What was tried, or what is wrong and what to do about it.
    """

    name: str
    passed: bool
    message: str


def verdict(name: str, good: str, problem: str) -> Finding:
    """Return the finding: passed, with what is good, where there is no problem."""
    return Finding(name, not problem, problem or good)


def render(findings: Iterable[Finding]) -> str:
    """Return the findings as text, one line a check and one for the sum."""
    findings = list(findings)
    width = max((len(finding.name) for finding in findings), default=0)
    lines = [
        f"{'ok  ' if finding.passed else 'FAIL'}  {finding.name:{width}}  {finding.message}"
        for finding in findings
    ]
    passed = sum(finding.passed for finding in findings)
    return "\n".join([*lines, f"{passed} of {len(findings)} checks passed"])
