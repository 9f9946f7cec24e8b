"""What the behavioral agents say and do, pinned by one hash for each protocol and seed.

Everything that is not about a model follows from scenario and seed alone, so these hashes move
only when the agents, the rules or the draws change. Openings are left out, because the envelope of
an episode may grow, and so are the weights that choices were drawn by, which are no deeds.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import tomli_w

from tests.cases import quick
from tests.sim.runs import SMALL, event_lines, launched

GOLDEN = Path(__file__).with_name("golden_behavioral.toml")
RUNS = {"retail": SMALL, "csales": ("csales", "--set", "profiles.count=4")}
SEEDS = (1, 2, 3)
LEFT_OUT = ("EpisodeOpened",)
NO_DEEDS = ("probabilities", "propensities")

ADVICE = """
The behavioral agents of {protocol} no longer say and do the same with seed {seed}.
If that was not meant, find out which change did it before anything else.
If it was meant: write a decision record (docs/decisions/NNNN-subject.md) that says what moves and
why, put a line into CHANGELOG.md (published figures and saved runs are affected), and only then
renew {file} with UPDATE_GOLDEN=1 in the environment.
"""


def deeds(run: Path) -> Iterator[str]:
    """Each event but the openings, by market and number, its fields in order of their names."""
    for line in event_lines(run):
        event = json.loads(line)
        if event["type"] not in LEFT_OUT:
            yield json.dumps({k: event[k] for k in sorted(event) if k not in NO_DEEDS})


def golden() -> dict[str, dict[str, str]]:
    return tomllib.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}


@pytest.mark.parametrize("seed", quick(1, SEEDS))
@pytest.mark.parametrize("protocol", RUNS)
def test_behavioral_agents_do_what_they_always_did(
    protocol: str, seed: int, tmp_path: Path
) -> None:
    launched(tmp_path / "run", *RUNS[protocol], "--seed", seed)
    found = sha256("\n".join(deeds(tmp_path / "run")).encode()).hexdigest()
    if os.environ.get("UPDATE_GOLDEN"):
        table = golden()
        table.setdefault(protocol, {})[str(seed)] = found
        GOLDEN.write_text(tomli_w.dumps(table))
    advice = ADVICE.format(protocol=protocol, seed=seed, file=GOLDEN.name)
    assert found == golden()[protocol][str(seed)], advice


def test_each_seed_is_another_run_and_none_is_left_over() -> None:
    known = golden()
    assert {name: set(hashes) for name, hashes in known.items()} == {
        name: set(map(str, SEEDS)) for name in RUNS
    }
    hashes = [found for some in known.values() for found in some.values()]
    assert len(set(hashes)) == len(hashes)
