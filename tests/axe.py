"""axe-core, which finds what keeps people from using a page; from npm, since it is not shipped."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

PACKAGE = "axe-core@4.14.1"
FLAGS = ("--ignore-scripts", "--no-audit", "--no-fund")
OPEN = "() => document.querySelectorAll('details').forEach(one => { one.open = true; })"
ASK = """() => axe.run().then(found => found.violations.flatMap(
    rule => rule.nodes.map(node => `${rule.id}: ${node.html}`)))"""


def axe(page: Page) -> list[str]:
    """Return what axe-core finds wrong on a page, a line each; what is folded is opened."""
    page.wait_for_load_state()  # a click ends when its page begins to come, without its colours
    page.evaluate(OPEN)
    if not page.evaluate("'axe' in window"):
        page.evaluate(_library())
    found: list[str] = page.evaluate(ASK)
    return found


@cache
def _library() -> str:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    with TemporaryDirectory(prefix="retailsim-axe-") as folder:
        done = subprocess.run(
            [npm, "install", *FLAGS, "--prefix", folder, PACKAGE],
            capture_output=True,
            timeout=240,
            check=False,
        )
        if done.returncode:
            pytest.skip("npm could not install the package: no network?")
        return Path(folder, "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
