"""The one door to language models: thin, on aiohttp, with limits, retries and deadlines."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import lru_cache
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from retailsim.agents.llm.errors import KeyRefused, ProviderStopped, RunStopping, SpendLimit
from retailsim.agents.llm.gateway.attempts import Observe
from retailsim.agents.llm.gateway.call import Keep, PendingCall
from retailsim.agents.llm.gateway.endpoint import Endpoint, Statistics
from retailsim.agents.llm.gateway.gate import Gate
from retailsim.agents.llm.gateway.transport import open_session
from retailsim.agents.llm.types import Call, ModelAnswer, ModelConfig, Parameter

__all__ = ["Gateway", "Statistics", "request_sha256"]


class Gateway:
    """Asks models; one for a run, used as an async context manager.

    Models with the same provider, address, key and model share one gate with the tightest of
    their limits. Keys are looked up when they are first needed, so that bodies and digests can
    be had without them.

    Parameters
    ----------
    models : mapping of str to ModelConfig
        By the name of their ``[models]`` table.
    environ : mapping
        Where keys and proxies are looked up.
    share : float
        The part of all limits that this process may use, in (0, 1]: with N workers 1/N each.
    observe : callable or None
        Takes one `Attempt` for each request sent; for telemetry, never for the event log.
    jitter : callable
        Uniform draws in [0, 1) that spread retries; no outcome depends on them.
    wall : callable
        Seconds since the epoch, to read dates in headers. All else is the loop's clock.

    Raises
    ------
    BadModel
        If a model's address cannot work.
    ValueError
        If `share` is not in (0, 1].
    """

    def __init__(
        self,
        models: Mapping[str, ModelConfig],
        *,
        environ: Mapping[str, str] = os.environ,
        share: float = 1.0,
        observe: Observe | None = None,
        jitter: Callable[[], float] = random.random,
        wall: Callable[[], float] = time.time,
    ) -> None:
        if not 0.0 < share <= 1.0:
            raise ValueError(f"share must be in (0, 1], not {share}")
        self._endpoints = {name: Endpoint(name, config, environ) for name, config in models.items()}
        self._share = share
        self._observe = observe
        self._jitter = jitter
        self._wall = wall
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the session; connections are made when needed and reused."""
        connections = sum(self._ceiling(endpoint) for endpoint in self._endpoints.values())
        self._session = open_session(max(1, connections))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections; who asked has ended or cancelled its calls before."""
        for endpoint in self._endpoints.values():
            if endpoint.gate is not None:
                endpoint.gate.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def quit(self) -> None:
        """Let what is on its way arrive, and end all other calls with `RunStopping`."""
        for endpoint in self._endpoints.values():
            if endpoint.gate is not None:
                endpoint.gate.stop(RunStopping(endpoint.name, 0, "nothing more is sent"))

    def check(self) -> None:
        """Look every key up, to fail before anything is paid.

        Raises
        ------
        NoKey
            For the first model without one.
        """
        for endpoint in self._endpoints.values():
            _ = endpoint.key

    def body(self, model_name: str, call: Call) -> bytes:
        """Return the exact bytes that `ask` would send."""
        return self._endpoints[model_name].body(call)

    def address(self, model_name: str) -> str:
        """Return where a model's requests go; there is no key in it."""
        return self._endpoints[model_name].url

    def request_sha256(self, model_name: str, call: Call) -> str:
        """Return the digest under which the call's answer is recorded."""
        endpoint = self._endpoints[model_name]
        return endpoint.digest(endpoint.body(call))

    def ignored(self, model_name: str) -> tuple[Parameter, ...]:
        """Return the configured parameters that the model refuses and that are not sent."""
        return self._endpoints[model_name].able.ignored

    def statistics(self) -> dict[str, Statistics]:
        """Return a copy of each model's numbers."""
        return {name: self._numbers(endpoint) for name, endpoint in self._endpoints.items()}

    async def ask(
        self,
        model_name: str,
        call: Call,
        *,
        admit: Callable[[], Awaitable[None]] | None = None,
        keep: Keep | None = None,
    ) -> ModelAnswer:
        """Ask a model and return its answer, whatever its finish.

        Parameters
        ----------
        admit : callable or None
            Awaited once, when the call has its turn and before anything is sent; what it raises
            ends the call and nothing is sent. Its waiting counts towards the deadline.
        keep : callable or None
            Awaited with the answer, or with the refusal of this one request, before the call's
            place is free for the next one, so that at most as many as there are places can be lost.

        Raises
        ------
        NoKey
            If the model needs a key and there is none.
        ModelRefusedRequest
            If the provider refuses this one request.
        ProviderStopped
            If it will refuse all others too; they end with the same error.
        ProviderDown
            If there is no answer within the attempts or the deadline.
        """
        if self._session is None:
            raise RuntimeError("open the gateway first: async with Gateway(...) as gateway")
        endpoint = self._endpoints[model_name]
        gate = endpoint.gate or self._open_gate(endpoint)
        pending = PendingCall(
            endpoint,
            gate,
            self._session,
            call,
            admit,
            keep,
            self._observe,
            self._jitter,
            self._wall,
        )
        try:
            return await pending.run()
        except ProviderStopped as error:
            self._stop_siblings(endpoint, error)
            raise

    def _ceiling(self, endpoint: Endpoint) -> int:
        return max(1, int(endpoint.config.max_in_flight * self._share))

    def _open_gate(self, endpoint: Endpoint) -> Gate:
        siblings = [other for other in self._endpoints.values() if _same_gate(endpoint, other)]
        gate = Gate(
            min(self._ceiling(other) for other in siblings),
            self._tightest(other.config.requests_per_minute for other in siblings),
            self._tightest(other.config.tokens_per_minute for other in siblings),
        )
        for other in siblings:
            other.gate = gate
        return gate

    def _tightest(self, limits: Iterable[int | None]) -> float | None:
        known = [limit * self._share for limit in limits if limit is not None]
        return min(known, default=None)

    def _stop_siblings(self, endpoint: Endpoint, error: ProviderStopped) -> None:
        """Stop the model's gate; a key or an account takes all its models with it."""
        whole_account = isinstance(error, KeyRefused | SpendLimit)
        for other in self._endpoints.values():
            if other.gate is not None and (
                other.gate is endpoint.gate or (whole_account and other.account == endpoint.account)
            ):
                other.gate.stop(error)

    def _numbers(self, endpoint: Endpoint) -> Statistics:
        if endpoint.gate is None:
            return msgspec.structs.replace(endpoint.numbers)
        return msgspec.structs.replace(
            endpoint.numbers,
            in_flight=endpoint.gate.in_flight,
            waiting=endpoint.gate.waiting,
            limit=endpoint.gate.concurrency.limit,
            pauses=endpoint.gate.pauses,
        )


def _same_gate(one: Endpoint, other: Endpoint) -> bool:
    return one.config.model == other.config.model and one.account == other.account


def request_sha256(config: ModelConfig, call: Call) -> str:
    """Return the digest under which a call's answer is recorded; needs no key and no gateway."""
    endpoint = _keyless(config)
    return endpoint.digest(endpoint.body(call))


@lru_cache(maxsize=64)
def _keyless(config: ModelConfig) -> Endpoint:
    return Endpoint(config.model, config, {})
