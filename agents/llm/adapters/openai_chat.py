"""Chat completions: OpenAI, OpenRouter and every server that speaks the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from retailsim.agents.llm.adapters.base import is_object, ordered, word
from retailsim.agents.llm.adapters.openai_errors import classify, read_failure
from retailsim.agents.llm.adapters.usage import cost_nanousd, usage
from retailsim.agents.llm.provider.attempt_failure import Failure, dig
from retailsim.agents.llm.provider.capabilities import Abilities
from retailsim.agents.llm.provider.hints import Headers
from retailsim.agents.llm.provider.keys import ApiKey
from retailsim.agents.llm.provider.vendor import Vendor
from retailsim.agents.llm.types import Call, Finish, ModelAnswer, ModelConfig, Usage

Flavor = Literal["openai", "openrouter", "openai-compatible"]

_FINISH: Mapping[str | None, Finish] = {
    None: "stop",
    "stop": "stop",
    "length": "length",
    "content_filter": "refusal",
}


class _Message(msgspec.Struct):
    content: str | list[Any] | None = None
    refusal: str | None = None
    reasoning_content: Any = None
    reasoning: Any = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None
    error: Any = None


class _Reply(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: Any = None
    model: str | None = None
    system_fingerprint: Any = None
    provider: Any = None
    error: Any = None


_decode = msgspec.json.Decoder(_Reply).decode


class OpenAIChat:
    """The adapter; `flavor` tells apart what only some of the servers take."""

    def __init__(self, flavor: Flavor) -> None:
        self._flavor = flavor

    def path(self, model: str) -> str:
        """Return what is appended to the base address."""
        return "/chat/completions"

    def headers(self, key: ApiKey | None) -> dict[str, str]:
        """Return the headers that carry the key."""
        return {"Authorization": f"Bearer {key.reveal()}"} if key else {}

    def body(self, config: ModelConfig, able: Abilities, call: Call) -> dict[str, Any]:
        """Return the request's body."""
        strict = able.schema != "prompt"
        limit = "max_tokens" if self._flavor == "openrouter" else able.output
        body: dict[str, Any] = {
            "model": config.model,
            "messages": _messages(call),
            limit: call.max_output_tokens + able.room,
        }
        if strict:
            schema = {"name": call.shape_name, "strict": True, "schema": ordered(call.shape)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if able.temperature is not None:
            body["temperature"] = able.temperature
        if able.seed is not None:
            body["seed"] = able.seed
        return body | self._own(able, call)

    def _own(self, able: Abilities, call: Call) -> dict[str, Any]:
        own: dict[str, Any] = {}
        if self._flavor == "openrouter":
            own["provider"] = {"require_parameters": True}
            if able.effort is not None:
                own["reasoning"] = {"effort": able.effort}
        elif able.effort is not None:
            own["reasoning_effort"] = able.effort
        if self._flavor == "openai" and call.cache_key:
            own["prompt_cache_key"] = call.cache_key
        return own

    def answer(self, raw: bytes) -> ModelAnswer | Failure:
        """Read the body of a 200."""
        reply = _decode(raw)
        if reply.error is not None:
            return classify(200, reply.error)
        if not reply.choices:
            return Failure(kind="malformed", status=200, detail="the answer has no choices")
        choice = reply.choices[0]
        if choice.error is not None:
            return classify(200, choice.error)
        text, finish = _said(choice)
        return ModelAnswer(
            text=text,
            finish=finish,
            usage=_usage(reply.usage),
            model=reply.model or "",
            cost_nanousd=self._charged(reply.usage),
            fingerprint=word(reply.system_fingerprint),
            upstream=word(reply.provider),
        )

    def _charged(self, usage: Any) -> int | None:
        """Of all who speak this format, one promises to say what it charges."""
        return cost_nanousd(dig(usage, "cost")) if self._flavor == "openrouter" else None

    def failure(self, status: int, headers: Headers, raw: bytes) -> Failure:
        """Read any other response."""
        return read_failure(status, headers, raw)


def _messages(call: Call) -> list[dict[str, str]]:
    system = [{"role": "system", "content": call.system}] if call.system else []
    return system + [{"role": say.role, "content": say.text} for say in call.says]


def _said(choice: _Choice) -> tuple[str, Finish]:
    """Return the answer and how it ended; some servers take all of it for thoughts."""
    message = choice.message
    if message.refusal:
        return message.refusal, "refusal"
    text, finish = _text(message.content), _FINISH.get(choice.finish_reason, "other")
    thoughts = (word(message.reasoning_content) or word(message.reasoning)).strip()
    if text or not thoughts or finish != "stop":
        return text, finish
    return (thoughts, "stop") if is_object(thoughts) else ("", "thoughts")


def _text(content: str | list[Any] | None) -> str:
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(part for part in parts if isinstance(part, str))
    return content or ""


def _usage(told: Any) -> Usage:
    return usage(
        read=dig(told, "prompt_tokens"),
        wrote=dig(told, "completion_tokens"),
        cached=dig(told, "prompt_tokens_details", "cached_tokens"),
        written=dig(told, "prompt_tokens_details", "cache_write_tokens"),
        reasoning=dig(told, "completion_tokens_details", "reasoning_tokens"),
    )


OPENAI = Vendor(
    adapter=OpenAIChat("openai"),
    base_url="https://api.openai.com/v1",
    key_env=("OPENAI_API_KEY",),
    published="openai",
)
OPENROUTER = Vendor(
    adapter=OpenAIChat("openrouter"),
    base_url="https://openrouter.ai/api/v1",
    key_env=("OPENROUTER_API_KEY",),
    published="openrouter",
)
COMPATIBLE = Vendor(adapter=OpenAIChat("openai-compatible"))
