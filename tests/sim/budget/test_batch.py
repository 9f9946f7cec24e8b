"""Questions to one model outside of runs: a hard budget, everything kept, failures counted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from retailsim.agents.llm.types import Call, Say
from retailsim.events.errors import UnusableOutput
from retailsim.events.messages import ModelCalled
from retailsim.sim.budget.batch import Ask, ModelBatch, Spent
from retailsim.sim.errors import BadScenario, CannotWrite, ModelsStopped
from tests.sim.modelserver import serving

SETTINGS = ("price={input=1.0,output=2.0}", "max_attempts=1", "max_in_flight=2")


def answering(body: dict[str, Any]) -> tuple[int, Any]:
    return 200, json.dumps({"said": body["messages"][-1]["content"]})


def question(text: str) -> Call:
    return Call(
        system="s",
        says=(Say(role="user", text=text),),
        shape={"type": "object"},
        shape_name="said",
        max_output_tokens=9,
    )


def asked(
    url: str, count: int, budget: float | None = None, *more: str
) -> tuple[ModelBatch, list[str]]:
    batch = ModelBatch("openai-compatible/llama", (f"base_url={url}", *SETTINGS, *more), budget)
    kept: list[str] = []

    async def answer(item: int, ask: Ask) -> None:
        call = question(f"item {item}")
        record = await ask(call)
        if "13" in record.answer:
            raise UnusableOutput("unlucky", record.answer)
        kept.append(json.loads(record.answer)["said"])

    batch.run(range(count), answer, lambda item, why: kept.append(f"{item}: {why}"), kept="there")
    return batch, kept


def test_every_item_is_answered_and_paid_once() -> None:
    with serving(answering) as server:
        batch, kept = asked(server.url, 9)
        assert len(server.bodies) == 9
        prompts = [len(json.dumps(body["messages"])) // 4 for body in server.bodies]
    assert sorted(kept) == [f"item {number}" for number in range(9)]
    assert (batch.spent.calls, batch.spent.failed) == (9, 0)
    assert batch.spent.input_tokens == sum(prompts)
    assert batch.spent.output_tokens == sum(len(json.dumps({"said": one})) // 4 for one in kept)
    assert batch.spent.nanousd is not None
    assert batch.spent.nanousd > 0
    assert "$" in batch.spent.said("items")


def test_what_is_told_of_an_answer_belongs_to_no_market() -> None:
    told: list[ModelCalled] = []

    async def answer(item: int, ask: Ask) -> None:
        told.append(await ask(question(f"item {item}")))

    with serving(answering) as server:
        batch = ModelBatch("openai-compatible/llama", (f"base_url={server.url}", *SETTINGS))
        batch.run(range(1), answer, lambda item, why: None, kept="there")
    [one] = told
    assert json.loads(one.answer) == {"said": "item 0"}
    assert (one.market, one.episode, one.source, one.stage, one.call) == ("", None, "", "", 0)
    assert one.model == "openai-compatible/llama"


def test_an_unusable_answer_is_told_and_counted_and_the_rest_goes_on() -> None:
    with serving(answering) as server:
        batch, kept = asked(server.url, 15)
    assert batch.spent.failed == 1
    assert "13: unlucky" in kept
    assert len(kept) == 15


def test_a_budget_is_never_passed() -> None:
    with serving(answering) as server, pytest.raises(ModelsStopped, match="run it again"):
        asked(server.url, 500, 0.0005)
    assert 0 < len(server.bodies) < 500


def test_what_is_free_is_asked_with_nothing_to_spend() -> None:
    with serving(answering) as server:
        batch, kept = asked(server.url, 5, 0.0, "price={input=0.0,output=0.0}")
    assert len(kept) == 5
    assert batch.spent.nanousd == 0


def test_a_budget_needs_a_price() -> None:
    with pytest.raises(Exception, match="price"):
        ModelBatch("openai-compatible/llama", ("base_url=http://127.0.0.1:1/v1",), 1.0)


def test_without_a_price_the_cost_is_unknown() -> None:
    with serving(answering) as server:
        batch = ModelBatch("openai-compatible/llama", (f"base_url={server.url}",))

        async def answer(item: int, ask: Ask) -> None:
            await ask(question(str(item)))

        batch.run([1], answer, lambda *_: None, kept="there")
    assert batch.spent.nanousd is None
    assert "price unknown" in batch.spent.said("items")


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(BadScenario, match="PROVIDER/MODEL"):
        ModelBatch("llama", ())
    with pytest.raises(BadScenario, match="--set"):
        ModelBatch("openai-compatible/llama", ("max_in_flight=many",))


def test_what_goes_wrong_while_keeping_is_raised_by_itself() -> None:
    with serving(answering) as server:
        batch = ModelBatch("openai-compatible/llama", (f"base_url={server.url}",))

        async def answer(item: int, ask: Ask) -> None:
            raise CannotWrite(
                "there", OSError(28, "No space left on device"), "what is there stays"
            )

        with pytest.raises(CannotWrite, match="No space"):
            batch.run([1, 2, 3], answer, lambda *_: None, kept="there")


def test_nothing_to_ask_asks_nothing() -> None:
    assert Spent().said("items").startswith("0 calls")
    with serving(answering) as server:
        batch, kept = asked(server.url, 0)
        assert not server.bodies
    assert (batch.spent.calls, kept) == (0, [])
