"""Files that other programs read about the project: how it is cited, what runs before a commit."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

ROOT = Path(__file__).resolve().parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_the_citation_is_valid_and_of_this_version() -> None:
    """What the Citation File Format 1.2.0 requires is there, and what it says is true."""
    cited = read("CITATION.cff")
    assert cited["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= cited.keys()
    assert cited["type"] == "software"
    assert cited["version"] == PROJECT["project"]["version"]
    assert cited["license"] == PROJECT["project"]["license"]
    assert cited["authors"] == PROJECT["project"]["authors"]


def test_before_a_commit_the_checks_of_make_lint_run_and_nothing_is_downloaded() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    checks = makefile.split("\nlint:")[1].split("\n\n")[0]
    [repository] = read(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    hooks = {
        " ".join(hook["entry"].split()[:2]).removesuffix(" --fix") for hook in repository["hooks"]
    }
    wanted = re.findall(r"\$\(BIN\)/([\w-]+(?: [a-z]+)?)", checks)
    assert hooks == {f".venv/bin/{check}" for check in wanted}
