"""What the prompts of model agents take: tokens of an episode, and how much a cache can serve.

Nothing is timed: an episode is played with answers from a script (`benchmarks.common.stage`) at the
published counts of exchanges, and the requests that it would send are measured. A token is taken
for four bytes, which is more tokens than English text has.

    python -m benchmarks.bench_prompts      every stage of an episode
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from benchmarks.common.scripted import Sample, ScriptedModel
from benchmarks.common.stage import Stage
from retailsim.agents.llm.gateway.prefix import PrefixMeter
from retailsim.agents.llm.types import ModelConfig
from retailsim.market.catalogue.problems import Problems
from retailsim.market.catalogue.product import Product
from retailsim.market.catalogue.product_files import builtin_catalogue, read_products

BYTES_PER_TOKEN = 4
MOST_TOKENS = {True: 27_098, False: 17_515}
"""Input tokens of the cheapest model in the paper's Table 7, with and without a purchase."""

EXCHANGES: tuple[tuple[float, int, int], ...] = (
    (0.35, 3, 2),
    (0.15, 4, 2),
    (0.35, 3, 3),
    (0.15, 4, 3),
)
"""Weight, exchanges before and after the purchase: 3.3 and 2.5 on average, as published."""

PURCHASES = ((3, 2), (4, 3), (3, 2), (4, 3), (3, 2))
"""Exchanges of the five buyers of a market."""

OPENAI = ModelConfig(provider="openai", model="gpt-5.4-mini")

Weighted = Sequence[tuple[float, Sample]]


def typical() -> Product:
    """Return a built-in product with a sheet of median length."""
    return _typical(1)[0]


def _typical(count: int) -> list[Product]:
    products = read_products(builtin_catalogue(), problems=Problems())
    ordered = sorted(products, key=lambda product: (len(repr(product)), product.id))
    middle = (len(ordered) - count) // 2
    return ordered[middle : middle + count]


def episode(config: ModelConfig, product: Product, *, bought: bool) -> Weighted:
    """Return the requests of one episode with its broadcast; nothing was sent before."""
    found: list[tuple[float, Sample]] = []
    for weight, inquiry, support in EXCHANGES:
        model = ScriptedModel(config)
        Stage(product, model).play("e", model, inquiry, support if bought else None)
        found += [(weight, sample) for sample in model.samples]
    return found


def market(config: ModelConfig, buyers: Literal["alike", "different"]) -> Weighted:
    """Return the requests of a market in a run: one broadcast, five buyers who all purchase.

    Parameters
    ----------
    buyers : {"alike", "different"}
        Five of one model, whose requests begin alike, or five different models.
    """
    meter = PrefixMeter()
    before, product = _typical(2)
    _market(config, before, buyers, meter)  # sends rules and schemas, as any earlier market does
    return [(1.0, sample) for sample in _market(config, product, buyers, meter)]


def _market(config: ModelConfig, product: Product, buyers: str, meter: PrefixMeter) -> list[Sample]:
    seller = ScriptedModel(config, meter=meter, name="seller")
    stage = Stage(product, seller)
    samples = seller.samples
    for number, (inquiry, support) in enumerate(PURCHASES):
        name = "buyer" if buyers == "alike" else f"buyer {number}"
        buyer = ScriptedModel(config, meter=meter, name=name)
        stage.play(f"{product.id}-{number}", buyer, inquiry, support)
        samples += buyer.samples
    return samples


def tokens(found: Weighted) -> float:
    """Return the input tokens."""
    return sum(weight * sample.sent.body_bytes for weight, sample in found) / BYTES_PER_TOKEN


def share(found: Weighted) -> float:
    """Return which part of the input tokens repeats a prefix."""
    repeated = sum(weight * sample.sent.repeated_bytes for weight, sample in found)
    return repeated / BYTES_PER_TOKEN / tokens(found)


def run() -> list[dict[str, Any]]:
    """Return the rows of `python -m benchmarks prompts`."""
    return [*_bounds(), *_shares()]


def _bounds() -> Iterator[dict[str, Any]]:
    for bought, limit in MOST_TOKENS.items():
        measured = tokens(episode(OPENAI, typical(), bought=bought))
        yield {
            "figure": f"input of an episode {'with' if bought else 'without'} purchase",
            "value": measured,
            "unit": "tokens",
            "reference": f"cheapest published {limit:,}",
            "ratio": measured / limit,
            "target": f"< {limit:,}",
            "met": measured < limit,
        }


def _shares() -> Iterator[dict[str, Any]]:
    alone = share(episode(OPENAI, typical(), bought=True))
    name = "repeats a prefix: an episode alone, nothing sent before"
    yield {"figure": name, "value": alone, "unit": "of its input"}
    for buyers in ("alike", "different"):
        measured = share(market(OPENAI, buyers))
        yield {
            "figure": f"repeats a prefix: a market of a run, five buyers {buyers}",
            "value": measured,
            "unit": "of its input",
            "target": ">= 0.80",
            "met": measured >= 0.80,
        }


def stages(found: Weighted) -> list[tuple[str, float, float, float]]:
    """Return stage, calls, tokens and new tokens of an average episode, in order."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for weight, sample in found:
        row = sums[f"{sample.role}: {sample.stage}"]
        new = sample.sent.body_bytes - sample.sent.repeated_bytes
        row[0] += weight
        row[1] += weight * sample.sent.body_bytes / BYTES_PER_TOKEN
        row[2] += weight * new / BYTES_PER_TOKEN
    return [(name, calls, all_, new) for name, (calls, all_, new) in sums.items()]


def main() -> None:
    """Print the stages of an episode with a purchase, alone and with nothing sent before."""
    found = episode(OPENAI, typical(), bought=True)
    rows = stages(found)
    sums = [sum(column) for column in zip(*(row[1:] for row in rows), strict=True)]
    rows.append(("episode", sums[0], sums[1], sums[2]))
    print(f"{'stage':<28}{'calls':>7}{'input':>10}{'new':>9}{'repeated':>10}")
    for name, calls, all_, new in rows:
        print(f"{name:<28}{calls:>7.1f}{all_:>10,.0f}{new:>9,.0f}{1 - new / all_:>10.0%}")


if __name__ == "__main__":
    main()
