"""What a dry run expects is what a run takes whose texts are as long as published ones."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from benchmarks.common.scripted import words
from retailsim.agents.llm.gateway.prefix import read_text
from retailsim.market.protocols.retail.values import DIMENSIONS, SECTIONS, TOPICS
from tests.sim.budget.test_estimate import estimated
from tests.sim.modelserver import completion, serving
from tests.sim.runs import replayed, scenario, sim

INQUIRIES, COMPLAINTS = (0, 100, 85, 50, 65), (0, 64, 49, 15, 22)
"""Dialogues of 1, 2, .. exchanges in the published trajectories."""
PURCHASES = 0.68
REVIEWS = {"pitch": 39, "pre_inquiry": 34, "post_inquiry": 36, "product": 73}
"""Words of a published review."""
PERSONAS = (
    'rationality = "rational"',
    'rationality = "emotional"',
    'pickiness = "picky"',
    'pickiness = "easygoing"',
)
SCENARIO = """
[products]
per_category = 4
{seats}
[models.local]
provider = "openai-compatible"
model = "my-llama"
base_url = "{url}"
schema = "{schema}"
price = {{ input = 1.0, output = 2.0 }}
"""


class Published:
    """Answers with texts `times` as long as published ones.

    Its draws are spread evenly over who asks, so that 64 episodes are near their mean.
    """

    STEPS: Mapping[str, float] = {"inquiry": 5**0.5, "support": 2**0.5, "decision": 3**0.5}

    def __init__(self, times: float = 1.0, schema: str = "grammar") -> None:
        self._times = times
        self.schema = schema
        self._schema_read = schema == "strict"
        self._seen: dict[str, dict[str, int]] = {name: {} for name in self.STEPS}

    def _draw(self, about: str, who: str) -> float:
        number = self._seen[about].setdefault(who, len(self._seen[about]))
        return (number + 0.5) * self.STEPS[about] % 1.0

    def __call__(self, body: dict[str, Any]) -> tuple[int, Any]:
        """Answer, and count a token for every four bytes that a model reads or writes."""
        reply = self._reply(body["messages"])
        answer = json.dumps({"reply": reply})
        sent = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        read = {"prompt_tokens": len(read_text(sent, schema_read=self._schema_read)) // 4}
        usage = read | {"completion_tokens": len(answer) // 4}
        return 200, completion(body, answer) | {"usage": usage}

    def _reply(self, messages: Sequence[dict[str, str]]) -> dict[str, Any]:
        heard = [message["content"] for message in messages if message["role"] == "user"]
        said = [message["content"] for message in messages if message["role"] == "assistant"]
        kind = re.findall(r'eply of kind "(\w+)"', " ".join(heard))[-1]
        return {"kind": kind, **self._of(kind, heard, said)}

    def _of(self, kind: str, heard: Sequence[str], said: Sequence[str]) -> dict[str, Any]:
        who = heard[0]

        now = sha256(repr(said).encode()).hexdigest()[:8]

        def say(count: int, about: str) -> str:
            return words(round(count * self._times), about, now)

        match kind:
            case "strategy":
                plan: dict[str, Any] = {name: say(45, name) for name in DIMENSIONS}
                return plan | {"persuasion": "value per use"}
            case "pitch":
                return {name: say(86, name) for name in SECTIONS}
            case "answer":
                return {"text": say(100 if "Order ORD" in who else 83, "answer")}
            case "topics":
                first = {"rating": 4, "review": say(REVIEWS["pitch"], "pitch")}
                asked = {"reason": say(30, "why"), "text": say(45, "question")}
                return {**first, "topics": TOPICS[:2], **asked}
            case "message":
                if any('"topics"' in text for text in said):
                    last = drawn(INQUIRIES, self._draw("inquiry", who))
                else:
                    last = drawn(COMPLAINTS, self._draw("support", who))
                return {"text": say(45, "question"), "closes": len(said) + 1 >= last}
            case "decision":
                buys = self._draw("decision", who) < PURCHASES
                given: dict[str, Any] = {"rating": 4, "sentiment": "Positive"}
                given |= {"review": say(REVIEWS["pre_inquiry"], "talk")}
                given |= {"quantity_reason": say(20, "one")}
                return {
                    "will_purchase": buys,
                    "quantity": int(buys),
                    "reason": say(65, "r"),
                } | given
            case "settlement":
                agreed = {"resolution": say(6, "new"), "reason": say(12, "agreed")}
                kept = {"refund_quantity": 0, "refund_shipping": False}
                return {"outcome": "exchanged"} | agreed | kept
            case _:
                [late] = re.findall(r"Review ([a-z_, ]+) \(", heard[-1])
                return {
                    "reviews": [review(one, say(REVIEWS[one], one)) for one in late.split(", ")]
                }


def review(aspect: str, text: str) -> dict[str, Any]:
    recommends = True if aspect == "product" else None
    return {"aspect": aspect, "rating": 4, "text": text, "would_recommend": recommends}


def drawn(shares: Sequence[int], draw: float) -> int:
    """Return a number of exchanges, in the published shares."""
    left = draw * sum(shares)
    for number, share in enumerate(shares, 1):
        left -= share
        if left < 0.0:
            return number
    return len(shares)


def compared(folder: Path, answering: Published) -> dict[str, float]:
    """What was expected, by what it then took."""
    with serving(answering) as server:
        model = 'agent = "model"\nmodel = "local"\n'
        seats = (
            f'[[sellers]]\nid = "s"\n{model}persona = {{ rationality = "rational" }}\n'
            + "".join(
                f'[[buyers]]\nid = "b{number}"\n{model}persona = {{ {trait} }}\n'
                for number, trait in enumerate(PERSONAS)
            )
        )
        text = SCENARIO.format(seats=seats, url=server.url, schema=answering.schema)
        path = scenario(folder, text)
        before = estimated(path)
        result = sim("launch", path, "--out", folder / "run")
        assert result.exit_code == 0, result.stderr
    [model] = before["models"]
    took = replayed(folder / "run")["cost"]
    found = {name: model[name] / took[name] for name in ("calls", "input_tokens", "output_tokens")}
    return found | {"dollars": before["dollars"] * 1e9 / took["cost_nanousd"]}


@pytest.mark.slow
@pytest.mark.parametrize("schema", ["strict", "grammar"])
def test_a_run_with_texts_as_long_as_published_takes_what_was_expected(
    schema: str, tmp_path: Path
) -> None:
    """64 episodes; within a tenth, calls and tokens and dollars."""
    assert compared(tmp_path, Published(schema=schema)) == pytest.approx(
        {"calls": 1.0, "input_tokens": 1.0, "output_tokens": 1.0, "dollars": 1.0}, abs=0.1
    )


@pytest.mark.slow
def test_a_run_with_longer_texts_takes_more_than_was_expected(tmp_path: Path) -> None:
    """So the test above can tell."""
    found = compared(tmp_path, Published(times=1.5))
    assert found["calls"] == pytest.approx(1.0, abs=0.1)
    assert max(found["input_tokens"], found["output_tokens"], found["dollars"]) < 0.9
