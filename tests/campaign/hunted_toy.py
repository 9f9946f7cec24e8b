"""Hunts all mutants of a toy below the folder it is given, with its strong or its weak tests.

A program: what is to be forked must not have run tests itself. It prints what became of each.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from campaign.mutants import forked, trial
from campaign.mutants.hunt import Hunt
from campaign.mutants.packages import Package
from campaign.mutants.trial import trial_anew
from campaign.mutants.watched import watched

CODE = """
FREE_FROM = 3

def due(cents, count):
    total = cents * count
    if count >= FREE_FROM:
        total -= cents
    return total

def counted(left):
    steps = 0
    while left > 0:
        left -= 1
        steps += 1
    return steps
"""
STRONG = """
from toy.till import counted, due

def test_the_third_is_free():
    assert [due(5, count) for count in (1, 2, 3, 4)] == [5, 10, 10, 15]

def test_every_step_is_counted():
    assert (counted(0), counted(3)) == (0, 3)
"""
WEAK = """
from toy.till import counted, due

def test_it_can_be_called():
    assert due(0, 0) is not None
    assert counted(0) is not None
"""


def main(folder: Path, tests: str) -> None:
    """Write the toy and hunt it."""
    forked.IMPORTED = ("pytest", "hypothesis")  # the toy needs no more
    trial.PATIENCE_S = 6.0  # its mutants may go on without end
    tree, work = folder / "tree", folder / "work"
    for name, text in (("toy/till.py", CODE), ("checks/test_till.py", tests), ("conftest.py", "")):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    (tree / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    package = Package(("toy",), ("checks",))
    hunt = Hunt(1, work, tree, {"toy": package})
    tried = hunt.package("toy", 1000)
    seen = watched(tree, package, work)
    anew = [trial_anew(tree, one.mutant, seen, work).result for one in tried.entries]
    changes = [
        f"{one.mutant.before} -> {one.mutant.after}{' again' * one.mutant.nth}"
        for one in tried.entries
    ]
    within = [one.outcome.result for one in tried.entries]
    print(json.dumps([tried.there_are, changes, within, anew]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), {"strong": STRONG, "weak": WEAK}[sys.argv[2]])
