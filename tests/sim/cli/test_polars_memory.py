"""The program tells Polars to take less memory, and leaves alone what a person set."""

from __future__ import annotations

import os

import pytest

from retailsim.sim.cli.polars_memory import SPARING
from tests.sim.runs import sim


@pytest.mark.parametrize("variable", SPARING)
@pytest.mark.parametrize("theirs", [None, "7"])
def test_polars_is_sparing_unless_a_person_says_otherwise(
    variable: str, theirs: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, theirs or "")
    if theirs is None:
        monkeypatch.delenv(variable)
    assert sim("agents").exit_code == 0
    assert os.environ[variable] == (theirs or SPARING[variable])
