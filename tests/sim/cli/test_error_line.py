"""One line and one status for whatever went wrong."""

from __future__ import annotations

import errno
import os

import pytest

from retailsim.events.errors import RetailSimError
from retailsim.market.core import plugin_code
from retailsim.sim.error_line import line_and_status, root
from retailsim.sim.errors import ModelsStopped


class Wrong(RetailSimError):
    """Something that a user can set right."""


@pytest.mark.parametrize(
    ("error", "line", "status"),
    [
        (Wrong("this is wrong"), "this is wrong", 2),
        (ModelsStopped("out of money"), "out of money", 3),
        (ModelsStopped("no such key", wrong=True), "no such key", 2),
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "log"),
            "log: No space left on device; what is written is kept: free some space",
            3,
        ),
        (
            OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
            "the disk: Disk quota exceeded; what is written is kept: free some space",
            3,
        ),
        (
            ValueError("embedded null byte"),
            "a file's name cannot hold the character NUL, nor half of a character",
            2,
        ),
        (
            UnicodeEncodeError("utf-8", "a\ud800", 1, 2, "surrogates not allowed"),
            "a file's name cannot hold the character NUL, nor half of a character",
            2,
        ),
        (PermissionError(errno.EACCES, "Permission denied", "out"), "out: Permission denied", 2),
    ],
)
def test_what_a_user_can_cause_is_one_line(
    error: Exception, line: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert line_and_status(error) == (line, status)
    assert capsys.readouterr().err == "", "and no traceback"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (KeyError("x"), "unexpected KeyError: 'x'"),
        (OSError(errno.EIO, "broken"), "unexpected OSError: [Errno 5] broken"),
    ],
)
def test_a_bug_of_ours_shows_where_it_happened(
    error: Exception,
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Another test of this process may have named an agent of these tests as a plug-in.
    monkeypatch.setattr(plugin_code, "_NAMED", set())
    try:
        raise error
    except Exception as raised:  # noqa: BLE001 - whatever it is
        assert line_and_status(raised) == (line, 1)
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "test_error_line.py" in said


def test_an_error_inside_of_task_groups_is_the_one_that_is_told() -> None:
    inner = Wrong("this is wrong")
    group = BaseExceptionGroup("one", [ExceptionGroup("two", [inner]), KeyboardInterrupt()])
    assert root(group) is inner
    assert root(inner) is inner
    assert line_and_status(group) == ("this is wrong", 2)
