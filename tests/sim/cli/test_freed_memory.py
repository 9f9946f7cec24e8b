"""The program tells Polars to give back what it freed, and leaves alone what a person set."""

from __future__ import annotations

import os

import pytest

from tests.sim.runs import sim

VARIABLE = "_RJEM_MALLOC_CONF"


@pytest.mark.parametrize("theirs", [None, "narenas:1"])
def test_freed_memory_goes_back_unless_a_person_says_otherwise(
    theirs: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, theirs or "")
    if theirs is None:
        monkeypatch.delenv(VARIABLE)
    assert sim("agents").exit_code == 0
    assert os.environ[VARIABLE] == (theirs or "dirty_decay_ms:20,muzzy_decay_ms:0")
