"""The command that brings an extra is one that a shell takes."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from retailsim.events.extras import how_to_install

ROOT = Path(__file__).resolve().parents[2]


def test_from_a_clone_it_is_the_project_at_the_tested_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/some/python")
    monkeypatch.chdir(ROOT)
    begin = ["/some/python", "-m", "pip", "install", "-c"]
    assert shlex.split(how_to_install("zstd")) == [*begin, "constraints.txt", "-e", ".[zstd]"]
    monkeypatch.chdir(tmp_path)
    away = shlex.split(how_to_install("zstd"))
    assert away == [*begin, str(ROOT / "constraints.txt"), "-e", f"{ROOT}[zstd]"]
