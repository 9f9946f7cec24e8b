"""The page of a shop's own questions: every command on it prints what stands below it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from retailsim.sim.terminal.program_name import VARIABLE
from tests.sim.ports import free_port
from tests.sim.runs import sim
from tests.site.page_steps import warnings_in
from tests.test_first_model_run import serving

PAGE = (Path(__file__).parents[1] / "docs" / "shop-questions.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^    retailsim (\S[^\n]*)\n\n```\n(.*?)^```$", PAGE, re.M | re.DOTALL)


def plain(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


@pytest.mark.slow
def test_every_command_prints_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, "retailsim")
    assert len(SHOWN) == PAGE.count("\n    retailsim ") >= 14
    port = free_port()
    with serving(port):
        for command, output in SHOWN:
            result = sim(*shlex.split(command.replace(":8080/", f":{port}/")))
            assert result.exit_code == 0, result.stderr
            assert plain(result.stdout) == plain(output), command
            assert not [one for one in warnings_in(result.stderr) if one not in PAGE], command
