"""Errors in OpenAI's form, as OpenAI, OpenRouter and compatible servers give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from retailsim.agents.llm.provider.attempt_failure import (
    HOURS_S,
    Failure,
    Kind,
    by_status,
    dig,
    loads,
)
from retailsim.agents.llm.provider.hints import Headers, delay_s, spoken_delay_s

_BY_CODE: Mapping[str, Kind] = {
    "insufficient_quota": "spend",
    "credit_balance_exhausted": "spend",
    "organization_spend_limit_exceeded": "spend",
    "project_spend_limit_exceeded": "spend",
    "organization_usage_limit_exceeded": "spend",
    "billing_hard_limit_reached": "spend",
    "billing_not_active": "spend",
    "invalid_api_key": "key",
    "account_deactivated": "key",
    "unsupported_country_region_territory": "key",
    "model_not_found": "unknown",
    "invalid_model": "unknown",
    "rate_limit_exceeded": "rate_limit",
    "rate_limit_error": "rate_limit",
    "slow_down": "rate_limit",
    "server_is_overloaded": "overloaded",
    "overloaded_error": "overloaded",
    "server_error": "server",
    "context_length_exceeded": "request",
    "exceed_context_size_error": "request",
    "content_filter": "request",
    "content_policy_violation": "request",
    "invalid_prompt": "request",
}
_DAILY = re.compile(r"per[- ]day|\b[rt]pd\b|daily", re.IGNORECASE)
_BRIEF = re.compile(r"per[- ](?:min(?:ute)?|sec(?:ond)?|hour)\b|\b[rt]p[ms]\b", re.IGNORECASE)
_TOO_LARGE = re.compile(r"request too large", re.IGNORECASE)


def read_failure(status: int, headers: Headers, raw: bytes) -> Failure:
    """Read an error response."""
    body = loads(raw)
    error = dig(body, "error") or body
    return classify(status, error, asked_s=delay_s(headers, 0.0))


def classify(status: int, error: Any, *, asked_s: float | None = None) -> Failure:
    """Return the failure that an error object is about.

    Parameters
    ----------
    status : int
        HTTP status; 200 where the error came inside an answer.
    asked_s : float or None
        The wait that the headers ask for: then even a 402 is no end. A date is far away here.
    """
    message = str(dig(error, "message") or dig(error, "detail") or error)
    param = dig(error, "param")
    if isinstance(param, str) and param not in message:
        message = f"{message} (param {param})"
    code = dig(error, "code")
    if status < 300:
        status = code if isinstance(code, int) and 300 <= code < 600 else 0
    kind = _kind(status, code, dig(error, "type"), asked_s is not None)
    if kind == "key" and dig(error, "metadata", "reasons"):
        kind = "request"  # OpenRouter's moderation answers 403 for one text, not for the key
    spoken_s = spoken_delay_s(message)
    if kind == "rate_limit" and _TOO_LARGE.search(message):
        kind = "request"  # larger than the limit of a whole minute: it will not fit later either
    elif kind == "rate_limit" and _days(message, spoken_s, asked_s):
        kind = "quota"
    return Failure(kind=kind, status=status, detail=message, delay_s=spoken_s)


def _days(message: str, *delays_s: float | None) -> bool:
    """Whether a limit is that of a day: it says so, of no shorter time, and of no earlier end."""
    if not _DAILY.search(message):
        return False
    known = [delay for delay in delays_s if delay is not None]
    return max(known) >= HOURS_S if known else not _BRIEF.search(message)


def _kind(status: int, code: Any, type_: Any, waits: bool) -> Kind:
    for name in (code, type_):
        if isinstance(name, str) and name in _BY_CODE:
            return _BY_CODE[name]
    if status == 402 and waits:
        return "rate_limit"
    return by_status(status) if status else "server"
