"""`policy evaluate`: what it says by whose log, when it refuses, and what it does not take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from retailsim.agents.csales.policy.by_hand import show_first
from retailsim.sim.learning.csales.logged import read_logged
from retailsim.sim.learning.evaluation_text import amount
from tests.learning.logged_runs import only, rewritten, talked
from tests.sim.runs import sim


def evaluate(policy: object, *logs: Path, more: tuple[object, ...] = ()) -> Result:
    return sim("policy", "evaluate", policy, *more, "--log", *logs)


def said(policy: object, *logs: Path, more: tuple[object, ...] = ()) -> dict[str, Any]:
    result = evaluate(policy, *logs, more=("--json", *more))
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """432 conversations with 72 profiles, half of the choices by chance."""
    return talked(
        tmp_path_factory.mktemp("run") / "csi", "--set", "design.replications=6",
        "--set", "sellers.csi.options.explore=0.5", profiles=72,
    )  # fmt: skip


@pytest.mark.slow
def test_a_better_policy_is_called_so_and_a_worse_one_is_not(run: Path) -> None:
    better = evaluate("csi", run, more=("--set", "explore=0.2"))
    assert better.exit_code == 0, better.stderr
    assert "Better: csi (explore 0.2) would earn " in better.stdout
    assert "go by this one" in better.stdout
    assert "no valid interval" in better.stdout
    worse = evaluate("csi", run, more=("--set", "explore=0.7"))
    assert worse.exit_code == 0
    assert "Keep the old one: a difference of -" in worse.stdout
    assert "Better" not in worse.stdout


@pytest.mark.slow
def test_the_logger_itself_earned_what_it_earned(run: Path) -> None:
    found = said("csi", run, more=("--set", "explore=0.5"))
    mean = read_logged([run]).decisions.terms["revenue"].mean()
    assert found["evaluation"]["logged"]["value"] == pytest.approx(mean)
    assert found["evaluation"]["diagnostics"]["ess"] == pytest.approx(432)
    values = {one["name"]: one for one in found["evaluation"]["values"]}
    for name in ("IPS", "SNIPS", "PDIS", "WPDIS", "clipped IPS"):
        assert values[name]["value"] == pytest.approx(mean)
    assert next(iter(values)) == "WDR"
    assert values["DM"]["interval"] is None
    assert not found["better"]


@pytest.mark.slow
def test_what_else_a_policy_does_stands_beside(run: Path) -> None:
    found = said("csi", run, more=("--set", "explore=0.4", "--reward", "sale=1"))
    terms = {one["name"]: one for one in found["terms"]}
    assert {"revenue", "revenue_share", "sale", "surplus", "turn"} <= set(terms)
    log = read_logged([run]).decisions
    for name, one in terms.items():
        assert one["log"]["value"] == pytest.approx(log.terms[name].mean())
    assert terms["sale"]["policy"]["value"] == pytest.approx(
        next(v["value"] for v in found["evaluation"]["values"] if v["name"] == "WDR")
    )


@pytest.mark.slow
def test_revenue_beside_is_the_revenue_that_it_is_judged_by(run: Path) -> None:
    found = said("csi", run, more=("--set", "explore=0.4"))
    [beside] = [one for one in found["terms"] if one["name"] == "revenue"]
    [judged] = [one for one in found["evaluation"]["values"] if one["name"] == "WDR"]
    for key in ("value", "gain"):
        assert beside["policy"][key] == pytest.approx(judged[key], abs=0.005)


@pytest.mark.slow
def test_a_far_policy_is_refused_with_a_number(run: Path, tmp_path: Path) -> None:
    show_first().save(tmp_path / "p.json")
    for policy in (tmp_path / "p.json", f"policy:{tmp_path / 'p.json'}"):
        result = evaluate(policy, run)
        assert result.exit_code == 4
        assert "Refused: this log cannot tell what p.json would earn." in result.stdout
        assert "the effective sample size is" in result.stdout
        assert "conversations of this kind might do" in result.stdout
        assert "WDR" not in result.stdout
    found = said(tmp_path / "p.json", run)
    assert found["evaluation"]["refused"]
    assert found["terms"] == []


@pytest.mark.slow
def test_half_its_own_way_a_file_is_near_enough(tmp_path: Path) -> None:
    """A policy's own log, exploring, tells what it earns without exploring as much."""
    show_first().save(tmp_path / "p.json")
    out = talked(
        tmp_path / "run", "--set", "sellers.p.options.explore=0.3",
        "--set", "design.replications=6", sellers=f"policy:{tmp_path / 'p.json'}", profiles=72,
    )  # fmt: skip
    result = evaluate(tmp_path / "p.json", out, more=("--set", "explore=0.1"))
    assert result.exit_code == 0, result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sellers", "policy", "reason"),
    [
        ("csi", "chance", "would do was logged with a probability below 0.01"),
        ("fixed-script", "csi", "of what the policy would do was impossible for the seller"),
        ("random-action", "csi", "the seller searched elsewhere than a policy's seat would"),
    ],
)
def test_some_logs_cannot_tell_however_long(
    tmp_path: Path, sellers: str, policy: str, reason: str
) -> None:
    result = evaluate(policy, talked(tmp_path / "run", sellers=sellers, profiles=60))
    assert result.exit_code == 4
    assert reason in " ".join(result.stdout.split())
    assert "More conversations of this kind would not help." in result.stdout
    assert "options.explore" in result.stdout


