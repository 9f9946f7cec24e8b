"""Every block of docs/python.md, and the one of the README, works as it stands."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from retailsim.sim.api.listener import Listener
from tests.sim.runs import ROOT

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[str]:
    return BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))


def executed(code: str, names: dict[str, Any]) -> None:
    """Run a block as a notebook's cell is run: it may await."""
    compiled = compile(code, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if compiled.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(compiled, names))
    else:
        exec(compiled, names)


@pytest.mark.slow
def test_the_page_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All blocks in one notebook, from top to bottom; nothing in them is without effect."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    told: list[str] = []
    monkeypatch.setattr(Listener, "say", lambda self, text: told.append(text))
    for block in blocks("docs/python.md"):
        executed(block, names)
    said = capsys.readouterr().out
    assert not [line for line in told if line.startswith("warning: ")]
    assert "% bought, " in said and "pairwise: design.discount: " in said
    assert "conversion_rate " in said
    assert [row["seller"] for row in names["mine"].measures()["sellers"]] == [
        "Plain",
        "behavioral",
        "loud",
    ]
    assert names["mine"].measures()["overall"]["failed"] == 0
    assert names["found"].outcome.findings


@pytest.mark.slow
def test_the_readme_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ten lines at most."""
    monkeypatch.chdir(tmp_path)
    (code,) = [block for block in blocks("README.md") if "retailsim.run(" in block]
    assert len(code.splitlines()) <= 10
    executed(code, {})


def test_the_reference_is_that_of_the_docstrings() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "api_reference.py"))
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert page == made["reference"](), "run `make map`"
