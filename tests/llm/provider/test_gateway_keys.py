"""Keys come from the environment, go to one address, and are shown nowhere."""

from __future__ import annotations

import asyncio
import base64
import copy
import io
import json
import logging
import pickle
import traceback
from typing import Any
from urllib.parse import quote_plus

import pytest

from retailsim.agents.llm.errors import BadModel, ModelError, NoKey
from retailsim.agents.llm.gateway.endpoint import Endpoint
from retailsim.agents.llm.gateway.gateway import Gateway
from retailsim.agents.llm.gateway.transport import HttpReply
from retailsim.agents.llm.provider.keys import ApiKey, find_key, redact
from retailsim.agents.llm.types import ModelAnswer, ModelConfig, Provider
from tests.llm.faultserver import ERRORS, KEY, PLAIN, SPOKEN, TRANSIENT, FaultServer, success
from tests.llm.gateway_calls import CALL, PROVIDERS_SPOKEN, Watched, to
from tests.llm.virtualtime import run


def config(provider: Provider = "openai", **fields: Any) -> ModelConfig:
    return ModelConfig(provider=provider, model="x", **fields)


@pytest.mark.parametrize("provider", PROVIDERS_SPOKEN)
def test_the_key_goes_into_its_header_and_nowhere_else(provider: Provider) -> None:
    async def main() -> None:
        async with FaultServer() as server, to(server, provider) as door:
            await door.ask("m0", CALL)
            seen = server.seen[0]
            name = SPOKEN[provider].header
            assert seen.headers[name] == SPOKEN[provider].key
            assert [name] == [one for one, text in seen.headers.items() if KEY in text]
            assert KEY not in seen.path
            assert KEY.encode() not in door.body("m0", CALL)
            if provider == "anthropic":
                assert seen.headers["anthropic-version"] == "2026-10-21"

    run(main())


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google"])
@pytest.mark.parametrize("fault", [*TRANSIENT, *ERRORS, *PLAIN])
def test_no_fault_brings_the_key_into_an_error_a_log_or_telemetry(
    provider: Provider, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []

    async def main() -> None:
        fields = {"max_attempts": 2, "timeout_s": 5.0}
        server = FaultServer(lambda number: fault)
        async with server, to(server, provider, **fields) as door:
            try:
                await door.ask("m0", CALL)
            except ModelError as error:
                shown.append(everything(error))
                assert "\n" not in str(error)
                assert len(str(error)) < 600
            shown.extend([repr(door.attempts), repr(door.statistics()), repr(vars(door))])
            shown.extend(repr(endpoint.target) for endpoint in door._endpoints.values())

    run(main())
    text = "".join(shown) + caplog.text
    assert KEY not in text
    assert KEY[3:20] not in text


def everything(error: BaseException | None) -> str:
    """An error, its traceback, and whatever hangs on it, down the whole chain."""
    if error is None:
        return ""
    out = io.StringIO()
    traceback.print_exception(error, file=out)
    own = f"{error!r} {error.args!r} {vars(error)!r} {out.getvalue()}"
    return own + everything(error.__cause__) + everything(error.__context__)


def test_a_key_does_not_follow_a_redirect() -> None:
    async def main() -> None:
        async with FaultServer(["moved"]) as server, to(server) as door:
            with pytest.raises(ModelError, match=r"redirects to http://127\.0\.0\.1:1/elsewhere"):
                await door.ask("m0", CALL)
            assert door.outcomes == ["unknown"]  # following it would fail to connect

    run(main())


def test_a_server_of_ones_own_gets_no_key_that_was_not_named_for_it() -> None:
    async def main() -> None:
        async with FaultServer() as server:
            plain = ModelConfig(provider="openai-compatible", model="x", base_url=server.address)
            environ = {"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY}
            async with Gateway({"m": plain}, environ=environ) as door:
                await door.ask("m", CALL)
            assert "Authorization" not in server.seen[0].headers

    run(main())


def test_a_missing_key_names_its_variable_before_anything_is_sent() -> None:
    async def main() -> None:
        async with FaultServer() as server:
            door = Gateway({"m": server.config(key_env="MY_KEY")}, environ={})
            with pytest.raises(NoKey, match="'m': the environment variable MY_KEY is not set"):
                door.check()
            async with door:
                with pytest.raises(NoKey):
                    await door.ask("m", CALL)
            assert not server.seen

    run(main())


def test_digests_need_no_key() -> None:
    door = Gateway({"m": config()}, environ={})
    assert len(door.request_sha256("m", CALL)) == 64


@pytest.mark.parametrize(
    ("provider", "environ", "env"),
    [
        ("openai", {"OPENAI_API_KEY": "k"}, "OPENAI_API_KEY"),
        ("openai-responses", {"OPENAI_API_KEY": "k"}, "OPENAI_API_KEY"),
        ("anthropic", {"ANTHROPIC_API_KEY": "k"}, "ANTHROPIC_API_KEY"),
        ("google", {"GEMINI_API_KEY": "k", "GOOGLE_API_KEY": "g"}, "GEMINI_API_KEY"),
        ("google", {"GOOGLE_API_KEY": "g"}, "GOOGLE_API_KEY"),
        ("openrouter", {"OPENROUTER_API_KEY": "k"}, "OPENROUTER_API_KEY"),
    ],
)
def test_each_providers_usual_variable(
    provider: Provider, environ: dict[str, str], env: str
) -> None:
    found = find_key("m", config(provider), environ)
    assert found is not None
    assert (found.env, found.reveal()) == (env, environ[env])


def test_an_address_of_ones_own_may_do_without_the_usual_key() -> None:
    local = config("openai", base_url="http://localhost:1")
    assert find_key("m", local, {}) is None
    assert find_key("m", config("openai-compatible", base_url="localhost:1"), {}) is None


@pytest.mark.parametrize(
    ("secret", "problem"),
    [("  \n", "is empty"), ("two\nlines", "holds characters"), ("schlüssel", "holds characters")],
)
def test_a_key_that_no_header_can_carry_is_named_but_not_shown(secret: str, problem: str) -> None:
    with pytest.raises(NoKey, match=f"OPENAI_API_KEY {problem}") as caught:
        find_key("m", config(), {"OPENAI_API_KEY": secret})
    assert secret.strip() == "" or secret not in str(caught.value)


def test_space_around_a_key_is_no_part_of_it() -> None:
    found = find_key("m", config(), {"OPENAI_API_KEY": " abc \n"})
    assert found is not None
    assert found.reveal() == "abc"


def test_a_key_shows_only_where_it_came_from() -> None:
    key = ApiKey("OPENAI_API_KEY", KEY)
    shown = "ApiKey(from OPENAI_API_KEY)"
    assert f"{key} {key!r} {[key]}" == f"{shown} {shown} [{shown}]"
    assert key == ApiKey("OTHER", KEY) != ApiKey("OTHER", "x")
    for write in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="never written"):
            write(key)


@pytest.mark.parametrize(
    "text",
    [
        f"bad key {KEY}",
        "Incorrect API key provided: sk-proj-ab*********************wxyz.",
        "Authorization: Bearer abc.def-123",
        "key AIzaSyD-1234567890abcdef",
    ],
)
def test_whatever_looks_like_a_key_is_blotted_out(text: str) -> None:
    shown = redact(text, ApiKey("K", KEY))
    assert "[key]" in shown
    for secret in (KEY, "wxyz", "abc.def", "AIza"):
        assert secret not in shown


@pytest.mark.parametrize("secret", ["k", "sheet", "not-needed", "elevenchars"])
def test_the_letters_of_a_short_key_stay_in_answers_plain_and_encoded(secret: str) -> None:
    key = ApiKey("K", secret)
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    said = f"The {secret} says so, {secret}s do, and {encoded} is a word, too"
    assert key.blot(said) == said


@pytest.mark.parametrize("secret", ["twelve_chars", 'a+b/c=d e&f%g"h'])
def test_a_longer_key_goes_from_answers_in_every_form(secret: str) -> None:
    raw = secret.encode()
    forms = [secret, json.dumps(secret)[1:-1], quote_plus(secret), base64.b64encode(raw).decode()]
    for form in forms:
        assert secret not in (shown := ApiKey("K", secret).blot(f"<{form}>"))
        assert "[key]" in shown


def test_a_short_key_goes_from_failures_where_it_is_a_word() -> None:
    key = ApiKey("K", "sheet")
    assert redact("no such key: 'sheet'. Sheets and worksheets go", key) == (
        "no such key: '[key]'. Sheets and worksheets go"
    )


def test_what_a_provider_says_becomes_one_short_line() -> None:
    shown = redact("a\n  b\t" + "c" * 1_000, None)
    assert shown.startswith("a b c")
    assert len(shown) == 300


def test_a_refused_key_stops_a_model_with_the_same_key_but_not_another_account() -> None:
    async def main() -> None:
        async with FaultServer(["ok", "ok", "401"]) as server:
            other = server.config(model="other")
            keyless = ModelConfig(
                provider="openai-compatible", model="own", base_url=server.address
            )
            async with Watched(server.config(), other, keyless) as door:
                await asyncio.gather(door.ask("m1", CALL), door.ask("m2", CALL))
                for name in ("m0", "m1"):
                    with pytest.raises(ModelError, match="key was refused"):
                        await door.ask(name, CALL)
                await door.ask("m2", CALL)

    run(main())


def test_a_server_that_echoes_the_key_where_it_names_itself_does_not_get_it_logged() -> None:
    body = success("chat") | dict.fromkeys(("model", "system_fingerprint", "provider"), f"x{KEY}")
    endpoint = Endpoint("m", config(base_url="http://127.0.0.1:1/v1"), {"OPENAI_API_KEY": KEY})
    found = endpoint.read(HttpReply(200, {}, json.dumps(body).encode()), b"{}", lambda: 0.0)
    assert isinstance(found, ModelAnswer)
    assert {found.model, found.fingerprint, found.upstream} == {"x[key]"}


@pytest.mark.parametrize(
    ("base_url", "key", "goes"),
    [
        ("http://elsewhere.example/v1", KEY, False),
        ("http://10.0.0.7:8000/v1", KEY, False),
        ("10.0.0.7:8000", KEY, False),
        ("https://elsewhere.example/v1", KEY, True),
        ("http://127.0.0.1:8000/v1", KEY, True),
        ("http://localhost:8000/v1", KEY, True),
        ("http://10.0.0.7:8000/v1", "none", True),
    ],
)
def test_no_key_leaves_the_machine_over_plain_http(base_url: str, key: str, goes: bool) -> None:
    given = config("openai-compatible", base_url=base_url, key_env="MY_KEY")
    endpoint = Endpoint("m", given, {"MY_KEY": key})
    if goes:
        assert endpoint.target.headers
        return
    with pytest.raises(BadModel, match="MY_KEY over plain http") as caught:
        _ = endpoint.target
    assert key not in str(caught.value)


@pytest.mark.parametrize("form", ["{}", "team/{}/v1"])
def test_a_key_in_the_address_is_refused_before_anything_is_sent(form: str) -> None:
    """The address stands in run.toml and in messages, where a key must never be."""
    key = "0123456789abcdef/xyz"
    for written in (key, key.replace("/", "%2F")):
        given = config(base_url=f"https://example.org/{form.format(written)}", key_env="MY_KEY")
        with pytest.raises(BadModel, match="base_url holds the key of MY_KEY") as caught:
            _ = Endpoint("m", given, {"MY_KEY": key}).key
        assert "0123456789" not in str(caught.value)
    other = config(base_url="https://example.org/v1", key_env="MY_KEY")
    assert Endpoint("m", other, {"MY_KEY": key}).key is not None


def test_what_a_server_says_of_a_failure_holds_no_control_characters() -> None:
    """Found by the campaign, seed 1: they go into the log and to terminals."""
    assert redact("a\x1b[31mb\x00\x1ac\n\td", None) == "a\ufffd[31mb\ufffd\ufffdc d"
