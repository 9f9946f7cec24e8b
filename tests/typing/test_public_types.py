"""The public types are what they are meant to be: asked of mypy, with the project's settings."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sim.runs import ROOT

pytest.importorskip("mypy")

FOLDER = Path(__file__).parent
REFUSED = (FOLDER / "refused.py").read_text()
IGNORE = re.compile(r"  # type: ignore\[([a-z-]+)\]$")


def mypy(*files: Path) -> subprocess.CompletedProcess[str]:
    settings = ("--config-file", ROOT / "pyproject.toml", "--no-error-summary")
    command = [sys.executable, "-m", "mypy", *map(str, (*settings, *files))]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def expected() -> dict[int, tuple[str, str]]:
    """Line -> the message's beginning, and its code."""
    lines = REFUSED.splitlines()
    found = {}
    for number, line in enumerate(lines, 1):
        if match := IGNORE.search(line):
            found[number] = lines[number - 2].strip().removeprefix("# "), match[1]
    return found


@pytest.mark.slow
def test_what_is_right_is_accepted_and_what_is_wrong_refused(tmp_path: Path) -> None:
    bare = tmp_path / "bare.py"
    bare.write_text("\n".join(IGNORE.sub("", line) for line in REFUSED.splitlines()))
    said = mypy(FOLDER / "accepted.py", bare)
    told = {}
    for line in said.stdout.splitlines():
        if match := re.fullmatch(r"(.+):(\d+): error: (.*)  \[([a-z-]+)\]", line):
            assert Path(match[1]).name == "bare.py", line
            told[int(match[2])] = (match[3], match[4])
    wanted = expected()
    assert len(wanted) > 10 and set(told) == set(wanted), said.stdout
    for number, (message, code) in wanted.items():
        assert told[number][0].startswith(message) and told[number][1] == code
