"""Which options a rule is about, and what is said where no rules can be held against a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.analysis.rules.errors import NoConduct
from retailsim.market.rules.judging import forbids_option
from retailsim.market.rules.rule import Rule


@pytest.mark.parametrize(
    ("option", "name", "forbidden"),
    [
        ("press", "press", True),
        ("press", "press-hard", False),
        ("press", "pres", False),
        ("press*", "press-hard", True),
        ("press*", "press", True),
        ("press*", "impress", False),
    ],
)
def test_an_option_is_meant_by_its_name_or_by_how_it_begins(
    option: str, name: str, forbidden: bool
) -> None:
    rule = Rule(id="r", source="s", why="w", level="mask", option=("never", option))
    assert forbids_option(rule, name) is forbidden


def test_a_protocol_without_conduct_is_one_line_with_the_run() -> None:
    said = str(NoConduct(Path("runs/x"), "it has none"))
    assert said == "runs/x: no rules can be checked: it has none"