@pytest.mark.slow
def test_a_run_of_models_is_refused_and_can_be_mined(run: Path, tmp_path: Path) -> None:
    models = rewritten(run, tmp_path / "models", only("ActionChosen", probabilities=None))
    result = evaluate("csi", models)
    assert result.exit_code == 4
    text = " ".join(result.stdout.split())
    assert "100% of the decisions have no propensities" in text
    assert "It can still be mined for which moves go with buying" in text
    assert "effective sample size" not in text


@pytest.mark.slow
def test_few_profiles_are_refused(tmp_path: Path) -> None:
    result = evaluate("csi", talked(tmp_path / "run", profiles=30))
    assert result.exit_code == 4
    assert "30 clusters (buyer profiles); intervals need 50" in " ".join(result.stdout.split())


@pytest.mark.slow
def test_two_logs_are_one(run: Path, tmp_path: Path) -> None:
    other = talked(tmp_path / "two", "--set", "run.seed=2", profiles=72)
    found = said("csi", run, other)
    assert found["evaluation"]["diagnostics"]["episodes"] == 432 + 72
    assert found["evaluation"]["diagnostics"]["clusters"] == 72


@pytest.mark.parametrize(
    ("policy", "more", "line"),
    [
        ("nobody", (), "error: nobody: is neither a policy's file nor csi or chance"),
        ("policy:gone", (), "error: gone: No such file or directory"),
        ("csi", ("--set", "heat=1"), "heat is not one of its options here; it takes explore, temp"),
        ("csi", ("--set", "explore=2"), "explore = 2: a share from 0 to 1 is needed"),
        ("csi", ("--set", "temperature=0"), "temperature = 0 is no number from 0.001 to 1,000"),
        (
            "chance",
            ("--set", "explore=1"),
            "explore is not one of its options here; it takes no",
        ),
        ("csi", ("--set", "explore"), "error: --set explore: write it as KEY=VALUE"),
        ("csi", ("--reward", "joy=1"), "error: --reward joy=1: write TERM=NUMBER"),
        ("csi", ("--seller", "bob"), "error: --seller bob: in the logs there are only csi"),
        ("csi", ("--conversations", "3000"), "error: --conversations: is for --audit; without it"),
    ],
)
def test_what_does_not_go_is_one_line(
    run: Path, policy: str, more: tuple[str, ...], line: str
) -> None:
    result = evaluate(policy, run, more=more)
    assert result.exit_code == 2
    assert line in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_of_an_amount_beyond_all_sense_only_its_order_is_told() -> None:
    """A weight of nearly 0 leaves widths of eighteen digits in a log that is refused anyway."""
    assert amount(-12345.678, "+") == "-12,345.68" and amount(0.5, "+") == "+0.50"
    assert amount(288054308413162816.0) == "3e+17"
