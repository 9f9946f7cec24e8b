"""Addresses and proxies."""

from __future__ import annotations

import pytest

from retailsim.agents.llm.errors import BadModel
from retailsim.agents.llm.provider.address import base_url, proxy_for
from retailsim.agents.llm.types import ModelConfig, Provider


def base(url: str | None, provider: Provider = "openai-compatible") -> str:
    return base_url("m", ModelConfig(provider=provider, model="x", base_url=url))


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        ("http://localhost:8000", "http://localhost:8000/v1"),
        ("http://localhost:8000/", "http://localhost:8000/v1"),
        ("http://localhost:8000/v1", "http://localhost:8000/v1"),
        ("http://localhost:8000/v1/", "http://localhost:8000/v1"),
        ("http://localhost:8000/v1/chat/completions", "http://localhost:8000/v1"),
        ("https://example.org/api/paas/v4", "https://example.org/api/paas/v4"),
        ("https://example.org/v1/engines/x", "https://example.org/v1/engines/x"),
        ("https://example.org/openai", "https://example.org/openai/v1"),
        ("https://example.org/hf-inference/v1", "https://example.org/hf-inference/v1"),
        ("https://example.org/key-value-2/v1", "https://example.org/key-value-2/v1"),
        ("localhost:11434", "http://localhost:11434/v1"),
        ("192.168.1.5:8000", "http://192.168.1.5:8000/v1"),
        ("[::1]:8000", "http://[::1]:8000/v1"),
        ("example.org", "https://example.org/v1"),
        (" http://public.example.org ", "http://public.example.org/v1"),
    ],
)
def test_a_base_may_be_written_in_many_ways(given: str, becomes: str) -> None:
    assert base(given) == becomes


def test_each_provider_has_its_own_address_and_version() -> None:
    assert base(None, "openai") == "https://api.openai.com/v1"
    assert base("http://localhost:1", "google") == "http://localhost:1/v1beta"
    assert base("http://localhost:1/v1/messages", "anthropic") == "http://localhost:1/v1"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (None, "needs a base_url"),
        ("https://user:secret@example.org", "must hold no user"),
        ("https://example.org?key=secret", "must hold no user"),
        ("https://example.org/sk-secret0123456789abc/v1", "key in its path"),
        ("https://example.org/v1/AIzasecret0123456789abc", "key in its path"),
        ("ftp://example.org", "not an http"),
        ("http://", "not an http"),
        ("http://[broken", "not an address"),
        ("http://host:notaport", "not an address"),
    ],
)
def test_what_is_no_address_is_named_without_its_secrets(given: str | None, problem: str) -> None:
    with pytest.raises(BadModel, match=problem) as caught:
        base(given)
    assert "model 'm'" in str(caught.value)
    assert "secret" not in str(caught.value)


PROXIES = {"https_proxy": "http://proxy:3128", "HTTP_PROXY": "http://other:80", "no_proxy": ".lan"}


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://api.openai.com/v1", "http://proxy:3128"),
        ("http://example.org/v1", "http://other:80"),
        ("https://models.lan/v1", None),
        ("http://127.0.0.1:8000/v1", None),
        ("http://localhost/v1", None),
        ("http://10.1.2.3/v1", None),
    ],
)
def test_the_environments_proxy_is_used_except_nearby(url: str, proxy: str | None) -> None:
    assert proxy_for(url, PROXIES) == proxy
    assert proxy_for(url, {}) is None
