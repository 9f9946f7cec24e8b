"""The language models of a run: one gateway for all its seats, one budget, one reason to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from retailsim.agents.errors import AgentsError
from retailsim.agents.llm.errors import ProviderStopped, RunStopping
from retailsim.agents.llm.gateway.answer_cache import AnswerCache, Question
from retailsim.agents.llm.gateway.attempts import Observe
from retailsim.agents.llm.gateway.budget import Budget, BudgetSmall, BudgetSpent
from retailsim.agents.llm.gateway.gateway import Gateway, request_sha256
from retailsim.agents.llm.provider.capabilities import abilities
from retailsim.agents.llm.provider.price import how_to_price, pricing
from retailsim.agents.llm.talk.caller import Caller, Shared
from retailsim.agents.llm.types import Call, ModelAnswer, ModelConfig
from retailsim.agents.llm.types import Usage as Tokens
from retailsim.events.messages import ModelCalled
from retailsim.events.outside import Door
from retailsim.market.core.request import AgentRequest
from retailsim.sim.errors import BadScenario, ModelsStopped, UnknownPrice
from retailsim.sim.play.progress import ModelUsage
from retailsim.sim.play.stop import Stop
from retailsim.sim.scenario.kept_tables import CacheTable


class Access:
    """One seat's way to its model in one market."""

    def __init__(self, caller: Caller, *, in_prompt: bool) -> None:
        self.in_prompt = in_prompt
        self._caller = caller

    async def ask(
        self, request: AgentRequest, source: str, *, task: str, role: str, call: Any
    ) -> ModelCalled:
        """Return the recorded answer, or ask and record it."""
        return await self._caller.ask(request, source, task=task, role=role, call=call)

    def accepted(self, record: ModelCalled) -> None:
        """Let other runs have an answer that could be used."""
        self._caller.accepted(record)


class Models:
    """Opens the gateway for one process of a run; an async context manager.

    Parameters
    ----------
    configs : mapping of str to ModelConfig
        Those that take part.
    stop : Stop
        Requested when a provider is down or refuses everything, or the budget is used up.
    budget : Budget
    cache : AnswerCache or None
        Answers that runs share; with the `seed` that keeps samples apart.
    notes : callable or None
        Takes what the telemetry should know.
    share : float
        The part of all limits that this process may use.
    offline : bool
        Whether only recorded answers may be used.
    observe : callable or None
        Takes every attempt, for the telemetry.

    Raises
    ------
    BadModel
        If a model's address cannot work.
    """

    def __init__(
        self,
        configs: Mapping[str, ModelConfig],
        stop: Stop,
        *,
        budget: Budget | None = None,
        cache: AnswerCache | None = None,
        seed: int = 0,
        notes: Callable[..., None] | None = None,
        share: float = 1.0,
        offline: bool = False,
        observe: Observe | None = None,
    ) -> None:
        self._configs = configs
        self._stop = stop
        self._budget = budget or Budget(None)
        self._before = self._budget.spent
        self._cache = cache
        self._seed = seed
        self._notes = notes
        self._gateway = None if offline else Gateway(configs, share=share, observe=observe)
        self._reason: AgentsError | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open connections."""
        if self._gateway is not None:
            await self._stack.enter_async_context(self._gateway)
            watch = asyncio.create_task(self._quit_when_stopped(self._gateway))
            self._stack.callback(watch.cancel)
        return self

    async def _quit_when_stopped(self, gateway: Gateway) -> None:
        """Calls that wait for their turn or for another attempt would hold up a stop for long."""
        await self._stop.wait()
        gateway.quit()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close them."""
        await self._stack.aclose()

    def access(self, name: str, door: Door) -> Access:
        """Return a seat's way to the model `name` in the market behind `door`."""
        config, gateway = self._configs[name], self._gateway
        digest = partial(request_sha256, config)
        if gateway is not None:  # which then has what it sends
            digest = partial(gateway.request_sha256, name)
        caller = Caller(
            name,
            door,
            gateway,
            digest=digest,
            pricing=pricing(config),
            room=abilities(config).room,
            budget=self._budget,
            halt=self.halt,
            shared=self._shared(name),
        )
        return Access(caller, in_prompt=abilities(config).schema == "prompt")

    def _shared(self, name: str) -> Shared | None:
        gateway, cache = self._gateway, self._cache
        if gateway is None or cache is None:
            return None

        def question(scope: str, call: Call) -> Question:
            return Question(
                scope=f"{self._seed} {scope}",
                address=gateway.address(name),
                body=gateway.body(name, call),
            )

        def keep(asked: Question, answer: ModelAnswer) -> None:
            problem = cache.keep(asked, answer)
            if problem is not None and self._notes is not None:
                self._notes("an answer could not be kept", cache=str(cache.path), problem=problem)

        return Shared(cache=cache, question=question, keep=keep)

    def usage(self) -> ModelUsage:
        """What was asked so far."""
        gateway = self._gateway
        numbers = gateway.statistics().values() if gateway is not None else ()
        known = all(
            pricing(config)(Tokens(input=1)) is not None for config in self._configs.values()
        )
        return ModelUsage(
            calls=sum(one.answered for one in numbers),
            retries=sum(one.retries for one in numbers),
            in_flight=sum(one.in_flight for one in numbers),
            input_tokens=sum(one.input_tokens for one in numbers),
            output_tokens=sum(one.output_tokens for one in numbers),
            nanousd=self._budget.spent if known else None,
        )

    def raise_if_halted(self, again: str, *, fresh: bool) -> None:
        """Say why the run had to stop, if a model was the reason.

        Parameters
        ----------
        again : str
            The command that goes on with the run.
        fresh : bool
            Whether nothing was recorded before this execution.

        Raises
        ------
        ModelsStopped
            With the provider's or the budget's reason.
        """
        reason = self._reason
        if reason is None:
            return
        spent = isinstance(reason, BudgetSmall | BudgetSpent)
        needs = reason.needs_nanousd if isinstance(reason, BudgetSmall | BudgetSpent) else 0
        never = fresh and isinstance(reason, ProviderStopped) and not reason.answered
        kept = (
            "nothing was answered yet; fix this, then continue"
            if never
            else "everything so far is kept"
        )
        final = isinstance(reason, ProviderStopped) and not reason.resumable
        line = str(reason) if final else f"{reason}; {kept}"
        if not final and not spent:  # of a budget, who knows the whole run says what it needs
            line += f": {again}"
        raise ModelsStopped(
            line,
            wrong=never,
            alone=spent,
            spent_nanousd=self._budget.spent - self._before,
            needs_nanousd=needs,
        ) from reason

    def halt(self, error: AgentsError) -> None:
        """Stop the run, for the first reason that is given."""
        if isinstance(error, RunStopping):
            return
        self._reason = self._reason or error
        self._stop.request()


