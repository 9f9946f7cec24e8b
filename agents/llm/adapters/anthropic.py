"""Anthropic's Messages interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from retailsim.agents.llm.adapters.base import ordered
from retailsim.agents.llm.adapters.usage import count, usage
from retailsim.agents.llm.provider.attempt_failure import Failure, Kind, by_status, dig, loads
from retailsim.agents.llm.provider.capabilities import Abilities
from retailsim.agents.llm.provider.hints import Headers
from retailsim.agents.llm.provider.keys import ApiKey
from retailsim.agents.llm.provider.vendor import Vendor
from retailsim.agents.llm.types import Call, Finish, ModelAnswer, ModelConfig, Usage

API_VERSION = "2026-10-21"
"""The version that the vendor's SDK 2.11 sends; the header is needed."""

_CACHED = {"type": "ephemeral"}
_FINISH: Mapping[str | None, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}
_BY_TYPE: Mapping[str, Kind] = {
    "authentication_error": "key",
    "permission_error": "key",
    "billing_error": "spend",
    "not_found_error": "unknown",
    "rate_limit_error": "rate_limit",
    "overloaded_error": "overloaded",
    "api_error": "server",
    "timeout_error": "server",
    "request_too_large": "request",
}
_NO_CREDIT = ("credit balance is too low", "reached your specified api usage limits")


class _Block(msgspec.Struct):
    type: str
    text: str | None = None


class _Reply(msgspec.Struct):
    content: list[_Block] | None = None
    stop_reason: str | None = None
    usage: Any = None
    model: str | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Reply).decode


class Anthropic:
    """The adapter."""

    def path(self, model: str) -> str:
        """Return what is appended to the base address."""
        return "/messages"

    def headers(self, key: ApiKey | None) -> dict[str, str]:
        """Return the version and the header that carries the key."""
        version = {"anthropic-version": API_VERSION}
        return version | {"x-api-key": key.reveal()} if key else version

    def body(self, config: ModelConfig, able: Abilities, call: Call) -> dict[str, Any]:
        """Return the request's body; the stable prefix is marked for the provider's cache."""
        strict = able.schema != "prompt"
        body: dict[str, Any] = {
            "model": config.model,
            "max_tokens": call.max_output_tokens + able.room,
            "messages": _messages(call),
        }
        if call.system:
            body["system"] = [{"type": "text", "text": call.system, "cache_control": _CACHED}]
        output: dict[str, Any] = {}
        if strict:
            output["format"] = {"type": "json_schema", "schema": ordered(call.shape)}
        if able.effort == "none":
            body["thinking"] = {"type": "disabled"}
        elif able.effort is not None:
            output["effort"] = able.effort
        return body | ({"output_config": output} if output else {})

    def answer(self, raw: bytes) -> ModelAnswer | Failure:
        """Read the body of a 200."""
        reply = _decode(raw)
        if reply.error is not None:
            return _classify(0, reply.error)
        if reply.content is None:
            return Failure(kind="malformed", status=200, detail="the answer has no content")
        text = "".join(block.text or "" for block in reply.content if block.type == "text")
        finish = _FINISH.get(reply.stop_reason, "other")
        thought = any(block.type == "thinking" for block in reply.content)
        return ModelAnswer(
            text=text,
            finish="thoughts" if thought and not text and finish == "stop" else finish,
            usage=_usage(reply.usage),
            model=reply.model or "",
        )

    def failure(self, status: int, headers: Headers, raw: bytes) -> Failure:
        """Read any other response."""
        body = loads(raw)
        return _classify(status, dig(body, "error") or body)


def _messages(call: Call) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [{"role": say.role, "content": say.text} for say in call.says]
    if len(messages) > 1:
        # What was said before stays the same in the conversation's next call.
        last = {"type": "text", "text": call.says[-2].text, "cache_control": _CACHED}
        messages[-2]["content"] = [last]
    return messages


def _classify(status: int, error: Any) -> Failure:
    message = str(dig(error, "message") or error)
    return Failure(kind=_kind(status, error, message), status=status, detail=message)


def _kind(status: int, error: Any, message: str) -> Kind:
    code = dig(error, "details", "error_code")
    if isinstance(code, str) and code.endswith("spend_limit_reached"):
        return "spend"
    if any(text in message.lower() for text in _NO_CREDIT):
        return "spend"
    known = _BY_TYPE.get(str(dig(error, "type")))
    return known or (by_status(status) if status else "server")


def _usage(told: Any) -> Usage:
    fresh, cached = count(dig(told, "input_tokens")), count(dig(told, "cache_read_input_tokens"))
    written = count(dig(told, "cache_creation_input_tokens"))
    return usage(
        read=None if fresh is None else fresh + (cached or 0) + (written or 0),
        wrote=dig(told, "output_tokens"),
        cached=cached,
        written=written,
        reasoning=dig(told, "output_tokens_details", "thinking_tokens"),
    )


ANTHROPIC = Vendor(
    adapter=Anthropic(),
    base_url="https://api.anthropic.com/v1",
    key_env=("ANTHROPIC_API_KEY",),
    published="anthropic",
    lacks=frozenset({"temperature", "seed"}),
)
