"""The blocks of Python on docs/people.md."""

from __future__ import annotations

import re

from tests.sim.runs import ROOT

PAGE = ROOT / "docs" / "people.md"


def block(part: str) -> str:
    """Return the one block in which this stands."""
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    [found] = [text for text in blocks if part in text]
    return str(found)
