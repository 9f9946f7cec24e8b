"""An experiment has all that it needs before anything of it is played: each miss is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.analysis.protocol import ProtocolAnalysis
from retailsim.market.protocols.registry import find_protocol, typed_layer
from retailsim.sim.experiments.presets import ABOUT, EXPERIMENTS, ExperimentArm
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.scenario.scenario_file import decode, read_tree
from retailsim.sim.scenario.settings import lay_over
from tests.sim.experiments.test_experiment import SMALL

PAGE = Path(__file__).resolve().parents[3] / "docs" / "experiments.md"


def scenario_of(arm: ExperimentArm) -> Scenario:
    """The arm's scenario with its settings, as it is played."""
    tree, folder = read_tree(arm.scenario)
    lay_over(tree, arm.settings)
    return decode(tree, arm.scenario, folder)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_its_protocol_has_its_table(name: str) -> None:
    """Played first, it would say so only when all its runs are there and paid for."""
    for arm in EXPERIMENTS[name]:
        protocol = find_protocol(scenario_of(arm).design.protocol)
        known = typed_layer(protocol, "analysis", ProtocolAnalysis).experiments()
        assert name in known, f"no table of this name in the ANALYSIS of {protocol.name}"


@pytest.mark.parametrize("name", ABOUT)
def test_it_is_on_the_page(name: str) -> None:
    assert f"| `{name}` |" in PAGE.read_text(), "no row in docs/experiments.md"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_it_is_played_small_by_the_slow_tests(name: str) -> None:
    assert name in SMALL, "no size in SMALL of tests/sim/experiments/test_experiment.py"
