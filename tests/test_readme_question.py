"""The question that the README asks first: its commands print what stands below them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.sim.runs import sim

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
QUESTION = re.search(
    r"((?:^    python -m sim [^\n]*\n)+)\n```\n(.*?)^\[\.\.\.\]$", README, re.M | re.S
)
OVERVIEW = re.search(r"^```\nruns/pairwise-[-\d]+\n(.*?)^run: runs/pairwise-", README, re.M | re.S)


def plain(text: str) -> list[str]:
    """The lines that say something."""
    return [line.rstrip() for line in text.splitlines() if line.strip()]


@pytest.mark.slow
def test_the_readme_shows_what_its_first_question_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert QUESTION and OVERVIEW
    printed = []
    for command in QUESTION[1].splitlines():
        result = sim(*shlex.split(command)[3:])
        assert result.exit_code == 0, result.stderr
        printed.append(plain(result.stdout))
    launched, _, compared = printed
    shown = plain(QUESTION[2])
    assert len(shown) > 20
    assert compared[: len(shown)] == shown
    words = OVERVIEW[1].split()
    assert len(words) > 200
    assert " ".join(launched).split()[1 : 1 + len(words)] == words
