"""Event lines are those of version 0.1, apart from the fields that decision 14 names.

The digests were made of runs of 0.1, with these fields taken out of their lines. The runs are not
kept: `events_digest` and a checkout of that version make them again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from tests.sim.runs import event_lines, launched

NAMED: Mapping[str, tuple[str, ...]] = {
    "EpisodeOpened": ("seller_kind", "buyer_kind"),
    "ActionChosen": ("probabilities",),
}
"""What differs from 0.1, by event type: docs/decisions/0014-event-schema-2.md."""

FAST = {
    ("pairwise", 1, "products.per_category=1"): "96e2228c7fe6bb4d8af08e033eeae7a5",
    ("pairwise", 2, "products.per_category=1"): "3a0ab0e239b770d5949de9a8da42d649",
    ("csales", 1, "profiles.count=8"): "615a578666d49f446ecd350a3779db80",
    ("csales", 2, "profiles.count=8"): "58103b8623e61710b0a46b6ca9273ddf",
}
SLOW = {
    ("pairwise", 1, "products.per_category=5"): "ed7314e8bab21eb15bec943acfb78972",
    ("pairwise", 3, "products.per_category=30"): "ef5689890cb299d175fb42328d9000a7",
    ("csales", 1, "design.replications=1"): "aa5efea4dd9f9932d37f1a4d1da112ac",
    ("csales", 3, "design.replications=1"): "d5181f296707edd4b4544928052e88f2",
}
"""Scenario, seed and a setting -> digest of the event lines."""


def events_digest(run: Path) -> str:
    """Return the first half of a SHA-256 of the event lines, without the fields in `NAMED`."""
    digest = sha256()
    for line in event_lines(run):
        event = json.loads(line)
        for name in NAMED.get(event["type"], ()):
            event.pop(name, None)
        digest.update(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()[:32]


def made(folder: Path, scenario: str, seed: int, setting: str) -> str:
    launched(folder / "run", scenario, "--seed", seed, "--set", setting)
    return events_digest(folder / "run")


@pytest.mark.parametrize("case", FAST)
def test_small_runs_have_the_event_lines_of_0_1(case: tuple[str, int, str], tmp_path: Path) -> None:
    assert made(tmp_path, *case) == FAST[case]


@pytest.mark.slow
@pytest.mark.parametrize("case", SLOW)
def test_the_default_scenarios_have_the_event_lines_of_0_1(
    case: tuple[str, int, str], tmp_path: Path
) -> None:
    assert made(tmp_path, *case) == SLOW[case]
