"""Every prompt of one episode, word by word: who changes one sees it here, and says so.

Renew the file with RENEW_GOLDEN=1 in the environment, and read its diff before committing it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.common.scripted import Lengths, ScriptedModel
from benchmarks.common.stage import Stage
from retailsim.agents.llm.types import ModelConfig
from retailsim.market.catalogue.product import Product

GOLDEN = Path(__file__).with_name("golden_prompts.txt")
PAN = Product(
    id="PAN",
    title="Cast iron pan, 10 inch",
    price_cents=1_999,
    category="Home",
    path=("Kitchen", "Pans"),
    brand="Hearth",
    details={"Material": "Cast iron", "Weight": "5 lb"},
    features=("Works on induction",),
    description="A pan for a lifetime.",
)
SHORT = Lengths(dimension=9, section=20, question=9, answer=9, reason=9, review=9)


def sent() -> list[dict[str, Any]]:
    """The bodies of one episode with a purchase, with their stage and role."""
    config = ModelConfig(
        provider="openai-compatible", model="any", base_url="http://127.0.0.1:1/v1", schema="strict"
    )
    model = ScriptedModel(config, SHORT)
    Stage(PAN, model).play("e", model, inquiry=2, support=2)
    heads = [{"head": f"{one.role}: {one.stage}"} for one in model.samples]
    bodies = [json.loads(one.body) for one in model.samples]
    return [head | body for head, body in zip(heads, bodies, strict=True)]


def rendered(calls: list[dict[str, Any]]) -> Iterator[str]:
    """Each call: its schema and messages, or which call it goes on from and what is new."""
    for number, call in enumerate(calls, 1):
        before, said = continued(calls[: number - 1], call)
        goes_on = f", goes on from call {before} and its answer" if before else ""
        yield f"======== call {number}, {call['head']}{goes_on}"
        if not before:
            yield json.dumps(call["response_format"]["json_schema"]["schema"])
        for message in call["messages"][said:]:
            yield f"---- {message['role']}\n{message['content']}"


def continued(earlier: list[dict[str, Any]], call: dict[str, Any]) -> tuple[int, int]:
    """The latest call whose messages this one begins with, from 1, and how many they are."""
    for number, other in reversed(list(enumerate(earlier, 1))):
        said = len(other["messages"])
        same = call["response_format"] == other["response_format"]
        if same and call["messages"][:said] == other["messages"]:
            return number, said
    return 0, 0


def test_the_prompts_of_an_episode_are_those_that_were_read_and_agreed_to() -> None:
    now = "\n".join(rendered(sent())) + "\n"
    if os.environ.get("RENEW_GOLDEN"):
        GOLDEN.write_text(now, "utf-8")
    assert now == GOLDEN.read_text("utf-8"), (
        "the prompts changed; if that is meant, run this test with RENEW_GOLDEN=1 and commit "
        f"{GOLDEN.name} with them"
    )


def test_each_task_names_the_kind_of_its_reply_and_nothing_is_left_unfilled() -> None:
    for call in sent():
        task = call["messages"][-1]["content"]
        kind = call["head"].split(": ")[1].split(",")[0]
        assert task.endswith(f'Reply of kind "{kind}".')
        said = "".join(m["content"] for m in call["messages"] if m["role"] != "assistant")
        assert "{" not in said
        assert "None" not in said
