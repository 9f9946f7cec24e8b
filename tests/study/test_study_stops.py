"""A study whose run cannot go on says in its terminal what to type."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from retailsim.sim.folder.run_folder import RunFolder
from tests.sim.modelserver import serving as model_serving
from tests.sim.ports import free_port
from tests.sim.runs import sim
from tests.study.slow_partner import SLOW

pytestmark = pytest.mark.slow


def test_a_partner_who_is_refused_ends_it_with_the_command_that_goes_on(tmp_path: Path) -> None:
    def refuses(body: dict[str, Any]) -> tuple[int, Any]:
        return 401, {"error": {"message": "no such key"}}

    run, scenario = tmp_path / "run", tmp_path / "slow.toml"
    with model_serving(refuses) as server:
        scenario.write_text(SLOW.format(url=server.url))
        flags = ("--seats", 1, "--bots", 1, "--port", free_port())
        ended = sim("study", scenario, "--out", run, *flags)
    assert ended.exit_code != 0
    again = f"python -m sim study {run}"
    assert f"once this is mended: {again}\n" in ended.stderr
    assert ended.stderr.rstrip().endswith(f": {again}") and "sim play" not in ended.stderr


def test_a_budget_that_is_used_up_is_raised_by_the_command_that_is_said(tmp_path: Path) -> None:
    run, scenario = tmp_path / "run", tmp_path / "slow.toml"
    flags = ("--bots", 1, "--port", free_port())
    with model_serving() as server:
        paid = 'price = { input = 1.0, output = 2.0 }\nbase_url = "{url}"'
        text = SLOW.replace('base_url = "{url}"', paid.replace("{ ", "{{ ").replace(" }", " }}"))
        scenario.write_text(text.format(url=server.url))
        stopped = sim("study", scenario, "--out", run, "--seats", 1, "--budget", 0.001, *flags)
        [budget] = re.findall(rf"study {run} --budget ([0-9.]+)\n", stopped.stderr)
        assert not server.bodies
        again = sim("study", run, "--budget", budget, *flags)
        assert again.exit_code == 0, again.stderr
        assert server.bodies and RunFolder(run).read().budget == float(budget)
        refused = sim("study", run, "--set", "design.max_turns=3", *flags)
        assert refused.exit_code != 0 and "Traceback" not in refused.stderr
    assert sim("verify", run).exit_code == 0
