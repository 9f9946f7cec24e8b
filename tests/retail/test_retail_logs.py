"""Retail logs as decisions: read back, evaluated, audited and learnt from; nothing is executed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from retailsim.agents.policy.linear import read_policy
from retailsim.agents.retail.policy.actions import OPTION_NAMES
from retailsim.agents.retail.policy.by_hand import by_the_sheet
from retailsim.agents.retail.policy.features import TABLE
from retailsim.market.core.propensities import WHOLE
from retailsim.sim.learning.retail.logged import RetailLogs
from retailsim.sim.learning.retail.targets import OfPolicy
from tests.environments.walk import assert_told, walked
from tests.learning.logged_runs import only, rewritten
from tests.sim.runs import events_of, launched, sim


def pitched(out: Path, *more: object, explore: float = 0.5, products: int = 13) -> Path:
    """Launch episodes of the baseline, which explores."""
    by_the_sheet().save(out.parent / "p.json")
    launched(
        out, "pairwise", "--sellers", f"policy:{out.parent / 'p.json'}",
        "--set", f"sellers.p.options.explore={explore}",
        "--set", f"products.per_category={products}", *more,
    )  # fmt: skip
    return out


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """260 episodes with 52 products, each pitch heard by five buyers."""
    return pitched(tmp_path_factory.mktemp("run") / "run")


def test_an_environments_numbers_come_back_from_its_log(tmp_path: Path) -> None:
    gymnasium = pytest.importorskip(
        "gymnasium", reason="gymnasium is not installed: the extra rl has it"
    )
    import retailsim.envs  # noqa: F401 - registers it

    reward = {"revenue": 1.0, "turn": -0.5, "satisfaction": 2.0, "violations": -1.0}
    env = gymnasium.make(
        "retailsim/Retail-v0", out=tmp_path / "run", episodes=20, reward=reward,
        settings={"products.per_category": 1},
    )  # fmt: skip
    given = walked(env, episodes=20)
    found = RetailLogs().read([tmp_path / "run"], reward=reward).decisions
    assert found.adaptive
    assert_told(found, given)


@pytest.mark.slow
def test_rows_are_what_the_log_says(run: Path) -> None:
    same = OfPolicy(by_the_sheet(), 0.5)
    logged = RetailLogs().read([run], others=[same])
    found = logged.decisions
    np.testing.assert_allclose(logged.others[0], found.propensities, atol=2 / WHOLE)
    choices = events_of(run, "SellerChose")
    pitches = {one["market"]: one for one in choices if one["stage"] == "pitch"}
    firsts = found.chosen[found.starts]
    for name, first in zip(found.ids, firsts, strict=True):
        assert OPTION_NAMES[first] == pitches[name.rsplit("/", 1)[0]]["option"]
    assert len(found) == len(choices) - len(pitches) + len(found.ids)
    assert sorted(found.clusters) == sorted({name.split("/")[0] for name in found.ids})
    paid = dict.fromkeys(found.ids, 0.0)
    for one in events_of(run, "OrderPlaced"):
        paid[one["episode"]] += one["unit_price_cents"] * one["quantity"] / 100
    for one in events_of(run, "RefundIssued"):
        paid[one["episode"]] -= one["amount_cents"] / 100
    np.testing.assert_allclose(found.returns, [paid[name] for name in found.ids], atol=1e-9)


@pytest.mark.slow
def test_a_policy_is_judged_by_a_log(run: Path) -> None:
    policy = run.parent / "p.json"
    own = sim("policy", "evaluate", policy, "--set", "explore=0.5", "--log", run, "--json")
    assert own.exit_code == 0, own.stderr
    found = json.loads(own.stdout)["evaluation"]
    for one in found["values"]:
        if one["name"] in ("IPS", "SNIPS", "PDIS", "WPDIS", "clipped IPS"):
            assert one["value"] == pytest.approx(found["logged"]["value"], rel=1e-6)
    far = sim("policy", "evaluate", "chance", "--log", run)
    assert far.exit_code == 4
    assert "Refused: this log cannot tell what chance would earn." in far.stdout
    assert "chance, by 260 conversations of p" in far.stdout
    assert "products (clusters)" in far.stdout
    assert "csi" not in far.stdout


@pytest.mark.slow
def test_revenue_beside_is_the_revenue_that_it_is_judged_by(run: Path) -> None:
    """A refund follows a later choice than the sale, and both tables have to count it there."""
    told = ("--set", "explore=0.4", "--log", run, "--json")
    found = json.loads(sim("policy", "evaluate", run.parent / "p.json", *told).stdout)
    [beside] = [one for one in found["terms"] if one["name"] == "revenue"]
    [judged] = [one for one in found["evaluation"]["values"] if one["name"] == "WDR"]
    for key in ("value", "gain"):
        assert beside["policy"][key] == pytest.approx(judged[key], abs=0.005)
    assert beside["log"]["value"] == pytest.approx(found["evaluation"]["logged"]["value"])
    decisions = RetailLogs().read([run]).decisions
    last = np.append(decisions.starts[1:], len(decisions)) - 1
    early = np.delete(decisions.parts["revenue"], last)
    assert early.any(), "in this log revenue is decided before the last choice"


@pytest.mark.slow
def test_an_audit_plays_for_the_truth(run: Path) -> None:
    told = ("--set", "explore=0.3", "--audit", "--conversations", 1_000, "--json", "--log", run)
    result = sim("policy", "evaluate", run.parent / "p.json", *told)
    assert result.exit_code == 0, result.stderr
    audit = json.loads(result.stdout)["audit"]
    estimate = next(one for one in audit["estimators"] if one["name"] == "WDR")
    assert abs(estimate["bias"]) < 3 * (estimate["rmse"] + audit["truth_error"])
    assert audit["gain"] > -3 * audit["gain_error"]
    without = sim("policy", "evaluate", "by-the-sheet", *told)
    assert without.exit_code == 2
    assert "has no seat of its own, so it cannot be played" in without.stderr


@pytest.mark.slow
def test_a_policy_is_learnt_from_a_log_and_judged_by_the_other_products(
    run: Path, tmp_path: Path
) -> None:
    result = sim("policy", "learn", run, "--out", tmp_path / "q.json")
    assert result.exit_code == 0, result.stderr
    taught = "learnt from 130 conversations with 26 products, paid in revenue_share x 1, "
    assert f"fitted-q: {taught}" in result.stdout
    assert (
        "130 conversations with 26 others: keep the old one: the logs cannot tell" in result.stdout
    )
    learnt = read_policy(tmp_path / "q.json", TABLE)
    assert learnt.learnt is not None
    assert learnt.learnt.conversations == 130
    launched(
        tmp_path / "run", "pairwise", "--sellers", f"policy:{tmp_path / 'q.json'}",
        "--set", "products.per_category=1",
    )  # fmt: skip


@pytest.mark.slow
def test_without_propensities_nothing_is_estimated_and_learning_goes(
    run: Path, tmp_path: Path
) -> None:
    people = rewritten(run, tmp_path / "people", only("SellerChose", probabilities=None))
    result = sim("policy", "evaluate", run.parent / "p.json", "--log", people)
    assert result.exit_code == 4
    assert "100% of the decisions have no propensities" in " ".join(result.stdout.split())
    limited = ("--limit", "refund=0.5")
    learnt = sim("policy", "learn", people, "--out", tmp_path / "q.json", *limited)
    assert learnt.exit_code == 0
    assert "refund at most 0.5: no promise, play it with others to see" in learnt.stdout
    assert "keep the old one: 100% of the decisions have no propensities" in learnt.stdout


@pytest.mark.parametrize("command", ["evaluate", "learn"])
def test_sellers_that_say_nothing_of_their_choices_are_refused(
    run: Path, tmp_path: Path, command: str
) -> None:
    launched(tmp_path / "run", "pairwise", "--set", "products.per_category=1")
    end = {"evaluate": ("chance", "--log", tmp_path / "run"),
           "learn": (tmp_path / "run", "--out", tmp_path / "q.json")}  # fmt: skip
    result = sim("policy", command, *end[command])
    assert result.exit_code == 2
    assert "its sellers do not say what they chose from" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("policy", "more", "line"),
    [
        ("nobody", (), "nobody: is neither a policy's file nor by-the-sheet or chance"),
        (
            "by-the-sheet",
            ("--set", "heat=1"),
            "heat is not one of its options here; it takes exp",
        ),
        ("chance", ("--reward", "joy=1"), "--reward joy=1: write TERM=NUMBER, with a term out of"),
        ("chance", ("--seller", "bob"), "--seller bob: in the logs there are only p"),
    ],
)
def test_what_does_not_go_is_one_line(
    run: Path, policy: str, more: tuple[str, ...], line: str
) -> None:
    result = sim("policy", "evaluate", policy, *more, "--log", run)
    assert result.exit_code == 2
    assert line in result.stderr
    assert result.stderr.count("\n") == 1


def test_options_that_nobody_knows_are_named(run: Path, tmp_path: Path) -> None:
    strange = rewritten(run, tmp_path / "x", only("SellerChose", option="Sing", options=["Sing"]))
    result = sim("policy", "evaluate", "chance", "--log", strange)
    assert result.exit_code == 2
    assert "the run's table has no option 'Sing'" in result.stderr
