"""The studio's scripts are its own, and run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from retailsim.sim.studio.site.static_files import STUDIOS

FOREIGN = re.compile(
    r"""\b(?:from|import)\s*\(?\s*["'](?!\./)"""  # of another place than the folder
    r"|https?://|\beval\b|\bnew Function\b|\bimportScripts\b"
    r"|\.innerHTML\b|\.outerHTML\s*=[^=]|insertAdjacentHTML|document\.write"
)
SCRIPTS = sorted(STUDIOS.rglob("*.js"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_takes_nothing_from_elsewhere_and_makes_no_text_html(script: Path) -> None:
    assert FOREIGN.findall(script.read_text(encoding="utf-8")) == []


def test_scripts_lie_side_by_side() -> None:
    assert len(SCRIPTS) > 2
    assert {path.parent for path in SCRIPTS} == {STUDIOS}


@pytest.mark.parametrize(
    "line",
    [
        'import { html } from "lit";',
        'import "https://elsewhere.example/x.js";',
        'const lit = await import("../lit.js");',
        "list.innerHTML = text;",
        "list.outerHTML = text;",
        "eval(text);",
    ],
)
def test_a_planted_line_is_found(line: str) -> None:
    assert FOREIGN.search(line)


@pytest.mark.parametrize("line", ['import { rows } from "./rows.js";', "a.outerHTML === b"])
def test_what_is_right_is_not(line: str) -> None:
    assert not FOREIGN.search(line)
