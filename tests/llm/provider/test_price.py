"""Prices: the user's own, the published ones, and none."""

from __future__ import annotations

import sys
from decimal import Decimal
from fractions import Fraction
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from retailsim.agents.llm.provider import price as module
from retailsim.agents.llm.provider.price import how_to_price, pricing
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


@pytest.mark.parametrize("rate", [0.15, 3.0, 0.0375, 0.0000005, 1e-9])
def test_a_price_is_exact_whether_or_not_it_is_whole_nanodollars_a_token(rate: float) -> None:
    """The second way to compute it: fractions, rounded half to even."""
    cost = pricing(config(price=Price(input=rate, output=3 * rate)))(USAGE)
    exact = (1_000 + 3 * 50) * Fraction(str(rate)) * 1_000
    assert cost == round(exact)
    assert type(cost) is int


def test_a_price_of_zero_is_known_and_not_unknown() -> None:
    assert pricing(config(price=Price(input=0.0, output=0.0)))(USAGE) == 0


@pytest.mark.slow
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


class Table(ModuleType):
    """Stands for the package of published prices: a dollar and a fraction for one model."""

    def __init__(self) -> None:
        super().__init__("genai_prices")
        self.__spec__ = ModuleSpec("genai_prices", None)
        self.Usage = SimpleNamespace
        self.asked: list[Any] = []

    def calc_price(self, usage: Any, model_ref: str, provider_id: str) -> Any:
        if (provider_id, model_ref) != ("openai", "gpt-4o"):
            raise LookupError(model_ref)
        self.asked.append(vars(usage))
        return SimpleNamespace(total_price=Decimal("1.0000000025"))


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Table()
    monkeypatch.setitem(sys.modules, "genai_prices", made)
    module._known.cache_clear()
    yield made
    module._known.cache_clear()


def test_a_published_price_is_of_all_tokens_in_nanodollars_rounded_half_to_even(
    table: Table,
) -> None:
    assert pricing(config())(USAGE) == 1_000_000_002
    assert table.asked[-1] == {
        "input_tokens": 1_000,
        "cache_read_tokens": 400,
        "cache_write_tokens": 100,
        "output_tokens": 50,
    }


STATE = (
    "state it, in dollars per million tokens, as in "
    "--set 'models.\"m\".price={ input = 1.0, output = 4.0 }'"
)


@pytest.mark.parametrize("installed", [True, False])
@pytest.mark.parametrize("provider", ["openai", "openai-compatible"])
def test_the_package_is_advised_where_it_is_missing_and_would_know(
    provider: Any, installed: bool, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not installed:
        monkeypatch.setitem(sys.modules, "genai_prices", None)
    said = how_to_price("m", ModelConfig(provider=provider, model="no-such-model"))
    package = "install genai-prices, which knows the published ones, or "
    advised = provider == "openai" and not installed
    assert said == (f"{package}{STATE}" if advised else STATE)
