"""What a call costs: a price of the user's own, else the published one, else unknown.

Published prices come from the package ``genai-prices`` (the extra ``prices``), which carries its
table along and needs no network. An unknown price is None and shown as unknown, never as 0.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from importlib.util import find_spec

from retailsim.agents.llm.provider.vendor import vendor_of
from retailsim.agents.llm.types import ModelConfig, Price, Usage

_NANO = Decimal(10**9)
_PER_TOKEN = Decimal(1000)
"""Nanodollars per token for each dollar per million tokens."""

Pricing = Callable[[Usage], int | None]


def pricing(model: ModelConfig) -> Pricing:
    """Return a function from usage to nanodollars, or to None where the price is unknown."""
    if model.price is not None:
        price = model.price
        return lambda usage: own_price(usage, price)
    return lambda usage: published_price(usage, model)


def own_price(usage: Usage, price: Price) -> int:
    """Cost in nanodollars by a price of the user's own, rounded half to even."""
    fresh = usage.input - usage.cached - usage.written
    read, cached, written, output = _rates(price)
    nanodollars = fresh * read + usage.cached * cached
    nanodollars += usage.written * written + usage.output * output
    if isinstance(nanodollars, int):
        return nanodollars
    return int(nanodollars.to_integral_value(ROUND_HALF_EVEN))


@lru_cache(maxsize=256)
def _rates(price: Price) -> tuple[int | Decimal, ...]:
    """Return nanodollars per token: fresh, read from a cache, written to it, and output.

    They are integers where all are whole, as those of nearly all models, since each call is priced.
    """
    cached = price.input if price.cached is None else price.cached
    written = price.input if price.write is None else price.write
    rates = (price.input, cached, written, price.output)
    exact = tuple(Decimal(str(rate)) * _PER_TOKEN for rate in rates)
    whole = tuple(map(int, exact))
    return whole if whole == exact else exact


def published_price(usage: Usage, model: ModelConfig) -> int | None:
    """Cost in nanodollars by the published table; None without the package or the model."""
    provider = vendor_of(model.provider).published
    if provider is None or not _known(provider, model.model):
        return None
    from genai_prices import Usage as Published
    from genai_prices import calc_price

    counted = Published(
        input_tokens=usage.input,
        cache_read_tokens=usage.cached,
        cache_write_tokens=usage.written,
        output_tokens=usage.output,
    )
    total = calc_price(counted, model_ref=model.model, provider_id=provider).total_price
    return int((total * _NANO).to_integral_value(ROUND_HALF_EVEN))


def how_to_price(name: str, model: ModelConfig) -> str:
    """Say what makes the price of the model in the table `name` known, where it is not."""
    setting = f"--set 'models.\"{name}\".price={{ input = 1.0, output = 4.0 }}'"
    state = f"state it, in dollars per million tokens, as in {setting}"
    if vendor_of(model.provider).published and find_spec("genai_prices") is None:
        return f"install genai-prices, which knows the published ones, or {state}"
    return state


@lru_cache(maxsize=256)
def _known(provider: str, model: str) -> bool:
    try:
        from genai_prices import Usage as Published
        from genai_prices import calc_price
    except ModuleNotFoundError:
        return False
    try:
        calc_price(Published(input_tokens=1), model_ref=model, provider_id=provider)
    except LookupError:
        return False
    return True
