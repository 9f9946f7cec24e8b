"""Cases of a parametrised test: some in every run of the tests, the others in the slow ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def quick(count: int, cases: Iterable[Any]) -> list[Any]:
    """Mark all but the first `count` cases slow: they try the same code with other values.

    Parameters
    ----------
    cases : iterable
        Each the one value of a case, or the tuple of its several ones.
    """
    return [
        case
        if number < count
        else pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
        for number, case in enumerate(cases)
    ]
