"""`policy evaluate --audit`: played truth, independent logs, and who cannot be played."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from retailsim.analysis.policy.audit import AuditPlan, audited
from retailsim.analysis.policy.evaluation import estimates
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.learning.audit import over_profiles
from retailsim.sim.learning.csales.audit import Auditor
from retailsim.sim.learning.csales.logged import read_logged
from retailsim.sim.learning.csales.targets import target_of
from tests.learning.logged_runs import only, rewritten, talked
from tests.sim.runs import sim

EXPLORING = ("--set", "sellers.csi.options.explore=0.3")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return talked(tmp_path_factory.mktemp("run") / "csi", *EXPLORING, profiles=60)


def auditor(run: Path, term: str = "sale", seed: int = 1) -> Auditor:
    file = RunFolder(run).read()
    return Auditor(run, file, file.scenario.sellers[0], {term: 1.0}, seed)


PLAN = AuditPlan(logs=3, clusters=20, each=2, rounds=2)


@pytest.mark.slow
def test_the_seller_itself_gains_nothing_and_was_played_anew(run: Path) -> None:
    one = auditor(run)
    (truth, error), gain = one.truth(target_of("csi", ("explore=0.3",)), 2)
    assert gain == (0.0, 0.0)
    assert 0.0 < truth < 1.0
    assert 0.0 < error < 0.1
    played = one.played(None, 2)["revenue"]
    logged = read_logged([run]).decisions.terms["revenue"]
    assert played.shape == (60, 2)
    assert not np.array_equal(np.sort(played[:, 0]), np.sort(logged))
    np.testing.assert_array_equal(played, auditor(run).played(None, 2)["revenue"])
    assert not np.array_equal(played, auditor(run, seed=2).played(None, 2)["revenue"])


@pytest.mark.slow
def test_a_policy_that_hardly_reads_truly_earns_less(run: Path) -> None:
    _, (gain, error) = auditor(run).truth(target_of("csi", ("explore=1.0",)), 2)
    assert gain < -3.0 * error < 0.0


def test_logs_are_independent_of_each_other(run: Path) -> None:
    """No conversation is in two of them, and a profile drawn twice is two clusters."""
    logs = [log for log, _ in auditor(run).logs((), PLAN)]
    names = [name for log in logs for name in log.ids]
    assert len(set(names)) == len(names) == 3 * 20 * 2
    for log in logs:
        assert len(log.clusters) == 20
        assert (np.bincount(log.cluster) == 2).all()
        profiles = [name.split("/")[0] for name in log.ids]
        for cluster in range(20):
            of_it = {profiles[e] for e in np.flatnonzero(log.cluster == cluster)}
            assert len(of_it) == 1
    assert len({name.split("/")[0] for name in logs[0].ids}) < 20, "drawn with replacement"


def test_the_standard_error_is_of_given_profiles() -> None:
    values = np.array([[1.0, 3.0], [10.0, 10.0]])
    mean, error = over_profiles(values)
    assert mean == 6.0
    assert error == pytest.approx((2.0 / 2) ** 0.5 / 2)


@pytest.mark.slow
def test_the_audit_stands_below_the_estimates(run: Path) -> None:
    told = ("policy", "evaluate", "csi", "--set", "explore=0.2", "--log", run, "--audit")
    few = ("--conversations", 1_000)
    result = sim(*told, *few)
    assert result.exit_code == 4, "60 conversations are too few, and are audited all the same"
    assert "the audit plays 1,680 conversations, 20 logs of 60 and the rest" in result.stderr
    assert "CPU seconds" in result.stderr
    text = " ".join(result.stdout.split())
    assert "Audit: played, the policy earns " in text
    assert "By 20 new logs of 60 conversations, of which 20 would be refused" in text
    assert text.index("Refused: ") < text.index("interval holds it") < text.index(" of 20 ")
    found = json.loads(sim(*told, *few, "--json").stdout)["audit"]
    assert found["plan"] == {"logs": 20, "clusters": 60, "each": 1, "rounds": 4}
    assert {one["name"] for one in found["estimators"]} >= {"WDR", "DR", "DM"}


@pytest.mark.slow
def test_whoever_is_not_ours_is_not_played(run: Path, tmp_path: Path) -> None:
    silent = rewritten(run, tmp_path / "null", only("ActionChosen", probabilities=None))
    foreign = rewritten(run, tmp_path / "foreign", lambda event: event)
    text = (foreign / "run.toml").read_text()
    (foreign / "run.toml").write_text(text.replace('agent = "csuser"', 'agent = "trap:X"'))
    (foreign / "inputs" / "trap.py").write_text("raise SystemExit(9)\n")
    both = talked(tmp_path / "both", *EXPLORING, sellers="csi,fixed-script", profiles=60)
    for policy, log, line in (
        ("chance", run, "chance has no seat of its own, so it cannot be played"),
        ("csi", silent, "its seller states no propensities, so no estimate can be compared"),
        ("csi", foreign, "trap:X in the seat csuser is not played again; only built-in agents"),
        ("csi", both, "csi, fixed-script sold; choose one of them with --seller"),
    ):
        result = sim("policy", "evaluate", policy, "--log", log, "--audit")
        assert result.exit_code == 2
        assert f"error: --audit: {log}: {line}" in result.stderr


@pytest.mark.slow
def test_wdr_and_dr_hold_the_played_truth(run: Path) -> None:
    """Over 25 logs of 120 conversations; the limits are what 90 to 98 % leave to chance."""
    target, one = target_of("csi", ("temperature=0.2", "explore=0.3")), auditor(run)
    truth, gain = one.truth(target, 10)
    logs = one.logs([target], AuditPlan(logs=25, clusters=60, each=2, rounds=0))
    found = audited(
        [estimates(log, weighed, draws=400, every_interval=True) for log, [weighed] in logs],
        truth[0],
        gain[0],
    )
    covered = {one.name: one.covered for one in found}
    for name in ("WDR", "DR"):
        assert 17 / 25 <= covered[name] <= 1.0
        assert abs(next(one.bias for one in found if one.name == name)) < 0.06
