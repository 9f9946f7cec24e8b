"""Errors in each vendor's form: what retries, what ends one call and what ends them all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from retailsim.agents.llm.provider.attempt_failure import Failure, by_status
from retailsim.agents.llm.provider.vendor import vendor_of
from retailsim.agents.llm.refused_setting import setting_of
from retailsim.agents.llm.types import PROVIDERS, Provider


def read(provider: Provider, status: int, body: Any, **headers: str) -> Failure:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    failure: Failure = vendor_of(provider).adapter.failure(status, named, json.dumps(body).encode())
    return failure


def openai(**error: Any) -> Any:
    return {"error": {"message": "m", "type": None, "param": None, "code": None, **error}}


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (429, {"code": "rate_limit_exceeded"}, "rate_limit"),
        (429, {"code": "slow_down"}, "rate_limit"),
        (429, {}, "rate_limit"),
        (429, {"code": "insufficient_quota", "type": "insufficient_quota"}, "spend"),
        (429, {"code": "credit_balance_exhausted", "type": "insufficient_quota"}, "spend"),
        (429, {"code": "organization_spend_limit_exceeded"}, "spend"),
        (429, {"code": "project_spend_limit_exceeded"}, "spend"),
        (429, {"code": "organization_usage_limit_exceeded"}, "spend"),
        (429, {"message": "Limit 200 requests per day (RPD)"}, "quota"),
        (429, {"message": "Rate limit exceeded: free-models-per-day"}, "quota"),
        (401, {"code": "invalid_api_key"}, "key"),
        (403, {"code": "unsupported_country_region_territory"}, "key"),
        (403, {}, "key"),
        (403, {"code": 403, "metadata": {"reasons": ["violence"]}}, "request"),
        (404, {"code": "model_not_found"}, "unknown"),
        (400, {"code": "model_not_found"}, "unknown"),
        (400, {"code": "context_length_exceeded"}, "request"),
        (400, {"code": 400, "type": "exceed_context_size_error"}, "request"),
        (400, {"code": "content_policy_violation"}, "request"),
        (422, {}, "request"),
        (402, {"code": 402}, "spend"),
        (408, {}, "server"),
        (500, {}, "server"),
        (502, {"code": 502}, "server"),
        (503, {"code": "server_is_overloaded"}, "overloaded"),
    ],
)
@pytest.mark.parametrize("provider", ["openai", "openai-responses", "openrouter"])
def test_the_code_decides_before_the_status(
    provider: Provider, status: int, error: dict[str, Any], kind: str
) -> None:
    assert read(provider, status, openai(**error)).kind == kind


PER_MINUTE = "Limit reached on tokens per min (TPM). Free accounts have 200 requests per day."
PER_DAY = "Limit reached on requests per day (RPD): 200"
TOO_LARGE = "Request too large for x on tokens per min (TPM): Limit 30000, Requested 40000."


@pytest.mark.parametrize(
    ("message", "headers", "kind"),
    [
        (PER_MINUTE, {}, "rate_limit"),
        (f"{PER_MINUTE} Please try again in 20s.", {}, "rate_limit"),
        (PER_DAY, {}, "quota"),
        (f"{PER_DAY} Please try again in 8.64s.", {}, "rate_limit"),
        (f"{PER_DAY} Please try again in 7h12m0s.", {}, "quota"),
        (PER_DAY, {"retry_after": "30"}, "rate_limit"),
        (PER_DAY, {"retry_after": "7200"}, "quota"),
        (TOO_LARGE, {}, "request"),
        (f"{TOO_LARGE} Please try again in 6s.", {"retry_after": "6"}, "request"),
    ],
)
@pytest.mark.parametrize("provider", ["openai", "openrouter", "openai-compatible"])
def test_a_limit_is_that_of_a_day_if_nothing_says_that_it_ends_sooner(
    provider: Provider, message: str, headers: dict[str, str], kind: str
) -> None:
    body = openai(code="rate_limit_exceeded", message=message)
    assert read(provider, 429, body, **headers).kind == kind


def test_a_402_with_a_date_to_come_back_is_waited_for() -> None:
    body = openai(code=402, metadata={"limit_source": "openrouter_in_flight_budget"})
    assert read("openrouter", 402, body, retry_after="5").kind == "rate_limit"


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (429, {"type": "rate_limit_error"}, "rate_limit"),
        (
            429,
            {
                "type": "rate_limit_error",
                "details": {"error_code": "enforced_spend_limit_reached"},
            },
            "spend",
        ),
        (
            429,
            {
                "type": "rate_limit_error",
                "details": {"error_code": "contract_spend_limit_reached"},
            },
            "spend",
        ),
        (400, {"type": "invalid_request_error"}, "request"),
        (
            400,
            {
                "type": "invalid_request_error",
                "message": "Your credit balance is too low to access the API.",
            },
            "spend",
        ),
        (401, {"type": "authentication_error"}, "key"),
        (402, {"type": "billing_error"}, "spend"),
        (403, {"type": "permission_error"}, "key"),
        (404, {"type": "not_found_error"}, "unknown"),
        (413, {"type": "request_too_large"}, "request"),
        (500, {"type": "api_error"}, "server"),
        (529, {"type": "overloaded_error"}, "overloaded"),
        (504, {"type": "timeout_error"}, "server"),
    ],
)
def test_anthropic(status: int, error: dict[str, Any], kind: str) -> None:
    body = {"type": "error", "error": {"message": "m", **error}, "request_id": "r"}
    assert read("anthropic", status, body).kind == kind


def google(message: str = "m", *details: Any) -> Any:
    return {"error": {"code": 0, "message": message, "status": "S", "details": list(details)}}


RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "46.5s"}


def quota(quota_id: str) -> Any:
    violations = [{"quotaMetric": "x", "quotaId": quota_id}]
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": violations}


PER_DAY = quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier")
PER_MINUTE = quota("GenerateRequestsPerMinutePerProjectPerModel")
BAD_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, google("m", PER_MINUTE, RETRY_INFO), "rate_limit"),
        (429, google("m", PER_MINUTE, PER_DAY, RETRY_INFO), "quota"),
        (429, google("Quota exceeded, limit: 0, model: x"), "quota"),
        (429, google("Quota exceeded, limit: 0"), "quota"),
        (429, google("Quota exceeded, limit: 0.5"), "rate_limit"),
        (429, [google("m", PER_DAY)], "quota"),
        (400, google("API key not valid", BAD_KEY), "key"),
        (400, google("User location is not supported for the API use."), "key"),
        (400, google("bad schema"), "request"),
        (403, google("denied"), "key"),
        (403, google("Please enable billing on the project"), "spend"),
        (404, google("no such model"), "unknown"),
        (500, google("internal"), "server"),
        (503, google("overloaded"), "overloaded"),
        (504, google("deadline"), "server"),
    ],
)
def test_gemini(status: int, body: Any, kind: str) -> None:
    assert read("google", status, body).kind == kind


def test_gemini_names_the_delay_in_the_body() -> None:
    assert read("google", 429, google("m", PER_MINUTE, RETRY_INFO)).delay_s == 46.5
    assert read("google", 429, [google("m", RETRY_INFO)]).delay_s == 46.5
    assert read("google", 429, google("Please retry in 12.5s.")).delay_s == 12.5


def test_openai_names_the_delay_in_words() -> None:
    assert read("openai", 429, openai(message="Please try again in 6m0s.")).delay_s == 360.0


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"<html>Bad Gateway</html>", b"null", b"[]", b'{"error": "x"}', b'{"detail": 1}'),
        *(b'{"error": "d\xe9bit"}', b"[" * 100_000),
    ],
    ids=lambda raw: raw[:20],
)
def test_any_body_of_a_502_is_a_server_failure(provider: Provider, raw: bytes) -> None:
    found = vendor_of(provider).adapter.failure(502, {}, raw)
    assert (found.kind, found.status, found.retried) == ("server", 502, True)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(301, "unknown"), (308, "unknown"), (418, "request"), (501, "request"), (599, "server")],
)
def test_statuses_without_a_meaning_of_their_own(status: int, kind: str) -> None:
    assert by_status(status) == kind


@pytest.mark.parametrize(
    ("kind", "delay_s", "becomes", "retried"),
    [
        ("rate_limit", 300.0, "rate_limit", True),
        ("rate_limit", 899.0, "rate_limit", True),
        ("rate_limit", 900.0, "rate_limit", False),
        ("rate_limit", 3600.0, "quota", False),
        ("overloaded", 7200.0, "overloaded", False),
        ("spend", 7200.0, "spend", False),
        ("server", None, "server", True),
    ],
)
def test_a_wait_beyond_the_deadline_is_not_begun(
    kind: Any, delay_s: float | None, becomes: str, retried: bool
) -> None:
    found = Failure(kind=kind, delay_s=delay_s).bounded(900.0)
    assert (found.kind, found.retried) == (becomes, retried)


SETTINGS: dict[str, str | None] = {
    "Unsupported value: 'temperature' does not support 0.7 with this model.": "accepts",
    "temperature: Extra inputs are not permitted": "accepts",
    'Unknown name "thinkingLevel": thinking level is not supported': "accepts",
    "Invalid value (param reasoning_effort)": "accepts",
    "Invalid schema for response_format 'buyer_reply': too deep": "schema",
    "output_config.format: Extra inputs are not permitted": "schema",
    "failed to parse grammar": "schema",
    "Unknown name \"responseJsonSchema\" at 'generation_config'": "schema",
    "max_tokens: 9600 > 8192, the maximum of output tokens for this model": "thinking_tokens",
    "'max_completion_tokens' is too large: 4400": "thinking_tokens",
    "The thinking budget 8000 is invalid": "thinking_tokens",
    "Unsupported parameter: 'max_tokens' is not supported": None,
    "your prompt was flagged, see https://x.test/docs/reasoning#advice": None,
    "This model's maximum context length is 8192 tokens": None,
    "bad request": None,
}


@pytest.mark.parametrize("said", SETTINGS)
def test_a_refusal_is_about_the_setting_that_its_words_name(said: str) -> None:
    assert setting_of(said) == SETTINGS[said]


def test_the_parameter_that_an_error_names_beside_its_words_is_kept() -> None:
    found = read("openai", 400, openai(message="Invalid value", param="seed"))
    assert found.detail == "Invalid value (param seed)"
    assert read("openai", 400, openai(message="bad seed", param="seed")).detail == "bad seed"
