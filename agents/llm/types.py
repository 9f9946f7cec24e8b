"""What passes between an agent, the gateway and a provider: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec

Provider = Literal[
    "openai", "openai-responses", "anthropic", "google", "openrouter", "openai-compatible"
]
PROVIDERS: tuple[Provider, ...] = get_args(Provider)

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
SchemaMode = Literal["strict", "single", "grammar", "prompt"]
Finish = Literal["stop", "length", "refusal", "thoughts", "other"]
Parameter = Literal["temperature", "seed", "effort"]


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Dollars per million tokens; `cached` defaults to `input`, cache writes cost `write`."""

    input: float
    output: float
    cached: float | None = None
    write: float | None = None


class ModelConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[models.NAME]`` table: a model, its address and its limits.

    Parameters
    ----------
    base_url : str or None
        Address of the server; by default the provider's own.
    key_env : str or None
        The environment variable that holds the key; by default the provider's usual one. The
        key itself is never part of the configuration.
    max_in_flight : int
        Most calls at once; the actual number adapts below this limit.
    requests_per_minute, tokens_per_minute : int or None
        Limits that we keep to; by default only the provider's apply.
    temperature, seed, effort : optional
        Sent only where the model accepts them.
    schema : {"strict", "single", "grammar", "prompt"} or None
        How the shape of answers is requested: through the provider's interface, "strict" as the
        union of what a conversation asks for, which stays the same and is cached, "single" as the
        one reply asked for, "grammar" as that reply with its bounds; "prompt" in the words of the
        prompt. By default as the model's profile says.
    accepts : tuple of str or None
        Which of ``temperature``, ``seed`` and ``effort`` the model accepts, if its profile (see
        `agents.llm.provider.capabilities`) is wrong or silent; by default as the profile says.
    thinking_tokens : int or None
        Tokens allowed for thinking, on top of the answer; by default as the model's profile says.
    timeout_s : float
        Deadline of one attempt; `deadline_s` is that of a call with its waiting and all retries.
    max_attempts : int
        Most requests sent for one call.
    """

    provider: Provider
    model: str
    base_url: str | None = None
    key_env: str | None = None
    max_in_flight: int = 64
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    temperature: float | None = None
    seed: int | None = None
    effort: Effort | None = None
    schema: SchemaMode | None = None
    accepts: tuple[Parameter, ...] | None = None
    thinking_tokens: int | None = None
    timeout_s: float = 120.0
    deadline_s: float = 900.0
    max_attempts: int = 10
    price: Price | None = None


class Say(msgspec.Struct, frozen=True):
    """One message of the conversation sent to a model."""

    role: Literal["user", "assistant"]
    text: str


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One question to a model, the same for all providers.

    Parameters
    ----------
    system : str
        What never changes within a role: it comes first, so that providers can cache it.
    says : tuple of Say
        The conversation, oldest first; ends with a user's message.
    shape : mapping
        Portable JSON Schema of the answer (see `agents.llm.talk.shape`), the same for all calls
        of a conversation.
    single, bounded : mapping
        That of the one reply asked for, without and with its bounds; empty: as `shape`.
    shape_name : str
        Letters, digits, ``_`` and ``-``, at most 64.
    max_output_tokens : int
        For the answer alone; the adapter adds room for thinking where the model thinks.
    cache_key : str
        Groups calls that share a prefix, for providers that route by it.
    stage : str
        What the market asks it for; kept in the telemetry, and never sent.
    again : str
        Why the same is asked once more, if it is; never sent, either.
    """

    system: str
    says: tuple[Say, ...]
    shape: Mapping[str, Any]
    shape_name: str
    max_output_tokens: int
    cache_key: str = ""
    stage: str = ""
    again: str = ""
    single: Mapping[str, Any] = {}
    bounded: Mapping[str, Any] = {}

    def shaped(self, mode: SchemaMode) -> Call:
        """Return the call with the schema that `mode` sends in the place of `shape`."""
        shape = {"single": self.single, "grammar": self.bounded}.get(mode)
        return msgspec.structs.replace(self, shape=shape) if shape else self


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one answer: `input` includes `cached`, `output` includes `reasoning`.

    ``written`` counts input tokens written to the provider's cache, where it says so;
    ``estimated`` says that the provider stated nothing and these are the gateway's guess.
    """

    input: int = 0
    cached: int = 0
    written: int = 0
    output: int = 0
    reasoning: int = 0
    estimated: bool = False


class ModelAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a model answered; `cost_nanousd` where the provider itself states the price.

    ``model``, ``fingerprint`` and ``upstream`` are as the provider tells them, else empty (see
    `events.messages.AnsweredBy`).
    """

    text: str
    finish: Finish
    usage: Usage
    model: str = ""
    cost_nanousd: int | None = None
    fingerprint: str = ""
    upstream: str = ""
