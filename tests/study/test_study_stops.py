"""A study whose run cannot go on says in its terminal what to type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sim.modelserver import serving as model_serving
from tests.sim.runs import sim
from tests.study.serving_process import free_port
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
