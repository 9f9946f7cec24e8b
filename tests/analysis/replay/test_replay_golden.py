"""What ``replay --json`` says of a run of the built-in protocols, to the byte."""

from __future__ import annotations

import os
import tomllib
from hashlib import sha256
from pathlib import Path

import pytest
import tomli_w

from tests.sim.runs import SMALL, launched, sim

GOLDEN = Path(__file__).with_name("golden_replay.toml")
"""Digests of seed 1; a measure that one protocol adds must not show in another's JSON.

They follow the behavioral agents, too: renew them with UPDATE_GOLDEN=1 when these were changed on
purpose (tests/sim/protocols/test_golden_behavioral.py says what belongs to that).
"""


@pytest.mark.parametrize(("name", "settings"), [("pairwise", SMALL), ("csales", ())])
def test_the_json_of_a_built_in_protocol_is_the_same_to_the_byte(
    tmp_path: Path, name: str, settings: tuple[str, ...]
) -> None:
    launched(tmp_path / "run", name, *settings, "--seed", 1)
    said = [sim("replay", tmp_path / "run", "--json").stdout for _ in range(2)]
    assert said[0] == said[1], "read from the log, then from what was kept of it"
    # Integers divided at the end are the same everywhere; intervals differ in the last bit.
    integers, intervals = said[0].rstrip("\n").rsplit(',"intervals":', 1)
    assert intervals.startswith('{"generalise_to":')
    found = sha256(f"{integers}}}\n".replace(str(tmp_path / "run"), "RUN").encode()).hexdigest()
    golden = tomllib.loads(GOLDEN.read_text())
    if os.environ.get("UPDATE_GOLDEN"):
        golden[name] = found
        GOLDEN.write_text(tomli_w.dumps(golden))
    assert found == golden[name]
