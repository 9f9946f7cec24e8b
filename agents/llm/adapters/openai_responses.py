"""OpenAI's Responses interface; nothing is stored at the provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from retailsim.agents.llm.adapters.base import ordered
from retailsim.agents.llm.adapters.openai_errors import classify, read_failure
from retailsim.agents.llm.adapters.usage import usage
from retailsim.agents.llm.provider.attempt_failure import Failure, dig
from retailsim.agents.llm.provider.capabilities import Abilities
from retailsim.agents.llm.provider.hints import Headers
from retailsim.agents.llm.provider.keys import ApiKey
from retailsim.agents.llm.provider.vendor import Vendor
from retailsim.agents.llm.types import Call, Finish, ModelAnswer, ModelConfig, Usage

_INCOMPLETE: Mapping[str | None, Finish] = {
    "max_output_tokens": "length",
    "content_filter": "refusal",
}


class _Content(msgspec.Struct):
    type: str
    text: str | None = None
    refusal: str | None = None


class _Item(msgspec.Struct):
    type: str
    content: list[_Content] | None = None


class _Why(msgspec.Struct):
    reason: str | None = None


class _Reply(msgspec.Struct):
    status: str | None = None
    output: list[_Item] | None = None
    usage: Any = None
    model: str | None = None
    error: Any = None
    incomplete_details: _Why | None = None


_decode = msgspec.json.Decoder(_Reply).decode


class OpenAIResponses:
    """The adapter."""

    def path(self, model: str) -> str:
        """Return what is appended to the base address."""
        return "/responses"

    def headers(self, key: ApiKey | None) -> dict[str, str]:
        """Return the headers that carry the key."""
        return {"Authorization": f"Bearer {key.reveal()}"} if key else {}

    def body(self, config: ModelConfig, able: Abilities, call: Call) -> dict[str, Any]:
        """Return the request's body."""
        strict = able.schema != "prompt"
        body: dict[str, Any] = {
            "model": config.model,
            "input": [{"role": say.role, "content": say.text} for say in call.says],
            "max_output_tokens": call.max_output_tokens + able.room,
            "store": False,
        }
        if call.system:
            body["instructions"] = call.system
        if strict:
            schema = {"name": call.shape_name, "strict": True, "schema": ordered(call.shape)}
            body["text"] = {"format": {"type": "json_schema", **schema}}
        if able.temperature is not None:
            body["temperature"] = able.temperature
        if able.effort is not None:
            body["reasoning"] = {"effort": able.effort}
        if call.cache_key:
            body["prompt_cache_key"] = call.cache_key
        return body

    def answer(self, raw: bytes) -> ModelAnswer | Failure:
        """Read the body of a 200."""
        reply = _decode(raw)
        if reply.error is not None:
            return classify(200, reply.error)
        if reply.output is None or reply.status not in (None, "completed", "incomplete"):
            return Failure(kind="malformed", status=200, detail=f"the answer is {reply.status}")
        parts = [part for item in reply.output for part in item.content or ()]
        refused = "".join(part.refusal or "" for part in parts)
        said = "".join(part.text or "" for part in parts if part.type == "output_text")
        finish = _finish(reply)
        thought = any(item.type == "reasoning" for item in reply.output)
        if finish == "stop" and not said and thought:
            finish = "thoughts"
        return ModelAnswer(
            text=refused or said,
            finish="refusal" if refused else finish,
            usage=_usage(reply.usage),
            model=reply.model or "",
        )

    def failure(self, status: int, headers: Headers, raw: bytes) -> Failure:
        """Read any other response."""
        return read_failure(status, headers, raw)


def _finish(reply: _Reply) -> Finish:
    if reply.status != "incomplete":
        return "stop"
    why = reply.incomplete_details
    return _INCOMPLETE.get(why.reason if why else None, "other")


def _usage(told: Any) -> Usage:
    return usage(
        read=dig(told, "input_tokens"),
        wrote=dig(told, "output_tokens"),
        cached=dig(told, "input_tokens_details", "cached_tokens"),
        written=dig(told, "input_tokens_details", "cache_write_tokens"),
        reasoning=dig(told, "output_tokens_details", "reasoning_tokens"),
    )


RESPONSES = Vendor(
    adapter=OpenAIResponses(),
    base_url="https://api.openai.com/v1",
    key_env=("OPENAI_API_KEY",),
    published="openai",
    lacks=frozenset({"seed"}),
)
