"""What servers state of tokens and cost is believed as far as it can be true."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.llm.adapters.usage import MOST_TOKENS, cost_nanousd, count, usage
from retailsim.agents.llm.gateway.endpoint import Endpoint
from retailsim.agents.llm.gateway.transport import HttpReply
from retailsim.agents.llm.provider.attempt_failure import Failure
from retailsim.agents.llm.types import PROVIDERS, ModelAnswer, ModelConfig, Price, Provider, Usage
from tests.llm.adapters.test_adapters_answers import answer
from tests.llm.faultserver import SPOKEN, TEXT, success

STATED: dict[str, str] = {
    "chat": "usage",
    "responses": "usage",
    "anthropic": "usage",
    "google": "usageMetadata",
}
ODD = ["12", 12.0, None, -1, 1e300, math.inf, "a lot", True, [12], {"a": 1}, "", "-3", 10**30, 1.5]


@pytest.mark.parametrize(
    ("told", "known"),
    [
        (0, 0),
        (123, 123),
        ("123", 123),
        (123.0, 123),
        (MOST_TOKENS, MOST_TOKENS),
        (MOST_TOKENS + 1, None),
        *((odd, None) for odd in ODD[2:]),
        ("9" * 5000, None),
        ("\N{SUPERSCRIPT TWO}", None),
    ],
)
def test_a_count_is_read_if_it_can_be_one(told: object, known: int | None) -> None:
    assert count(told) == known


def test_no_part_is_more_than_its_whole() -> None:
    found = usage(read=100, wrote=10, cached=900, written=50, reasoning=11)
    assert found == Usage(input=100, cached=100, written=0, output=10, reasoning=10)
    found = usage(read=100, wrote=10, cached=70, written=50, reasoning=3)
    assert found == Usage(input=100, cached=70, written=30, output=10, reasoning=3)


@given(st.fixed_dictionaries(dict.fromkeys(("read", "wrote", "cached"), st.integers() | st.text())))
def test_whatever_is_stated_usage_is_one_that_can_be(stated: dict[str, Any]) -> None:
    found = usage(**stated)
    assert 0 <= found.cached + found.written <= found.input <= MOST_TOKENS
    assert 0 <= found.reasoning <= found.output <= MOST_TOKENS


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_odd_accounting_throws_a_paid_answer_away(provider: Provider) -> None:
    """Any count, and any part of the accounting, replaced by anything."""
    body = success(SPOKEN[provider].wire)
    where = STATED[SPOKEN[provider].wire]
    for odd in [one for one in ODD if one != math.inf]:  # which JSON cannot say
        for name in body[where]:
            changed = {**body, where: {**body[where], name: odd}}
            assert answer(provider, changed).text == TEXT
        assert answer(provider, {**body, where: odd}).usage.estimated


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("odd", ["100", 100.0])
def test_counts_in_other_forms_are_taken(provider: Provider, odd: object) -> None:
    body = success(SPOKEN[provider].wire)
    stated = body[STATED[SPOKEN[provider].wire]]
    whole = next(name for name, value in stated.items() if value in (100, 30))
    told = str(stated[whole]) if isinstance(odd, str) else float(stated[whole])
    stated[whole] = told
    assert answer(provider, body).usage.input == 100
    assert not answer(provider, body).usage.estimated


@pytest.mark.parametrize("told", [-1e-9, -5, 1_000.1, 1e300, math.inf, math.nan, "1", True, None])
def test_a_cost_that_no_call_has_is_unknown(told: object) -> None:
    assert cost_nanousd(told) is None


@pytest.mark.parametrize(("told", "nano"), [(0, 0), (0.25, 250_000_000), (1_000, 10**12)])
def test_a_cost_is_in_billionths_of_a_dollar(told: float, nano: int) -> None:
    assert cost_nanousd(told) == nano


@pytest.mark.parametrize("provider", ["openai", "openai-compatible"])
def test_who_does_not_promise_to_state_costs_is_not_believed(provider: Provider) -> None:
    body = success("chat")
    body["usage"]["cost"] = -5.0
    assert answer(provider, body).cost_nanousd is None
    body["usage"]["cost"] = 2.1
    assert answer(provider, body).cost_nanousd is None
    assert answer("openrouter", body).cost_nanousd == 2_100_000_000


def through_the_gateway(body: Any, **fields: Any) -> ModelAnswer | Failure:
    config = ModelConfig(provider="openrouter", model="x", **fields)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    endpoint = Endpoint("m", config, {"OPENROUTER_API_KEY": "a-long-enough-key"})
    return endpoint.read(HttpReply(200, {}, raw), b"{}", lambda: 0.0)


def test_the_users_own_price_beats_what_the_server_charges() -> None:
    body = success("chat")
    body["usage"]["cost"] = 2.1
    stated = through_the_gateway(body)
    own = through_the_gateway(body, price=Price(input=1.0, output=1.0))
    assert isinstance(stated, ModelAnswer)
    assert isinstance(own, ModelAnswer)
    assert (stated.cost_nanousd, own.cost_nanousd) == (2_100_000_000, None)


@pytest.mark.parametrize("where", ["usage", "error", "provider"])
def test_an_answer_nested_without_end_is_malformed(where: str) -> None:
    depth = 100_000
    raw = b'{"choices":[],"%b":' % where.encode() + b"[" * depth + b"]" * depth + b"}"
    found = through_the_gateway(raw)
    assert isinstance(found, Failure)
    assert found.kind == "malformed"
