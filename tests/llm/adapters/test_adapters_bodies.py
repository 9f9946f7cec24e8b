"""What is sent: golden bodies per vendor, and no parameter that a model refuses."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from retailsim.agents.llm.gateway.gateway import Gateway, request_sha256
from retailsim.agents.llm.provider.capabilities import abilities, profile, profiles
from retailsim.agents.llm.types import PROVIDERS, Call, ModelConfig, Provider
from tests.llm.gateway_calls import CALL, PROVIDERS_SPOKEN, SHAPE, TALK

FORMAT = {"name": "pitch", "strict": True, "schema": SHAPE}
SAYS = [{"role": "user", "content": "Pitch it."}]
MESSAGES = [{"role": "system", "content": "You are a seller."}, *SAYS]
CACHED = {"type": "ephemeral"}

GOLDEN: dict[tuple[Provider, str], dict[str, Any]] = {
    ("openai", "gpt-5-mini"): {
        "model": "gpt-5-mini",
        "messages": MESSAGES,
        "max_completion_tokens": 4_100,
        "reasoning_effort": "low",
        "response_format": {"type": "json_schema", "json_schema": FORMAT},
        "prompt_cache_key": "seller",
    },
    ("openai", "gpt-4.1-mini"): {
        "model": "gpt-4.1-mini",
        "messages": MESSAGES,
        "max_completion_tokens": 100,
        "temperature": 0.7,
        "seed": 7,
        "response_format": {"type": "json_schema", "json_schema": FORMAT},
        "prompt_cache_key": "seller",
    },
    ("openai-responses", "gpt-5-mini"): {
        "model": "gpt-5-mini",
        "instructions": "You are a seller.",
        "input": SAYS,
        "max_output_tokens": 4_100,
        "reasoning": {"effort": "low"},
        "store": False,
        "text": {"format": {"type": "json_schema", **FORMAT}},
        "prompt_cache_key": "seller",
    },
    ("openai-responses", "gpt-4.1"): {
        "model": "gpt-4.1",
        "instructions": "You are a seller.",
        "input": SAYS,
        "max_output_tokens": 100,
        "temperature": 0.7,
        "store": False,
        "text": {"format": {"type": "json_schema", **FORMAT}},
        "prompt_cache_key": "seller",
    },
    ("anthropic", "claude-sonnet-4-5"): {
        "model": "claude-sonnet-4-5",
        "max_tokens": 100,
        "system": [{"type": "text", "text": "You are a seller.", "cache_control": CACHED}],
        "messages": SAYS,
        "output_config": {"format": {"type": "json_schema", "schema": SHAPE}},
    },
    ("anthropic", "claude-opus-4-5"): {
        "model": "claude-opus-4-5",
        "max_tokens": 2_100,
        "system": [{"type": "text", "text": "You are a seller.", "cache_control": CACHED}],
        "messages": SAYS,
        "output_config": {
            "effort": "low",
            "format": {"type": "json_schema", "schema": SHAPE},
        },
    },
    ("google", "gemini-2.5-flash"): {
        "contents": [{"role": "user", "parts": [{"text": "Pitch it."}]}],
        "systemInstruction": {"parts": [{"text": "You are a seller."}]},
        "generationConfig": {
            "maxOutputTokens": 4_100,
            "temperature": 0.7,
            "seed": 7,
            "responseMimeType": "application/json",
            "responseJsonSchema": SHAPE,
            "thinkingConfig": {"thinkingBudget": 4_000},
        },
    },
    ("google", "gemini-3-pro-preview"): {
        "contents": [{"role": "user", "parts": [{"text": "Pitch it."}]}],
        "systemInstruction": {"parts": [{"text": "You are a seller."}]},
        "generationConfig": {
            "maxOutputTokens": 4_100,
            "temperature": 0.7,
            "seed": 7,
            "responseMimeType": "application/json",
            "responseJsonSchema": SHAPE,
            "thinkingConfig": {"thinkingLevel": "low"},
        },
    },
    ("openrouter", "openai/gpt-5-mini"): {
        "model": "openai/gpt-5-mini",
        "messages": MESSAGES,
        "max_tokens": 4_100,
        "reasoning": {"effort": "low"},
        "response_format": {"type": "json_schema", "json_schema": FORMAT},
        "provider": {"require_parameters": True},
    },
    ("openai-compatible", "my-llama"): {
        "model": "my-llama",
        "messages": MESSAGES,
        "max_tokens": 100,
        "temperature": 0.7,
        "response_format": {"type": "json_schema", "json_schema": FORMAT},
    },
}


def config(provider: Provider, model: str, **fields: Any) -> ModelConfig:
    """A model configured with everything; `fields` differ."""
    given: dict[str, Any] = {"temperature": 0.7, "seed": 7, "effort": "low"}
    if provider == "openai-compatible":
        given["base_url"] = "http://localhost:8000"
    return ModelConfig(provider=provider, model=model, **(given | fields))


def body(made: ModelConfig, call: Call = CALL) -> Any:
    return json.loads(Gateway({"m": made}, environ={}).body("m", call))


@pytest.mark.parametrize(("provider", "model"), GOLDEN, ids="/".join)
def test_a_body_holds_what_the_model_takes_and_nothing_else(provider: Provider, model: str) -> None:
    assert body(config(provider, model)) == GOLDEN[provider, model]


@pytest.mark.parametrize("provider", PROVIDERS_SPOKEN)
def test_an_unknown_model_is_sent_neither_seed_nor_effort(provider: Provider) -> None:
    text = json.dumps(body(config(provider, "brand-new-1")))
    assert '"seed"' not in text
    assert '"reasoning' not in text
    assert "thinking" not in text
    assert '"effort"' not in text


def test_unset_parameters_are_not_sent_at_all() -> None:
    plain = config("openai", "gpt-4.1", temperature=None, seed=None, effort=None)
    assert not {"temperature", "seed", "reasoning_effort"} & set(body(plain))


@pytest.mark.parametrize("provider", PROVIDERS_SPOKEN)
def test_bytes_are_the_same_for_equal_calls_and_differ_with_the_text(provider: Provider) -> None:
    made = config(provider, "brand-new-1")
    door, other = Gateway({"m": made}, environ={}), Gateway({"x": made}, environ={})
    twin = msgspec.structs.replace(CALL, shape=dict(SHAPE))
    assert door.body("m", CALL) == other.body("x", twin)
    assert door.request_sha256("m", CALL) == request_sha256(made, twin)
    changed = msgspec.structs.replace(CALL, system="You are a buyer.")
    assert door.request_sha256("m", changed) != door.request_sha256("m", CALL)


def test_the_digest_knows_the_model_but_neither_host_nor_key() -> None:
    one = config("google", "gemini-2.5-flash", key_env="A")
    digests = {
        request_sha256(one, CALL),
        request_sha256(msgspec.structs.replace(one, model="gemini-2.5-flash-lite"), CALL),
        request_sha256(msgspec.structs.replace(one, base_url="http://localhost:1"), CALL),
    }
    assert len(digests) == 2
    assert request_sha256(msgspec.structs.replace(one, key_env="B"), CALL) in digests


def test_the_shape_keeps_the_order_of_its_properties_while_other_keys_are_sorted() -> None:
    wire = Gateway({"m": config("openai", "gpt-4.1")}, environ={}).body("m", CALL).decode()
    assert wire.index('"text"') < wire.index('"again"')
    names = list(json.loads(wire))
    assert names == sorted(names)


@pytest.mark.parametrize("provider", PROVIDERS_SPOKEN)
def test_without_a_schema_mode_the_shape_is_left_to_the_prompt(provider: Provider) -> None:
    strict = body(config(provider, "brand-new-1"))
    plain = body(config(provider, "brand-new-1", schema="prompt"))
    assert "additionalProperties" in json.dumps(strict)
    assert "additionalProperties" not in json.dumps(plain)
    assert not {"response_format", "text", "output_config"} & set(plain)
    assert "responseMimeType" not in plain.get("generationConfig", {})


def test_a_conversation_keeps_its_roles_and_marks_its_stable_prefix() -> None:
    messages = body(config("anthropic", "claude-sonnet-4-5"), TALK)["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert messages[1]["content"] == [{"type": "text", "text": "Yes?", "cache_control": CACHED}]
    roles = [say["role"] for say in body(config("google", "gemini-2.5-pro"), TALK)["contents"]]
    assert roles == ["user", "model", "user"]


@pytest.mark.parametrize("provider", PROVIDERS_SPOKEN)
def test_an_empty_system_text_is_left_out(provider: Provider) -> None:
    sent = body(config(provider, "brand-new-1"), msgspec.structs.replace(CALL, system=""))
    assert not {"system", "instructions", "systemInstruction"} & set(sent)
    assert '"role": "system"' not in json.dumps(sent)


def test_claude_can_be_told_not_to_think() -> None:
    made = config("anthropic", "claude-opus-4-8", effort="none", accepts=("effort",))
    assert body(made)["thinking"] == {"type": "disabled"}
    assert "effort" not in body(made)["output_config"]


def test_the_user_overrides_what_the_profile_says() -> None:
    made = config("openai-compatible", "my-llama", accepts=("seed", "effort"), thinking_tokens=50)
    sent = body(made)
    assert (sent["seed"], sent["reasoning_effort"], sent["max_tokens"]) == (7, "low", 150)
    assert "temperature" not in sent


def test_what_is_configured_but_not_sent_is_named() -> None:
    door = Gateway({"m": config("openai", "gpt-5-mini")}, environ={})
    assert door.ignored("m") == ("temperature", "seed")
    claude = config("anthropic", "claude-sonnet-4-5", accepts=("temperature", "seed", "effort"))
    assert Gateway({"m": claude}, environ={}).ignored("m") == ("temperature", "seed")


def test_every_provider_has_a_profile_for_names_nobody_knows() -> None:
    for provider in PROVIDERS:
        assert profile(provider, "never-heard-of-it").name == ("*",)


def test_a_profile_that_speaks_of_effort_says_how_it_is_sent() -> None:
    for entry in profiles():
        assert bool(entry.efforts) == bool(entry.thinking), entry.name
        assert not (entry.thinking and not entry.room), entry.name


@pytest.mark.parametrize(
    ("provider", "model", "thinks", "schema"),
    [
        ("openai", "gpt-5-chat-latest", False, "strict"),
        ("openai", "gpt-5.4-nano", True, "strict"),
        ("openai", "gpt-6-sol", True, "strict"),
        ("openai", "o3-mini", True, "strict"),
        ("openai", "gpt-4-turbo", False, "prompt"),
        ("anthropic", "claude-3-5-haiku-latest", False, "prompt"),
        ("anthropic", "claude-sonnet-5-5", True, "strict"),
        ("google", "gemini-3-flash-preview", True, "strict"),
        ("openrouter", "anthropic/claude-opus-4.5", True, "strict"),
        ("openrouter", "deepseek/deepseek-chat", False, "prompt"),
        ("openrouter", "qwen/qwen3-235b-a22b", True, "single"),
        ("openai-compatible", "Qwen/Qwen3-8B", True, "grammar"),
        ("openai-compatible", "my-llama", False, "grammar"),
        ("openai-compatible", "anthropic/claude-sonnet-5-5", False, "strict"),
    ],
)
def test_profiles_of_known_models(
    provider: Provider, model: str, thinks: bool, schema: str
) -> None:
    able = abilities(config(provider, model))
    assert (able.room > 0, able.schema) == (thinks, schema)


def test_more_effort_gets_more_room() -> None:
    efforts = ("minimal", "low", "medium", "high")
    rooms = [abilities(config("openai", "gpt-5", effort=effort)).room for effort in efforts]
    assert rooms == sorted(set(rooms))


@pytest.mark.parametrize("provider", PROVIDERS_SPOKEN)
def test_the_mode_decides_which_of_a_calls_schemas_is_sent(provider: Provider) -> None:
    shapes = {name: {"type": "object", "title": name} for name in ("single", "bounded")}
    call = msgspec.structs.replace(CALL, shape={"title": "union"}, **shapes)
    sent = {"strict": "union", "single": "single", "grammar": "bounded"}
    for mode, title in sent.items():
        told = json.dumps(body(config(provider, "any", schema=mode), call))
        assert f'"title": "{title}"' in told
        assert all(f'"title": "{other}"' not in told for other in {*sent.values()} - {title})
    told = json.dumps(body(config(provider, "any", schema="prompt"), call))
    assert '"title"' not in told
