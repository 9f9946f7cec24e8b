"""Prints how the claim reader does on the labelled sentences: ``python -m tests.claims.score``."""

from __future__ import annotations

from tests.claims.sets import SETS, score

if __name__ == "__main__":
    for name in SETS:
        done = score(name)
        print(
            f"{name.upper()}: {done.found} of {done.claims} unsupported claims found, "
            f"{done.false_alarms} of {done.others} others reported"
        )
