"""What comes back: answers of each vendor's format, as our values."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from retailsim.agents.llm.provider.attempt_failure import Failure
from retailsim.agents.llm.provider.vendor import vendor_of
from retailsim.agents.llm.talk.caller import LONGEST_NAME, answered_by
from retailsim.agents.llm.types import PROVIDERS, ModelAnswer, Provider, Usage
from retailsim.events.messages import AnsweredBy
from tests.llm.faultserver import SPOKEN, SUCCESS, TEXT, success


def read(provider: Provider, body: Any) -> ModelAnswer | Failure:
    found: ModelAnswer | Failure = vendor_of(provider).adapter.answer(json.dumps(body).encode())
    return found


def answer(provider: Provider, body: Any) -> ModelAnswer:
    found = read(provider, body)
    assert isinstance(found, ModelAnswer), found
    return found


@pytest.mark.parametrize("provider", PROVIDERS)
def test_text_tokens_and_model_are_read(provider: Provider) -> None:
    found = answer(provider, success(SPOKEN[provider].wire))
    written = 6 if provider == "anthropic" else 0
    usage = Usage(input=100, cached=64, written=written, output=20, reasoning=5)
    assert found == ModelAnswer(text=TEXT, finish="stop", usage=usage, model="served")


def test_who_answered_is_read_as_far_as_it_is_told() -> None:
    body = success("chat") | {"system_fingerprint": "fp_1", "provider": "Upstream Inc."}
    found = answer("openrouter", body)
    assert (found.fingerprint, found.upstream) == ("fp_1", "Upstream Inc.")
    assert answered_by(found) == AnsweredBy(
        model="served", fingerprint="fp_1", upstream="Upstream Inc."
    )


def test_a_foreign_server_may_put_anything_where_it_names_itself() -> None:
    body = success("chat") | {"system_fingerprint": 7, "provider": {"name": "x"}}
    found = answer("openai-compatible", body)
    assert (found.text, found.fingerprint, found.upstream) == (TEXT, "", "")


def test_what_is_kept_of_who_answered_is_bounded_and_only_what_was_told() -> None:
    told = ModelAnswer(text="", finish="stop", usage=Usage(), model="m" * 10_000)
    assert answered_by(told) == AnsweredBy(model="m" * LONGEST_NAME)
    assert msgspec.json.encode(answered_by(told)) == b'{"model":"%b"}' % (b"m" * LONGEST_NAME)
    assert answered_by(ModelAnswer(text="", finish="stop", usage=Usage())) is None


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("finish", ["refusal", "length"])
def test_a_refusal_and_a_cut_are_answers(provider: Provider, finish: str) -> None:
    found = answer(provider, success(SPOKEN[provider].wire, finish))
    assert found.finish == finish
    assert found.usage.output == 20


@pytest.mark.parametrize("provider", PROVIDERS)
def test_missing_usage_is_marked_as_such(provider: Provider) -> None:
    body = success(SPOKEN[provider].wire)
    body.pop("usage", None)
    body.pop("usageMetadata", None)
    assert answer(provider, body).usage == Usage(estimated=True)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_unknown_fields_are_ignored(provider: Provider) -> None:
    body = {**success(SPOKEN[provider].wire), "brand_new": {"a": [1, None]}}
    assert answer(provider, body).text == TEXT


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b'{"cho', b"\xff\xfe", b"<html>"])
def test_what_is_not_an_answer_is_an_error_of_decoding(provider: Provider, raw: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        vendor_of(provider).adapter.answer(raw)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_empty_object_is_malformed_not_an_empty_answer(provider: Provider) -> None:
    found = read(provider, {})
    assert isinstance(found, Failure)
    assert found.kind == "malformed"


def test_chat_content_in_parts_is_joined() -> None:
    body = success("chat")
    parts = [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]
    body["choices"][0]["message"]["content"] = parts
    assert answer("openai-compatible", body).text == "ab"


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("stop", "stop"), (None, "stop"), ("content_filter", "refusal"), ("tool_calls", "other")],
)
def test_chat_finish_reasons(reason: str | None, finish: str) -> None:
    body = success("chat")
    body["choices"][0]["finish_reason"] = reason
    assert answer("openai", body).finish == finish


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("stop_sequence", "stop"),
        ("model_context_window_exceeded", "length"),
        ("pause_turn", "other"),
        ("never_heard", "other"),
    ],
)
def test_anthropic_stop_reasons(reason: str, finish: str) -> None:
    assert answer("anthropic", {**success("anthropic"), "stop_reason": reason}).finish == finish


def test_gemini_answers_a_blocked_prompt_without_candidates() -> None:
    body = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 9}}
    usage = Usage(input=9)
    assert answer("google", body) == ModelAnswer(text="", finish="refusal", usage=usage)


def test_gemini_thoughts_are_output_but_no_text() -> None:
    found = answer("google", success("google"))
    assert found.text == TEXT
    assert (found.usage.output, found.usage.reasoning) == (20, 5)


def test_responses_may_be_cut_by_a_filter() -> None:
    body = {**success("responses", "length"), "incomplete_details": {"reason": "content_filter"}}
    assert answer("openai-responses", body).finish == "refusal"


def test_openrouter_states_the_cost_and_writes_to_the_cache() -> None:
    body = success("chat")
    body["usage"]["cost"] = 0.0001234567
    body["usage"]["prompt_tokens_details"]["cache_write_tokens"] = 30
    found = answer("openrouter", body)
    assert found.cost_nanousd == 123_457
    assert found.usage.written == 30


@pytest.mark.parametrize(
    ("provider", "body", "kind", "status"),
    [
        ("openrouter", {"error": {"code": 502, "message": "x"}}, "server", 502),
        ("openrouter", {"error": {"code": 429, "message": "x"}}, "rate_limit", 429),
        ("openrouter", {"error": {"code": 402, "message": "x"}}, "spend", 402),
        ("openrouter", {"error": "it broke"}, "server", 0),
        ("openai", {"error": {"code": "insufficient_quota", "message": "x"}}, "spend", 0),
        ("openai-responses", {"status": "failed", "error": {"code": "server_error"}}, "server", 0),
        (
            "openai-responses",
            {"status": "failed", "error": {"code": "rate_limit_exceeded"}},
            "rate_limit",
            0,
        ),
        ("openai-responses", {"status": "cancelled", "output": []}, "malformed", 200),
        ("anthropic", {"type": "error", "error": {"type": "overloaded_error"}}, "overloaded", 0),
        ("google", {"error": {"code": 503, "message": "x"}}, "overloaded", 503),
    ],
)
def test_an_error_inside_a_200_is_a_failure(
    provider: Provider, body: Any, kind: str, status: int
) -> None:
    found = read(provider, body)
    assert isinstance(found, Failure)
    assert (found.kind, found.status) == (kind, status)


def test_an_error_inside_a_choice_is_a_failure() -> None:
    body = success("chat")
    body["choices"][0]["error"] = {"code": 503, "message": "upstream"}
    found = read("openrouter", body)
    assert isinstance(found, Failure)
    assert found.kind == "overloaded"


def test_the_fault_server_speaks_every_format() -> None:
    assert set(SUCCESS) == {spoken.wire for spoken in SPOKEN.values()}


def thought(vendor: str, text: str = "") -> Any:
    """A whole answer in which nothing but thoughts (or `text` as thoughts) came."""
    body = success(vendor)
    match vendor:
        case "chat":
            body["choices"][0]["message"] = {"content": None, "reasoning_content": text or "hm"}
        case "responses":
            del body["output"][1:]
        case "anthropic":
            del body["content"][1:]
        case _:
            del body["candidates"][0]["content"]["parts"][1:]
    return body


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_answer_of_thoughts_alone_is_told_apart_from_an_empty_one(provider: Provider) -> None:
    found = answer(provider, thought(SPOKEN[provider].wire))
    assert (found.text, found.finish) == ("", "thoughts")
    cut = answer(provider, success(SPOKEN[provider].wire, "length"))
    assert cut.finish == "length", "what is cut off while thinking stays cut off"


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_an_answer_that_a_server_took_for_thoughts_is_used_if_it_is_one_object(key: str) -> None:
    body = success("chat")
    body["choices"][0]["message"] = {"content": "", key: f" {TEXT}\n"}
    found = answer("openai-compatible", body)
    assert (found.text, found.finish) == (TEXT, "stop")
    body["choices"][0]["message"] = {"content": "", key: f"I think {TEXT}"}
    assert answer("openai-compatible", body).finish == "thoughts"
    body["choices"][0]["message"] = {"content": TEXT, key: "{}"}
    assert answer("openai-compatible", body).text == TEXT
