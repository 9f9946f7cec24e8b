"""Calls, gateways and helpers that the gateway's tests share."""

from __future__ import annotations

from typing import Any

from retailsim.agents.llm.gateway.attempts import Attempt
from retailsim.agents.llm.gateway.gateway import Gateway
from retailsim.agents.llm.types import Call, ModelConfig, Provider, Say
from tests.llm.faultserver import KEY, SPOKEN, WALL, FaultServer

SHAPE: dict[str, Any] = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "again": {"type": "boolean"}},
    "required": ["text", "again"],
    "additionalProperties": False,
}
CALL = Call(
    system="You are a seller.",
    says=(Say("user", "Pitch it."),),
    shape=SHAPE,
    shape_name="pitch",
    max_output_tokens=100,
    cache_key="seller",
)
TALK = Call(
    system="You are a seller.",
    says=(Say("user", "Hello?"), Say("assistant", "Yes?"), Say("user", "How much?")),
    shape=SHAPE,
    shape_name="answer",
    max_output_tokens=100,
)
ENVIRON = {"TEST_KEY": KEY}
PROVIDERS_SPOKEN: tuple[Provider, ...] = tuple(SPOKEN)


class Watched(Gateway):
    """A gateway without jitter that keeps what it observed."""

    def __init__(self, *configs: ModelConfig, jitter: float = 0.5, share: float = 1.0) -> None:
        self.attempts: list[Attempt] = []
        models = {f"m{number}": config for number, config in enumerate(configs)}
        super().__init__(
            models,
            environ=ENVIRON,
            share=share,
            observe=self.attempts.append,
            jitter=lambda: jitter,
            wall=lambda: WALL,
        )

    @property
    def outcomes(self) -> list[str]:
        return [attempt.outcome for attempt in self.attempts]


def to(server: FaultServer, provider: Provider = "openai-compatible", **fields: Any) -> Watched:
    """A gateway with one model, ``m0``, at the server."""
    return Watched(server.config(provider, **fields))
