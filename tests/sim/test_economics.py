"""The three regularities: judged by their intervals, for every agent that plays the buyers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retailsim.analysis.experiments.economics import (
    FIT,
    NOT_REPRODUCED,
    REPRODUCED,
    UNDECIDED,
    verdict,
)
from retailsim.analysis.experiments.outcomes import JudgedClaim
from retailsim.analysis.projection.loader import load
from retailsim.analysis.statistics.values import Interval, Test
from tests.sim.runs import sim


def found(low: float, high: float, p: float | None = 0.01) -> JudgedClaim:
    test = Test(method="x", estimate=(low + high) / 2, p=p, interval=Interval(low, high, "x"))
    return JudgedClaim(claim="", test=test, adjusted_p=p)


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (found(0.01, 0.2), REPRODUCED),
        (found(0.01, 0.2, p=0.2), UNDECIDED),
        (found(-0.1, 0.2), UNDECIDED),
        (found(-0.2, -0.1), NOT_REPRODUCED),
        (found(-0.02, 0.02), NOT_REPRODUCED),
        (found(-0.02, FIT + 0.001), UNDECIDED),
        (JudgedClaim(claim="", test=Test(method="x", note="no episodes")), UNDECIDED),
    ],
)
def test_a_verdict_follows_from_the_interval(finding: JudgedClaim, said: str) -> None:
    assert verdict(finding, FIT) == said


def test_every_agent_is_judged_by_its_own_episodes(tmp_path: Path) -> None:
    words = ("--buyers", "careful-saver,easy-shopper", "--set", "design.replications=1")
    result = sim("experiment", "economics", "--out", tmp_path / "out", "--json", *words)
    assert result.exit_code == 0, result.stderr
    outcome = json.loads(result.stdout)["outcome"]
    assert len(outcome["findings"]) == 6
    assert {finding["verdict"] for finding in outcome["findings"]} <= {
        REPRODUCED,
        NOT_REPRODUCED,
        UNDECIDED,
    }
    episodes = load(tmp_path / "out" / "demographic").episodes
    for who in ("careful-saver", "easy-shopper"):
        [row] = [row for row in outcome["rows"] if row["label"] == f"{who}: bought"]
        for value, own in zip(row["values"], (True, False), strict=True):
            some = [
                one
                for one in episodes.iter_rows(named=True)
                if one["buyer"].endswith(f"@{who}")
                and one["audience"] in ("men", "women")
                and ((one["audience"] == "men") == (one["buyer_gender"] == "male")) == own
            ]
            share = sum(one["orders"] > 0 for one in some) / len(some)
            assert value["measured"]["value"] == pytest.approx(share)


@pytest.mark.slow
def test_the_behavioral_agents_reproduce_all_three_at_the_papers_sizes(tmp_path: Path) -> None:
    result = sim("experiment", "economics", "--out", tmp_path / "out", "--json")
    verdicts = [one["verdict"] for one in json.loads(result.stdout)["outcome"]["findings"]]
    assert verdicts == [REPRODUCED] * 3
