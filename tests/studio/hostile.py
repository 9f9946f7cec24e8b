"""A run all of whose texts were written by somebody who wants to take over the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from examples.rehearsal_server import reply_to
from tests.sim.modelserver import serving
from tests.sim.runs import launched, scenario

TAGS = "<script>alert(1)</script><img src=x onerror=alert(2)>"
TEXT = (
    f"{TAGS}<a href='javascript:alert(3)'>[x](javascript:alert(4))</a>\u202egnp\u202c"
    "'\"&amp;</td></main>"
)
WORDS = TEXT + "W" * 14_000
"""As long as what is said may be."""
NAME = "<img src=x onerror=alert(5)>'\"&"
"""What neither ids nor folders forbid."""

_SCENARIO = f"""
[products]
per_category = 1
[design]
max_turns = 2
[[sellers]]
id = {json.dumps(NAME)}
agent = "model"
model = "m"
[[buyers]]
id = {json.dumps(f"..{NAME}")}
agent = "model"
model = "m"
[[buyers]]
id = "b?a=1&b=2#c"
agent = "behavioral"
[models.m]
provider = "openai-compatible"
model = "m"
"""
_SAID: dict[str, dict[str, Any]] = {
    "strategy": dict.fromkeys(
        ("target_expansion", "value_proposition", "contextual_urgency", "objection_handling"), TEXT
    ),
    "pitch": dict.fromkeys(
        (
            *("opening_hook", "target_expansion", "qa_integration", "value_validation"),
            "call_to_action",
        ),
        WORDS[:3_000],
    ),
    "answer": {"text": WORDS},
    "message": {"text": WORDS},
    "topics": {"text": WORDS},
    "decision": {"will_purchase": True, "quantity": 2, "review": WORDS[:5_000], "reason": TEXT},
}


def hostile_runs(folder: Path) -> None:
    """Play two runs of two episodes with a hostile product, seller and buyer."""
    (folder / "mine.jsonl").write_text(json.dumps(product()) + "\n", encoding="utf-8")
    with serving(answer) as server:
        path = scenario(folder, f'{_SCENARIO}base_url = "{server.url}"\n')
        for name in (NAME, f"~{NAME}"):
            launched(folder / name, path, "--catalog", folder / "mine.jsonl")


def product() -> dict[str, Any]:
    """The hostile product, as a line of a catalogue."""
    return {
        "parent_asin": "A1<b>",
        "title": TEXT[:150],
        "description": [WORDS, "M" * 2**20],
        "features": [TEXT, TEXT],
        "details": {"Brand": TEXT[:60], TEXT[:40]: TEXT[:60]},
        "store": TEXT[:60],
        "price": 9.99,
        "main_category": "Grocery",
    }


def answer(body: dict[str, Any]) -> tuple[int, Any]:
    """What the hostile model answers."""
    envelope = json.loads(reply_to(body))
    envelope["reply"] |= _SAID.get(envelope["reply"]["kind"], {})
    return 200, json.dumps(envelope)
