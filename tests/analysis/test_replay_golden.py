"""What ``replay --json`` says of a run of the built-in protocols, to the byte."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from tests.sim.runs import SMALL, launched, sim

GOLDEN = {
    "pairwise": "156d04e1241a2051d9dbdb4075c6cfc706ed118046f378dc79c759330b4bd03e",
    "csales": "4fbecccc78949357a3a795007c8d5738a4d567bc00777b0f87dec1c9844a5da2",
}
"""Of seed 1; a measure that one protocol adds must not show in another's JSON."""


@pytest.mark.parametrize(("name", "settings"), [("pairwise", SMALL), ("csales", ())])
def test_the_json_of_a_built_in_protocol_is_the_same_to_the_byte(
    tmp_path: Path, name: str, settings: tuple[str, ...]
) -> None:
    launched(tmp_path / "run", name, *settings, "--seed", 1)
    for _ in range(2):  # read from the log, then from what was kept of it
        said = sim("replay", tmp_path / "run", "--json").stdout
        said = said.replace(str(tmp_path / "run"), "RUN")
        assert sha256(said.encode()).hexdigest() == GOLDEN[name]
