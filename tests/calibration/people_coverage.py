"""How often a fit to people finds the truth, and how often it claims what is not there.

    python -m tests.calibration.people_coverage [--worlds 200] [--people 60] [--truth shifted]

Each world is a study of its own seed: other products, tastes, wallets and luck. People are buyers
whose parameters are known; the fit has twins with the parameters as they ship.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retailsim.sim.calibration.people_calibration import PeopleCalibration, calibrated
from retailsim.sim.calibration.people_fit import EXCHANGES, mean_of
from tests.calibration.people_worlds import World

SHIFTED: Mapping[str, Any] = {
    "buyer": {
        "choice": {"intercept": 0.8, "price": 2.0},
        "quantity": {"base": -2.0},
        "ratings": {"pitch": 3.0, "pre_inquiry": 4.0},
        "inquiry": {"exchanges": [10.0, 50.0, 20.0, 10.0, 10.0]},
    }
}
TRUTHS: Mapping[str, Mapping[str, Any]] = {"shifted": SHIFTED, "alike": {}}


class Counted:
    """What fits came to over many worlds."""

    def __init__(self, truth: Mapping[str, Any]) -> None:
        self._truth = _flat(truth)
        self.worlds = 0
        self.covered: defaultdict[str, list[bool]] = defaultdict(list)
        self.errors: defaultdict[str, list[float]] = defaultdict(list)
        self.better: Counter[str] = Counter()
        self.judged: Counter[str] = Counter()
        self.poor: Counter[str] = Counter()
        self.claims = 0

    def add(self, found: PeopleCalibration) -> None:
        """Count one world."""
        self.worlds += 1
        self.claims += bool(found.better)
        for one in found.fit.parameters:
            truth = self._truth.get(one.key, one.present)
            self.covered[one.key].append(one.interval.low <= truth <= one.interval.high)
            self.errors[one.key].append(one.value - truth)
        asked = found.fit.questions
        if asked is not None:
            truth = mean_of(self._truth.get(EXCHANGES, asked.present))
            self.covered[EXCHANGES].append(asked.interval.low <= truth <= asked.interval.high)
            self.errors[EXCHANGES].append(asked.mean - truth)
        self.judged.update(one.part for one in found.judged)
        self.better.update(one.part for one in found.better)
        self.poor.update({part for part, _ in found.misfits})

    def table(self) -> str:
        """Return it as Markdown."""
        rows = ["| parameter | worlds | off by, on average | truth in the interval |"]
        rows.append("|---|---:|---:|---:|")
        for key, inside in sorted(self.covered.items()):
            off, count = sum(self.errors[key]) / len(inside), len(inside)
            rows.append(f"| `{key}` | {count} | {off:+.3f} | {sum(inside) / count:.1%} |")
        rows += ["", "| part | judged | better | fits poorly |", "|---|---:|---:|---:|"]
        for part, count in sorted(self.judged.items()):
            rows.append(f"| {part} | {count} | {self.better[part]} | {self.poor[part]} |")
        rows.append(f"\n{self.claims} of {self.worlds} worlds have a part that is better.")
        return "\n".join(rows)


def _flat(tree: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{before}{key}"
        found |= _flat(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return found


def counted(truth: str, worlds: int, people: int, *, first: int = 1001) -> Counted:
    """Play worlds and fit to the people in them."""
    found = Counted(TRUTHS[truth])
    for seed in range(first, first + worlds):
        with tempfile.TemporaryDirectory(prefix="retailsim-") as place:
            found.add(calibrated(World(Path(place), people, seed=seed).seen(TRUTHS[truth])))
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--first", type=int, default=1001)
    parser.add_argument("--truth", choices=sorted(TRUTHS), default="shifted")
    asked = parser.parse_args()
    print(counted(asked.truth, asked.worlds, asked.people, first=asked.first).table())


if __name__ == "__main__":
    main()
