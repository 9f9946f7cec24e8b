"""How often intervals of off-policy estimates hold the truth.

``python -m benchmarks.quality.policy_coverage --catalog FILE --profiles FILE``

Independent logs of one exploring seller, each of 100 buyer profiles drawn anew, are played in
memory. So are the policies whose value they are to tell, beside the seller with the same buyers:
what they truly earn is the seller's mean over all logs and what they gained on it. It takes some
five CPU minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from retailsim.analysis.policy.audit import AuditPlan, audited
from retailsim.analysis.policy.decisions import Decisions
from retailsim.analysis.policy.diagnostics import diagnosed, refusals
from retailsim.analysis.policy.evaluation import Value, estimates
from retailsim.sim.api.front import run as launch
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.learning.audit import DRAWS, over_profiles
from retailsim.sim.learning.csales.audit import Auditor
from retailsim.sim.learning.csales.targets import target_of

TARGETS = (("explore=0.3",), ("temperature=0.2", "explore=0.1"), ("temperature=0.1",))
"""Options of ``csi``; the log is of ``csi`` with explore = 0.1, at temperature 0.35."""
REWARDS = ("revenue", "sale")


def main() -> None:
    """Play, compare, and print a table for each policy and reward."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalog", type=Path)
    parser.add_argument("--profiles", type=Path)
    parser.add_argument("--logs", type=int, default=200)
    parser.add_argument("--clusters", type=int, default=100)
    parser.add_argument("--each", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=15)
    told = parser.parse_args()
    with TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        seller = {"id": "csi", "agent": "csi", "options": {"explore": 0.1}}
        launch("csales", sellers=[seller], out=run, catalog=told.catalog, profiles=told.profiles)
        plan = AuditPlan(logs=told.logs, clusters=told.clusters, each=told.each, rounds=told.rounds)
        for line in study(run, plan):
            print(line, flush=True)


def study(run: Path, plan: AuditPlan) -> Iterator[str]:
    """Yield the table of each policy and reward, line by line."""
    file = RunFolder(run).read()
    targets = [target_of("csi", settings) for settings in TARGETS]
    auditor = Auditor(run, file, file.scenario.sellers[0], {"revenue": 1.0}, seed=1)
    logs, own = list(auditor.logs(targets, plan)), auditor.played(None, plan.rounds)
    for number, target in enumerate(targets):
        checked = [diagnosed(log, weighed[number], seed=1) for log, weighed in logs]
        kept = [not refusals(one) for one in checked]
        share = np.mean([one.ess_share for one in checked])
        yield f"{target.name}: ESS/N {share:.2f}, {len(logs) - sum(kept)} of {len(logs)} refused"
        played = auditor.played(target, plan.rounds)
        for reward in REWARDS:
            gain, gain_error = over_profiles(played[reward] - own[reward])
            seller, error = of_all(logs, reward)
            truth, error = seller + gain, float(np.hypot(error, gain_error))
            yield f"  {reward} {truth:.3f} +- {error:.3f}, gain {gain:+.3f} +- {gain_error:.3f}"
            found = [told(log, weighed[number], reward) for log, weighed in logs]
            taken = [values for values, one in zip(found, kept, strict=True) if one]
            both = zip(audited(found, truth, gain), audited(taken, truth, gain), strict=True)
            for one, sound in both:
                yield (
                    f"    {one.name:12} bias {one.bias:+.3f}  RMSE {one.rmse:.3f}  covers "
                    f"{one.covered:.1%}, the gain {one.gain_covered:.1%}; where not refused "
                    f"{sound.covered:.1%}, {sound.gain_covered:.1%}"
                )


def of_all(logs: Sequence[tuple[Decisions, object]], reward: str) -> tuple[float, float]:
    """Return what the seller earns over all profiles alike, with its standard error.

    All logs together have so many conversations that no single one of them counts in it.
    """
    by_profile: dict[str, list[float]] = {}
    for log, _ in logs:
        for name, value in zip(log.ids, log.terms[reward], strict=True):
            by_profile.setdefault(name.partition("/")[0], []).append(float(value))
    means = [np.mean(values) for values in by_profile.values()]
    spread = [np.var(values) / len(values) for values in by_profile.values()]
    return float(np.mean(means)), float(np.sqrt(np.sum(spread)) / len(means))


def told(log: Decisions, weighed: np.ndarray, reward: str) -> list[Value]:
    """Return what a log says of a policy, paid in a term at the end."""
    rewards = np.zeros(len(log))
    rewards[np.append(log.starts[1:], len(log)) - 1] = log.terms[reward]
    paid = replace(log, rewards=rewards)
    return estimates(paid, weighed, draws=DRAWS, every_interval=True)


if __name__ == "__main__":
    main()
