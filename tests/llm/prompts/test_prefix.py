"""What repeats a beginning that was sent before, and how much an episode's prompts take."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from benchmarks.bench_prompts import MOST_TOKENS, episode, market, share, tokens, typical
from benchmarks.common.stage import offer_of
from retailsim.agents.llm.gateway.attempts import Attempt, AttemptNotes
from retailsim.agents.llm.gateway.endpoint import Endpoint
from retailsim.agents.llm.gateway.prefix import BLOCK_BYTES, PrefixMeter, read_text
from retailsim.agents.llm.types import Call, ModelConfig, Say
from retailsim.agents.retail.model.wording import sheet
from retailsim.market.catalogue.problems import Problems
from retailsim.market.catalogue.product import Product
from retailsim.market.catalogue.product_files import read_products
from tests.llm.faultserver import FaultServer
from tests.llm.gateway_calls import to
from tests.published import published

CONFIGS = [
    ModelConfig(provider="openai", model="gpt-5.4-mini"),
    ModelConfig(provider="openai-responses", model="gpt-5.4-mini"),
    ModelConfig(provider="anthropic", model="claude-sonnet-5"),
    ModelConfig(provider="google", model="gemini-3-flash"),
    ModelConfig(provider="openai-compatible", model="qwen", base_url="http://127.0.0.1:1/v1"),
]
OWN = CONFIGS[-1]


def body(*said: str) -> bytes:
    messages = [{"role": "user", "content": text} for text in said]
    return json.dumps({"model": "m", "messages": messages}).encode()


def test_the_first_request_repeats_nothing_and_its_repetition_all_whole_blocks() -> None:
    meter = PrefixMeter()
    first = meter.send("m", body("x" * 1_000))
    assert first.repeated_bytes == 0
    again = meter.send("m", body("x" * 1_000))
    assert again.body_bytes == first.body_bytes
    assert 0 <= again.body_bytes - again.repeated_bytes < BLOCK_BYTES


def test_only_a_beginning_counts() -> None:
    meter = PrefixMeter()
    meter.send("m", body("a" * 500, "same " * 100))
    assert meter.send("m", body("b" * 500, "same " * 100)).repeated_bytes == 0


def test_what_another_model_was_sent_does_not_count() -> None:
    meter = PrefixMeter()
    meter.send("m", body("x" * 500))
    assert meter.send("n", body("x" * 500)).repeated_bytes == 0


@given(
    st.lists(st.text("ab", min_size=1, max_size=200), min_size=1, max_size=5),
    st.lists(st.text("ab", min_size=1, max_size=200), min_size=1, max_size=5),
)
def test_what_is_repeated_is_the_longest_common_beginning_in_blocks(
    one: list[str], other: list[str]
) -> None:
    meter = PrefixMeter()
    meter.send("m", body(*one))
    sent = meter.send("m", body(*other))
    left, right = read_text(body(*one)), read_text(body(*other))
    common = next(
        (n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b),
        min(len(left), len(right)),
    )
    assert sent.body_bytes == len(right)
    assert sent.repeated_bytes == common // BLOCK_BYTES * BLOCK_BYTES


def test_memory_is_bounded_and_what_is_in_use_is_kept() -> None:
    meter = PrefixMeter(blocks=100)
    used = body("used " * 200)
    meter.send("m", used)
    for number in range(200):
        meter.send("m", body(f"{number} " * 300))
        assert len(meter) <= 200
        assert meter.send("m", used).repeated_bytes > 0
    meter.send("m", body("gone " * 200))
    for number in range(200):
        meter.send("m", body(f"{number} other " * 300))
    assert meter.send("m", body("gone " * 200)).repeated_bytes == 0


def call(*said: str) -> Call:
    roles: tuple[Any, ...] = ("user", "assistant")
    return Call(
        system="the rules",
        says=tuple(Say(roles[n % 2], text) for n, text in enumerate(said)),
        shape={"type": "object", "properties": {"shape": {"type": "string"}}},
        shape_name="s",
        max_output_tokens=10,
    )


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.provider)
def test_every_wire_format_is_read_in_the_order_of_the_cache(config: ModelConfig) -> None:
    """Schema, rules, messages; and a longer conversation begins with the shorter one."""
    endpoint = Endpoint("m", config, {})
    short = read_text(endpoint.body(call("hello")))
    places = [short.index(part) for part in (b"shape", b"the rules", b"hello")]
    assert places == sorted(places)
    longer = read_text(endpoint.body(call("hello", "answer", "next")))
    assert longer.startswith(short)
    assert b"answer" in longer


def test_an_attempt_says_what_it_sent_and_its_note_how_much_of_it_was_sent_before() -> None:
    async def attempts() -> list[Attempt]:
        async with FaultServer() as server, to(server) as gateway:
            for _ in range(2):
                await gateway.ask("m0", call("hello " * 100))
            return gateway.attempts

    told: list[dict[str, Any]] = []
    notes = AttemptNotes(lambda **fields: told.append(fields))
    for attempt in asyncio.run(attempts()):
        notes.observe(attempt)
    notes.tell()
    first, again = told
    assert first["body_bytes"] == again["body_bytes"] > 600
    assert first["repeated_bytes"] == 0
    assert again["repeated_bytes"] > first["body_bytes"] - BLOCK_BYTES
    assert "call" not in first


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.provider)
def test_a_call_counts_as_its_body_does(config: ModelConfig) -> None:
    """But for what a vendor puts around the schema, once, and how it calls its roles."""
    endpoint, by_call, by_body = Endpoint("m", config, {}), PrefixMeter(), PrefixMeter()
    read = endpoint.able.schema_read
    says = [f"{word} " * 60 for word in ("offer", "question", "answer", "again", "other")]
    talks = [says[:1], says[:3], says[:3], [says[0], says[4], says[2]], says]
    shares = []
    for talk in (call(*said) for said in talks):
        ours = by_call.ask("m", endpoint.shaped(talk), schema_read=read)
        its = by_body.send("m", endpoint.body(talk), schema_read=read)
        assert abs(ours.body_bytes - its.body_bytes) < 200
        assert abs(ours.repeated_bytes - its.repeated_bytes) < 200 + BLOCK_BYTES
        shares.append(ours.repeated_bytes / ours.body_bytes)
    assert shares[0] == 0.0
    assert shares[1] < 0.7 < 0.9 < shares[2]
    assert 0.2 < shares[3] < 0.6, "a beginning is shared, and nothing behind it counts"


# -- an episode -----------------------------------------------------------------------------


def real() -> Product:
    """The published product whose sheet takes most room."""
    products = read_products(published("products_amazon23.jsonl"), problems=Problems())
    return max(products, key=lambda product: len(sheet(offer_of(product))))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.provider)
@pytest.mark.parametrize("product", [typical, real], ids=["typical", "longest real"])
def test_an_episode_stays_below_the_cheapest_published_row(
    config: ModelConfig, product: Any
) -> None:
    """At the published counts of exchanges, broadcast in full, schema with every call."""
    for bought in (True, False):
        found = episode(config, product(), bought=bought)
        assert tokens(found) < 0.97 * MOST_TOKENS[bought]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.provider)
def test_even_the_wire_with_its_escapes_stays_below_it(config: ModelConfig) -> None:
    for bought in (True, False):
        bodies = episode(config, typical(), bought=bought)
        assert sum(weight * len(one.body) for weight, one in bodies) / 4 < MOST_TOKENS[bought]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.provider)
@pytest.mark.parametrize("buyers", ["alike", "different"])
def test_four_fifths_of_a_markets_tokens_repeat_a_prefix(config: ModelConfig, buyers: Any) -> None:
    """Five purchases behind one broadcast, in a run that has sent its rules and schemas before.

    Buyers of one model share their beginning; five different models share nothing.
    """
    assert share(market(replace(config, schema="strict"), buyers)) >= 0.80


@pytest.mark.parametrize("buyers", ["alike", "different"])
def test_where_no_model_reads_the_schema_less_is_read_and_less_is_new(buyers: Any) -> None:
    """One schema for each reply costs nothing there: a grammar is made of it."""
    unread = market(OWN, buyers)
    read = market(replace(OWN, schema="strict"), buyers)
    assert tokens(unread) < 0.85 * tokens(read)
    assert (1 - share(unread)) * tokens(unread) < (1 - share(read)) * tokens(read)


def test_an_episode_alone_with_nothing_sent_before_repeats_two_thirds() -> None:
    """The whole of it is new once: no other buyer and no other product has paid for anything."""
    assert 0.67 < share(episode(CONFIGS[0], typical(), bought=True)) < 0.80


def test_the_figures_are_the_same_each_time() -> None:
    first, second = (episode(CONFIGS[0], typical(), bought=True) for _ in range(2))
    assert [one.sent for _, one in first] == [one.sent for _, one in second]
