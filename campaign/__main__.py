"""``python -m campaign``: runs a piece of the campaign, prints what it found, and may keep it."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping

from campaign.results import Piece, write


def fuzz(told: argparse.Namespace) -> list[Piece]:
    """Feed each surface that is asked for, and see that its planted bug is found."""
    from campaign.hunt import hunt
    from campaign.surfaces import SURFACES

    pieces = []
    for name in told.name or SURFACES:
        surface = SURFACES[name]
        catch = hunt(surface, seed=told.seed, inputs=told.count, seconds=told.seconds)
        with surface.bug():
            planted = hunt(surface, seed=told.seed, inputs=max(told.count, 30_000), stop=True)
        bug_at = next((one[0].number for one in planted.faults.values()), None)
        print(
            f"{name}: {catch.inputs:,} inputs in {catch.seconds:.0f} s, {catch.steps:,} branches, "
            f"planted bug found at {bug_at}, {dict(catch.outcomes.most_common(4))}",
            flush=True,
        )
        for kind, faults in catch.faults.items():
            print(f"  FAULT {kind}: input {faults[0].number}: {faults[0].data[:400]!r}")
        pieces.append(
            Piece(
                part="fuzz",
                name=name,
                seed=told.seed,
                count=catch.inputs,
                faults=len(catch.faults) + (bug_at is None),
                seconds=round(catch.seconds, 1),
                steps=catch.steps,
                bug_at=bug_at,
            )
        )
    return pieces


def damage(told: argparse.Namespace) -> list[Piece]:
    """Spoil logs and folders of runs."""
    from campaign.damages import campaign

    return campaign(told.seed, told.count, told.name, told.seconds)


def kill(told: argparse.Namespace) -> list[Piece]:
    """Kill programs at random moments, and make their runs whole."""
    from campaign.kills import campaign

    return campaign(told.seed, told.count, told.name, told.seconds)


PARTS: Mapping[str, tuple[Callable[[argparse.Namespace], list[Piece]], int | None]] = {
    "fuzz": (fuzz, 90_000),
    "damage": (damage, 5_000),
    "kill": (kill, None),
}
"""Each part with how many of each name `make campaign` runs; None: each has its own share."""


def main() -> int:
    """Run what the words ask for; 1 if any fault was found."""
    parser = argparse.ArgumentParser(prog="python -m campaign", description=__doc__)
    parser.add_argument("part", choices=[*PARTS, "all"])
    parser.add_argument("name", nargs="*", help="surfaces, or kinds of damages or kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, help="of each name")
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="for each name, at most"
    )
    parser.add_argument("--write", action="store_true", help="keep it in docs/campaign.md")
    told = parser.parse_args()
    if told.part == "all":  # each in a process of its own: what was used in one cannot be forked
        words = [word for word in sys.argv[1:] if word != "all"]
        return max(
            subprocess.run([sys.executable, "-m", "campaign", part, *words], check=False).returncode
            for part in PARTS
        )
    run, count = PARTS[told.part]
    told.count = count if told.count is None else told.count
    pieces = run(told)
    if told.write:
        write(pieces)
    return 1 if any(one.faults for one in pieces) else 0


if __name__ == "__main__":
    sys.exit(main())
