"""Mutated inputs of every surface: a part of the campaign that each change goes through."""

from __future__ import annotations

from collections import Counter

import pytest

from campaign import hunt
from campaign.branches import Branches
from campaign.surface import Surface
from campaign.surfaces import SURFACES
from campaign.surfaces.settings import feed

FEW, MORE, MOST = 60, 500, 30_000


def faults(catch: hunt.Catch) -> dict[str, bytes]:
    return {kind: found[0].data for kind, found in catch.faults.items()}


QUICK = {
    name: one
    for name, one in SURFACES.items()
    if name not in ("scenario", "catalogue-parquet", "catalogue-xlsx")
}
"""Without those that import every agent, or start a reader in another process."""


@pytest.mark.parametrize("surface", QUICK.values(), ids=QUICK)
def test_the_first_inputs_of_a_surface_are_taken_or_refused(
    surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hunt, "WATCH_ALL", 0)
    catch = hunt.hunt(surface, seed=0, inputs=FEW)
    assert faults(catch) == {}
    assert catch.inputs == FEW
    assert len(catch.outcomes) > 1, "some are taken, some refused"


@pytest.mark.slow
@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
def test_a_planted_bug_is_found_and_no_other(surface: Surface) -> None:
    assert faults(hunt.hunt(surface, seed=1, inputs=MORE)) == {}
    with surface.bug():
        assert faults(hunt.hunt(surface, seed=1, inputs=MOST, stop=True))


@pytest.mark.slow
def test_the_same_seed_feeds_the_same_inputs() -> None:
    one, other = (hunt.hunt(SURFACES["answers"], seed=7, inputs=500) for _ in range(2))
    assert (one.outcomes, one.steps, one.pool) == (other.outcomes, other.steps, other.pool)


def test_an_input_without_end_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(data: bytes) -> str:
        while True:
            pass

    monkeypatch.setattr(hunt, "MOST_SECONDS", 0.01)
    surface = Surface("endless", lambda: [b"x"], endless, (), SURFACES["answers"].bug)
    with hunt.limited():
        assert hunt.judged(surface, b"x", Counter()) == "no end within 0 s"


def test_branches_are_counted_in_the_named_files_alone() -> None:
    mine, others = Branches(("sim/scenario/settings.py",)), Branches(("sim/budget",))
    for branches in (mine, others):
        branches.watch(lambda: feed(b"run.seed=7"))
    assert others.steps == set()
    assert {file.rpartition("/")[2] for file, _, _ in mine.steps} == {"settings.py"}
    assert mine.watch(lambda: feed(b"run.seed=7")) == 0
    assert mine.watch(lambda: feed(b"sellers.s.gender=male")) > 0
