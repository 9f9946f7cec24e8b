"""A place that can never be written is wrong input; a full disk is a stop."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from retailsim.sim.errors import CannotWrite
from tests.sim.runs import SMALL, sim


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (errno.ENOSPC, 3),
        (errno.EDQUOT, 3),
        (errno.EIO, 3),
        (errno.ENOTDIR, 2),
        (errno.EACCES, 2),
        (errno.EROFS, 2),
        (errno.ENAMETOOLONG, 2),
    ],
)
def test_the_status_follows_from_what_the_system_says(code: int, status: int) -> None:
    error = CannotWrite("out", OSError(code, os.strerror(code)), "name another")
    assert error.exit_status == status
    assert str(error) == f"out: {os.strerror(code)}; name another"


def test_a_cause_without_a_name_is_still_said() -> None:
    assert str(CannotWrite("out", OSError("odd"), "name another")) == "out: odd; name another"


@pytest.mark.parametrize("below", ["file/run", "x" * 300])
@pytest.mark.parametrize("words", [("launch", *SMALL), ("experiment", "demographic")])
def test_an_impossible_out_is_wrong_input(
    words: tuple[str, ...], below: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    result = sim(*words, "--out", tmp_path / below)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert below.split("/")[0][:60] in result.stderr