@contextmanager
def shared_answers(table: CacheTable, *, make: bool = True) -> Iterator[AnswerCache | None]:
    """Open the scenario's cache of answers, if it names one; without `make` only one that is there.

    Raises
    ------
    BadScenario
        If nothing new may be asked, and there is no cache to find answers in.
    CacheUnusable
        If the file cannot serve.
    """
    if table.file is None:
        if table.mode == "only":
            raise BadScenario(
                "cache.mode", '"only" asks for nothing new, so cache.file must be set'
            )
        yield None
        return
    path, only = Path(table.file), table.mode == "only"
    if not make and not only and path.parent.is_dir() and not path.exists():
        yield None
        return
    with AnswerCache(path, only=only) as cache:
        yield cache


LARGE_CALL_TOKENS = 10_000
"""What a call may reserve of a minute's tokens, with room to think."""


def fitting_workers(configs: Mapping[str, ModelConfig], wanted: int) -> int:
    """Return how many workers fit into all limits: each begins with a call, however small its part.

    With more of them than a limit has calls, all would begin at once and pass it.
    """
    fitting = wanted
    for config in configs.values():
        fitting = min(fitting, config.max_in_flight, config.requests_per_minute or fitting)
        if config.tokens_per_minute is not None:
            fitting = min(fitting, config.tokens_per_minute // LARGE_CALL_TOKENS)
    return max(1, fitting)


def unsent(configs: Mapping[str, ModelConfig]) -> Iterator[str]:
    """Say which configured parameters are not sent, because a model does not take them."""
    for name, config in configs.items():
        ignored = ", ".join(abilities(config).ignored)
        if ignored:
            yield (
                f"model {name!r}: does not take {ignored}, which is not sent; "
                "if it does, say so with accepts"
            )


def check_models(
    configs: Mapping[str, ModelConfig], budget: float | None, *, keys: bool = True
) -> None:
    """Find what would fail before anything is paid; without `keys`, missing ones are fine.

    Raises
    ------
    NoKey, BadModel
        If a model cannot be asked.
    UnknownPrice
        If there is a budget and a model whose price nobody knows.
    """
    gateway = Gateway(configs)
    if keys:
        gateway.check()
    for name, config in configs.items():
        if budget is not None and pricing(config)(Tokens(input=1, output=1)) is None:
            raise UnknownPrice(name, how_to_price(name, config))
