"""Google's Gemini: generateContent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from retailsim.agents.llm.adapters.base import ordered
from retailsim.agents.llm.adapters.usage import count, usage
from retailsim.agents.llm.provider.attempt_failure import Failure, Kind, by_status, dig, loads
from retailsim.agents.llm.provider.capabilities import Abilities
from retailsim.agents.llm.provider.hints import Headers, duration_s, spoken_delay_s
from retailsim.agents.llm.provider.keys import ApiKey
from retailsim.agents.llm.provider.vendor import Vendor
from retailsim.agents.llm.types import Call, Finish, ModelAnswer, ModelConfig, Usage

_FINISH: Mapping[str | None, Finish] = {
    None: "stop",
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "refusal",
    "RECITATION": "refusal",
    "BLOCKLIST": "refusal",
    "PROHIBITED_CONTENT": "refusal",
    "SPII": "refusal",
}
_NO_QUOTA = re.compile(r"limit: 0(?![\d.])")


class _Part(msgspec.Struct):
    text: str | None = None
    thought: bool | None = None


class _Content(msgspec.Struct):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | None = None


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class _Reply(msgspec.Struct, rename="camel"):
    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: Any = None
    model_version: str | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Reply).decode


class Gemini:
    """The adapter; the key goes into a header, never into the address."""

    def path(self, model: str) -> str:
        """Return what is appended to the base address."""
        name = model if "/" in model else f"models/{model}"
        return f"/{quote(name, safe='/')}:generateContent"

    def headers(self, key: ApiKey | None) -> dict[str, str]:
        """Return the headers that carry the key."""
        return {"x-goog-api-key": key.reveal()} if key else {}

    def body(self, config: ModelConfig, able: Abilities, call: Call) -> dict[str, Any]:
        """Return the request's body."""
        strict = able.schema != "prompt"
        body: dict[str, Any] = {
            "contents": [
                {"role": "user" if say.role == "user" else "model", "parts": [{"text": say.text}]}
                for say in call.says
            ],
            "generationConfig": _generation(able, call, strict),
        }
        if call.system:
            body["systemInstruction"] = {"parts": [{"text": call.system}]}
        return body

    def answer(self, raw: bytes) -> ModelAnswer | Failure:
        """Read the body of a 200; a blocked prompt is a refusal without a text."""
        reply = _decode(raw)
        if reply.error is not None:
            return _classify(0, reply.error)
        usage = _usage(reply.usage_metadata)
        model = reply.model_version or ""
        if not reply.candidates:
            if reply.prompt_feedback is None or reply.prompt_feedback.block_reason is None:
                return Failure(kind="malformed", status=200, detail="the answer has no candidates")
            return ModelAnswer(text="", finish="refusal", usage=usage, model=model)
        first = reply.candidates[0]
        parts = (first.content.parts if first.content else None) or []
        text = "".join(part.text or "" for part in parts if not part.thought)
        finish = _FINISH.get(first.finish_reason, "other")
        if finish == "stop" and not text and any(part.thought for part in parts):
            finish = "thoughts"
        return ModelAnswer(text=text, finish=finish, usage=usage, model=model)

    def failure(self, status: int, headers: Headers, raw: bytes) -> Failure:
        """Read any other response; the delay stands in the body."""
        body = loads(raw)
        if isinstance(body, list) and body:
            body = body[0]
        return _classify(status, dig(body, "error") or body)


def _generation(able: Abilities, call: Call, strict: bool) -> dict[str, Any]:
    config: dict[str, Any] = {"maxOutputTokens": call.max_output_tokens + able.room}
    if strict:
        config["responseMimeType"] = "application/json"
        config["responseJsonSchema"] = ordered(call.shape)
    if able.temperature is not None:
        config["temperature"] = able.temperature
    if able.seed is not None:
        config["seed"] = able.seed
    if able.thinking == "budget":
        config["thinkingConfig"] = {"thinkingBudget": able.room}
    elif able.effort is not None:
        config["thinkingConfig"] = {"thinkingLevel": able.effort}
    return config


def _classify(status: int, error: Any) -> Failure:
    message = str(dig(error, "message") or error)
    code = dig(error, "code")
    status = status or (code if isinstance(code, int) else 0)
    details = dig(error, "details")
    details = details if isinstance(details, list) else []
    delays = [duration_s(str(dig(detail, "retryDelay"))) for detail in details]
    told = [delay for delay in delays if delay is not None]
    return Failure(
        kind=_kind(status, message, details),
        status=status,
        detail=message,
        delay_s=max(told) if told else spoken_delay_s(message),
    )


def _kind(status: int, message: str, details: list[Any]) -> Kind:
    reasons = {dig(detail, "reason") for detail in details}
    if reasons & {"API_KEY_INVALID", "API_KEY_EXPIRED", "API_KEY_SERVICE_BLOCKED"}:
        return "key"
    if "BILLING_DISABLED" in reasons or "enable billing" in message.lower():
        return "spend"
    if status == 400 and "location is not supported" in message.lower():
        return "key"
    kind = by_status(status) if status else "server"
    if kind == "rate_limit" and (_daily(details) or _NO_QUOTA.search(message)):
        return "quota"
    return kind


def _daily(details: list[Any]) -> bool:
    violations = [dig(detail, "violations") for detail in details]
    listed = [many for many in violations if isinstance(many, list)]
    quotas = [str(dig(one, "quotaId")) for many in listed for one in many]
    return any("PerDay" in quota for quota in quotas)


def _usage(told: Any) -> Usage:
    """Counts of zero are left out here, so one that is not there is no reason to estimate."""

    def of(name: str) -> int | None:
        stated = dig(told, name)
        return 0 if stated is None else count(stated)

    prompt, tools = count(dig(told, "promptTokenCount")), of("toolUsePromptTokenCount")
    said, thoughts = of("candidatesTokenCount"), of("thoughtsTokenCount")
    return usage(
        read=None if prompt is None else prompt + (tools or 0),
        wrote=None if said is None else said + (thoughts or 0),
        cached=of("cachedContentTokenCount"),
        reasoning=thoughts,
    )


GOOGLE = Vendor(
    adapter=Gemini(),
    base_url="https://generativelanguage.googleapis.com/v1beta",
    version="v1beta",
    key_env=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    published="google",
)
