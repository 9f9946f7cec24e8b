"""Prices: the user's own, the published ones, and none."""

from __future__ import annotations

import sys

import pytest

from retailsim.agents.llm.provider import price as module
from retailsim.agents.llm.provider.price import pricing
from retailsim.agents.llm.types import ModelConfig, Price, Usage

USAGE = Usage(input=1_000, cached=400, written=100, output=50, reasoning=20)


def config(**changes: object) -> ModelConfig:
    return ModelConfig(provider="openai", model="gpt-4o", **changes)  # type: ignore[arg-type]


def test_an_own_price_counts_fresh_cached_written_and_output_tokens() -> None:
    price = Price(input=2.0, cached=0.5, write=2.5, output=10.0)
    # 500 fresh x 2 + 400 x 0.5 + 100 x 2.5 + 50 x 10 = 1,950 millionths of a dollar.
    assert pricing(config(price=price))(USAGE) == 1_950_000


def test_cached_and_written_tokens_cost_the_input_price_where_nothing_is_said() -> None:
    assert pricing(config(price=Price(input=1.0, output=0.0)))(USAGE) == 1_000_000


def test_reasoning_tokens_are_part_of_the_output_and_are_paid_once() -> None:
    price = Price(input=0.0, output=1.0)
    assert pricing(config(price=price))(USAGE) == 50_000


def test_a_price_of_zero_is_known_and_not_unknown() -> None:
    assert pricing(config(price=Price(input=0.0, output=0.0)))(USAGE) == 0


def test_a_published_price_is_found_by_provider_and_model() -> None:
    pytest.importorskip("genai_prices", reason="the extra 'prices' is not installed")
    cost = pricing(config())(Usage(input=1_000_000))
    assert cost is not None
    assert cost > 0


def test_an_unknown_model_has_no_price() -> None:
    unknown = ModelConfig(provider="openai", model="no-such-model-anywhere")
    assert pricing(unknown)(USAGE) is None


def test_a_compatible_server_has_no_published_price() -> None:
    local = ModelConfig(provider="openai-compatible", model="gpt-4o", base_url="http://127.0.0.1")
    assert pricing(local)(USAGE) is None


def test_without_the_package_every_published_price_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    module._known.cache_clear()
    assert pricing(config())(USAGE) is None
    module._known.cache_clear()
