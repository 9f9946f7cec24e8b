"""One process's models: what they were asked is counted, and answers are shared by seed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retailsim.agents.llm.gateway.answer_cache import AnswerCache
from retailsim.agents.llm.gateway.retry import Patience
from retailsim.agents.llm.types import ModelConfig, Price
from retailsim.events.messages import ModelCalled
from retailsim.events.outside import Door
from retailsim.sim.budget.models import Models, shared_answers
from retailsim.sim.errors import BadScenario
from retailsim.sim.play.progress import ModelUsage
from retailsim.sim.play.stop import Stop, Turnstile
from retailsim.sim.scenario.kept_tables import CacheTable
from tests.llm.talk.test_caller import CALL, REQUEST, Stopping, Written
from tests.sim.modelserver import Server, serving

Notes = Callable[..., None]
ONLY = CacheTable(mode="only")


def config(server: Server, **more: Any) -> ModelConfig:
    return ModelConfig(
        provider="openai-compatible",
        model="llama",
        base_url=server.url,
        price=Price(input=1.0, output=2.0),
        **more,
    )


async def _asked(models: Models, accepts: bool) -> tuple[str, ModelUsage]:
    async with models:
        access = models.access("local", Door((), Written(), Stopping()))
        record = await access.ask(REQUEST, "buyer:a", task="decision", role="buyer", call=CALL)
        if accepts:
            access.accepted(record)
        return record.answer, models.usage()


def asked(
    server: Server,
    cache: AnswerCache | None,
    *,
    seed: int = 0,
    accepts: bool = True,
    notes: Notes | None = None,
) -> tuple[str, ModelUsage]:
    models = Models({"local": config(server)}, Stop(), cache=cache, seed=seed, notes=notes)
    return asyncio.run(_asked(models, accepts))


def answering(body: dict[str, Any]) -> tuple[int, Any]:
    return 200, "yes, and at once"


def test_what_was_asked_is_counted_in_calls_tokens_and_money() -> None:
    with serving(answering) as server:
        answer, usage = asked(server, None)
    assert answer == "yes, and at once"
    assert (usage.calls, usage.retries, usage.in_flight, usage.output_tokens) == (1, 0, 0, 4)
    assert usage.nanousd == 1000 * usage.input_tokens + 2000 * usage.output_tokens


def test_an_attempt_that_failed_is_counted_as_a_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy_at_first(body: dict[str, Any]) -> tuple[int, Any]:
        first = len(server.bodies) == 1
        return (503, {"error": {"message": "busy"}}) if first else answering(body)

    monkeypatch.setattr(Patience, "wait_s", lambda *given: 0.0)
    with serving(busy_at_first) as server:
        answer, usage = asked(server, None)
        assert len(server.bodies) == 2
    assert answer == "yes, and at once"
    assert (usage.calls, usage.retries) == (1, 1)


async def _in_a_market(models: Models, stop: Stop) -> ModelCalled | None:
    """Ask as a market does; None if the stop has ended it."""
    turnstile = Turnstile(stop)
    access = models.access("local", Door((), Written(), turnstile))
    with turnstile.scope:
        return await access.ask(REQUEST, "buyer:a", task="decision", role="buyer", call=CALL)
    return None


def test_a_stop_waits_for_what_was_sent_and_not_for_who_waits_behind_it() -> None:
    answerable = threading.Event()

    def patient(body: dict[str, Any]) -> tuple[int, Any]:
        answerable.wait(30.0)
        return answering(body)

    async def scene(server: Server) -> tuple[ModelCalled | None, ModelCalled | None]:
        stop = Stop()
        async with Models({"local": config(server, max_in_flight=1)}, stop) as models:
            sent = asyncio.create_task(_in_a_market(models, stop))
            behind = asyncio.create_task(_in_a_market(models, stop))
            await asyncio.to_thread(server.wait_for, 1)
            stop.request()
            try:
                await asyncio.wait([behind], timeout=10.0)
                assert behind.done(), "it waits for a turn that will not come"
                assert not sent.done()
            finally:
                answerable.set()
            return await sent, await behind

    with serving(patient) as server:
        sent, behind = asyncio.run(scene(server))
        assert len(server.bodies) == 1
    assert sent is not None
    assert sent.answer == "yes, and at once"
    assert behind is None


def test_an_answer_is_another_runs_once_it_is_accepted_and_of_the_same_seed(tmp_path: Path) -> None:
    with serving(answering) as server, AnswerCache(tmp_path / "answers.db") as cache:

        def calls(seed: int, *, accepts: bool = True) -> int:
            return asked(server, cache, seed=seed, accepts=accepts)[1].calls

        assert [calls(1, accepts=False), calls(1), calls(1), calls(2), calls(1)] == [1, 1, 0, 1, 0]
        assert len(server.bodies) == 3


def test_who_only_looks_makes_no_cache(tmp_path: Path) -> None:
    table = CacheTable(file=str(tmp_path / "answers.db"))
    with shared_answers(table, make=False) as none:
        assert none is None
    assert not [*tmp_path.iterdir()]
    with shared_answers(table) as made:
        assert made is not None
    with shared_answers(table, make=False) as there:
        assert there is not None
    with shared_answers(CacheTable()) as nothing:
        assert nothing is None
    with pytest.raises(BadScenario, match=r"cache\.file must be set"), shared_answers(ONLY):
        raise AssertionError("it was opened")


def test_a_cache_that_keeps_nothing_is_noted_once_and_costs_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[str] = []
    monkeypatch.setattr(AnswerCache, "keep", lambda *given: "the disk is full")
    with serving(answering) as server, AnswerCache(tmp_path / "answers.db") as cache:
        for notes in (lambda event, **more: noted.append(f"{event}: {more['problem']}"), None):
            assert asked(server, cache, notes=notes)[0] == "yes, and at once"
    assert noted == ["an answer could not be kept: the disk is full"]
