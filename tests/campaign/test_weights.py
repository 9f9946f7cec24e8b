"""Where rules live, tests weigh at least as much as code."""

from __future__ import annotations

import pytest

from campaign.mutants.packages import PACKAGES
from campaign.weights import lines, weights

EXPLAINED = '''"""What a module is for,
in two lines."""

import os  # a comment beside code

# a comment alone
LIMIT = 5
"""What it limits."""


class Some:
    """One."""

    size: int = 3
    """How large it is."""

    def many(
        self,
    ) -> str:
        """Many."""
        return """a text
        that is code"""
'''


@pytest.fixture(scope="module")
def weighed() -> dict[str, tuple[int, int]]:
    return weights()


def test_what_only_explains_weighs_nothing() -> None:
    assert lines(EXPLAINED) == len(("import", "LIMIT", "class", "size")) + 3 + 2
    assert lines('"""Only said."""\n\n# and said\n') == 0


@pytest.mark.slow  # tokenizes half of the repository
@pytest.mark.parametrize("package", PACKAGES)
def test_tests_weigh_at_least_as_much_as_code(
    package: str, weighed: dict[str, tuple[int, int]]
) -> None:
    code, tests = weighed[package]
    assert code > 500, "another package than is meant"
    assert tests >= code
