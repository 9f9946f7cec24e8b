"""Many questions to one model outside of any run, several at once, each answer kept at once.

What was kept is the caller's to find again, so the same command goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import anyio
import msgspec

from retailsim.agents.errors import AgentsError
from retailsim.agents.llm.gateway.budget import Budget
from retailsim.agents.llm.gateway.gateway import Gateway
from retailsim.agents.llm.provider.capabilities import abilities
from retailsim.agents.llm.provider.price import pricing
from retailsim.agents.llm.talk import templates
from retailsim.agents.llm.talk.caller import bound_of
from retailsim.agents.llm.types import Call, ModelAnswer, ModelConfig
from retailsim.events.errors import UnusableOutput
from retailsim.events.messages import ModelCalled
from retailsim.market.core.money import nanodollars
from retailsim.sim.budget.models import check_models
from retailsim.sim.errors import BadScenario, ModelsStopped
from retailsim.sim.scenario.settings import lay_over
from retailsim.sim.seats.cast import model_table

T = TypeVar("T")
Ask = Callable[[Call], Awaitable[ModelCalled]]
"""Asks the model; the answer as conversations read it, nothing of which is logged."""


class Spent(msgspec.Struct):
    """What was asked and paid; `nanousd` is None where the price is unknown."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    nanousd: int | None = 0
    failed: int = 0

    def said(self, what: str) -> str:
        """One line; `what` names the items in the plural."""
        cost = "price unknown" if self.nanousd is None else nanodollars(self.nanousd)
        return (
            f"{self.calls:,} calls, {self.input_tokens:,} tokens in, {self.output_tokens:,} out, "
            f"{cost}; {self.failed:,} {what} without a usable answer"
        )


class ModelBatch:
    """One model and what it may cost.

    Parameters
    ----------
    model : str
        PROVIDER/MODEL.
    settings : sequence of str
        KEY=VALUE of its [models] table.
    budget : float or None
        Dollars; no call is made that could pass it.

    Raises
    ------
    BadScenario, NoKey, BadModel, UnknownPrice
        If the model cannot be asked, or has no price and there is a budget.
    """

    def __init__(self, model: str, settings: Sequence[str], budget: float | None = None) -> None:
        self.model = model
        self.config = _config(model, settings)
        check_models({model: self.config}, budget)
        self.spent = Spent()
        self._price = pricing(self.config)
        self._budget = Budget(None if budget is None else round(budget * 1e9))

    def run(
        self,
        items: Sequence[T],
        answer: Callable[[T, Ask], Awaitable[None]],
        unusable: Callable[[T, str], None],
        kept: str,
    ) -> None:
        """Have every item answered.

        Parameters
        ----------
        answer : callable
            Asks about an item and keeps what comes.
        unusable : callable
            Told of an item whose answer cannot be used, and why.
        kept : str
            Where answers are, for the message.

        Raises
        ------
        ModelsStopped
            If the provider is down or refuses everything, or the budget is used up.
        """
        try:
            anyio.run(self._all, items, answer, unusable)
        except AgentsError as error:
            raise ModelsStopped(f"{error}; answers so far are in {kept}: run it again") from None

    async def _all(
        self,
        items: Sequence[T],
        answer: Callable[[T, Ask], Awaitable[None]],
        unusable: Callable[[T, str], None],
    ) -> None:
        waiting = list(reversed(items))
        stopped: list[Exception] = []

        async with Gateway({self.model: self.config}) as gateway:

            async def ask(call: Call) -> ModelCalled:
                return await self._paid(gateway, call)

            async def work() -> None:
                while waiting and not stopped:
                    item = waiting.pop()
                    try:
                        await answer(item, ask)
                    except UnusableOutput as error:
                        self.spent.failed += 1
                        unusable(item, error.reason)
                    except Exception as error:  # noqa: BLE001 - raised below, by itself
                        stopped.append(error)

            async with anyio.create_task_group() as group:
                for _ in range(min(self.config.max_in_flight, len(items))):
                    group.start_soon(work)
        if stopped:
            raise stopped[0]

    async def _paid(self, gateway: Gateway, call: Call) -> ModelCalled:
        bound = 0
        if self._budget.limit is not None:
            bound = self._price(bound_of(call, abilities(self.config).room)) or 0
        self._budget.hold(bound)
        cost: int | None = 0
        try:
            answer = await gateway.ask(self.model, call)
            cost = answer.cost_nanousd
            if cost is None:
                cost = self._price(answer.usage)
        finally:
            self._budget.settle("", bound, cost or 0)
        self._count(answer, cost)
        return _record(self.model, answer)

    def _count(self, answer: ModelAnswer, cost: int | None) -> None:
        spent = self.spent
        spent.calls += 1
        spent.input_tokens += answer.usage.input
        spent.output_tokens += answer.usage.output
        known = spent.nanousd is not None and cost is not None
        spent.nanousd = (spent.nanousd or 0) + (cost or 0) if known else None


def _config(name: str, settings: Sequence[str]) -> ModelConfig:
    table = model_table(name)
    if table is None:
        raise BadScenario("--model", f"{name!r}: must be PROVIDER/MODEL")
    tree: dict[str, Any] = {"model": table}
    lay_over(tree, [f"model.{setting}" for setting in settings])
    try:
        return msgspec.convert(tree["model"], ModelConfig)
    except msgspec.ValidationError as error:
        raise BadScenario("--set", str(error)) from None


def _record(name: str, answer: ModelAnswer) -> ModelCalled:
    return ModelCalled(
        market="",
        episode=None,
        t=0,
        source="",
        call=0,
        stage="",
        role="buyer",
        model=name,
        prompt_version=templates.version(),
        request_sha256="",
        answer=answer.text,
        finish=answer.finish,
        input_tokens=0,
        cached_tokens=0,
        output_tokens=0,
        reasoning_tokens=0,
        cost_nanousd=None,
    )
