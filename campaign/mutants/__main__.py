"""``python -m campaign.mutants``: tries mutants, prints what became of them, and may keep it."""

from __future__ import annotations

import argparse
import sys

from campaign.mutants.hunt import WORK, Hunt
from campaign.mutants.packages import PACKAGES
from campaign.mutants.page import is_killed, survivors, table, write
from campaign.mutants.shown import shown

ENOUGH = 0.9
"""The share of mutants that the tests have to kill."""


def main() -> int:
    """Try the mutants of each package; 1 if the tests killed too few."""
    parser = argparse.ArgumentParser(prog="python -m campaign.mutants", description=__doc__)
    parser.add_argument("package", nargs="*", help=f"of {', '.join(PACKAGES)}; all if none is said")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=75, help="of each package")
    parser.add_argument("--survivors", action="store_true", help="show them, without judgements")
    parser.add_argument(
        "--known", action="store_true", help="try none; look up packages known whole"
    )
    parser.add_argument("--write", action="store_true", help="keep it in docs/mutation.md")
    told = parser.parse_args()
    unknown = [name for name in told.package if name not in PACKAGES]
    if unknown:
        parser.error(f"there is no package {unknown[0]!r}; there are {', '.join(PACKAGES)}")
    if told.write and told.package:
        parser.error("--write keeps the figures of all packages; name none")
    if told.count < 1:
        parser.error(f"--count {told.count}: try one of each package, or more")
    if told.known and not (WORK / "tree").is_dir():
        parser.error("--known: nothing was tried here yet; run it without --known first")
    hunt = Hunt(told.seed, place=WORK / "tree" if told.known else None)
    names = told.package or PACKAGES
    hunted = [hunt.package(name, told.count, known=told.known) for name in names]
    # Of what is half known, survivors may be missing that wait for tests to be tried again.
    hunted = [one for one in hunted if len(one.entries) == min(told.count, one.there_are)]
    if told.survivors:
        for entry in survivors(hunted):
            print(shown(entry.mutant, hunt.place))
    print(table(hunted))
    if told.write:
        write(hunted)
    entries = [entry for one in hunted for entry in one.entries]
    return 0 if sum(map(is_killed, entries)) >= ENOUGH * len(entries) else 1


def stoppable() -> int:
    """Do what `main` does; 130 after Ctrl-C, with what to do in a line."""
    try:
        return main()
    except KeyboardInterrupt:
        print("\nstopped; what was tried is kept: the same command goes on", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(stoppable())
