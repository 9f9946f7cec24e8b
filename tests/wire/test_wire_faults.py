"""Each way in which an agent over HTTP can misbehave has a line of its own, without secrets."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

import pytest

from retailsim.agents.errors import BadOption
from retailsim.agents.llm.gateway.transport import open_session
from retailsim.agents.wire.address import secrets, wire_options, wire_url
from retailsim.agents.wire.errors import (
    WireDown,
    WireError,
    WireLate,
    WireMalformed,
    WireRefused,
)
from retailsim.agents.wire.exchange import MOST_ANSWER, MOST_REQUEST, Place, exchange
from tests.wire.served import JSON, Reply, serving

HTML = {"Content-Type": "text/html; charset=utf-8"}
KEY = "wire-secret-0123456789"


def asked(url: str, body: bytes = b"{}", **options: Any) -> str:
    """What one exchange with an agent gives, with a key."""
    found = wire_options("seat", {"url": url, "key_env": "WIRE_KEY", "attempts": 1, **options})
    place = Place(found, secrets("seat", found, {"WIRE_KEY": KEY}), {})

    async def once() -> str:
        async with open_session(4) as session:
            return await exchange(session, place, body, lambda seconds: asyncio.sleep(0))

    return asyncio.run(once())


def answered(*replies: Reply, **options: Any) -> str:
    left = list(replies)
    with serving(lambda body: left.pop(0) if len(left) > 1 else left[0]) as server:
        return asked(server.url, **options)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ((200, JSON, b'{"answer": "yes"}'), '"yes"'),
        ((200, {}, b'{"answer": null, "version": 1}'), "null"),
        ((200, JSON, b'\xef\xbb\xbf {"answer": {"a": [1, 2.5]}}'), '{"a":[1,2.5]}'),
        ((201, JSON, '{"answer": "café"}'.encode()), '"café"'),
        ((200, JSON, f'{{"answer": "echo {KEY}"}}'.encode()), '"echo [key]"'),
    ],
)
def test_an_answer_is_kept_as_compact_json(reply: Reply, answer: str) -> None:
    assert answered(reply) == answer


@pytest.mark.parametrize(
    ("reply", "kind", "line"),
    [
        ((200, JSON, b"yes"), WireMalformed, "answered with no JSON: it begins 'yes'"),
        ((200, JSON, b""), WireMalformed, "answered with no JSON: it begins ''"),
        ((200, JSON, b'{"answer": "\xff"}'), WireMalformed, "answered with no JSON"),
        ((200, JSON, b"[" * 100_000), WireMalformed, "answered with no JSON: it begins '[[["),
        ((200, JSON, b'"yes"'), WireMalformed, 'the body must be {"answer": ...}, and begins'),
        ((200, JSON, b'{"text": "yes"}'), WireMalformed, "the body must be"),
        ((200, JSON, b'{"answer": 1, "x": 2}'), WireMalformed, "has 'x' beside its answer"),
        ((200, JSON, b'{"answer": 1, "version": 9}'), WireMalformed, "in version 9, asked in 1"),
        (
            (200, JSON, b'{"answer": "' + b"x" * MOST_ANSWER + b'"}'),
            WireMalformed,
            "the answer is longer than 1,048,576 bytes",
        ),
        ((200, JSON, b'{"error": "no idea"}'), WireRefused, "the agent says: no idea"),
        ((422, JSON, b'{"error": "no"}'), WireRefused, "refused the request (HTTP 422): no"),
        ((500, JSON, b"boom"), WireRefused, "no answer after 1 attempt in 0 s: HTTP 500: 'boom'"),
        ((200, HTML, b"<!DOCTYPE html>"), WireDown, "a web page (text/html; charset=utf-8)"),
        ((200, JSON, b" <html>"), WireDown, "answered with a web page (application/json)"),
        (
            (302, {"Location": "http://127.0.0.1:9/elsewhere"}, b""),
            WireDown,
            "redirects (HTTP 302) to http://127.0.0.1:9/elsewhere: give the agent's own address",
        ),
        ((401, JSON, b""), WireDown, "refuses all requests (HTTP 401): ''; check url, key_env"),
        ((404, HTML, b"<p>"), WireDown, "refuses all requests (HTTP 404)"),
        ((503, {}, b"busy"), WireDown, "HTTP 503: 'busy'; start the agent"),
        ((429, {"Retry-After": "3600"}, b""), WireDown, "(asks to wait 3600 s); resume when it"),
        ((503, {"Retry-After": "180"}, b""), WireDown, "or raise deadline_s (now 180 s)"),
        ((503, {"Retry-After": "179"}, b""), WireDown, "HTTP 503: ''; start the agent"),
        ((500, JSON, f"my key is {KEY}".encode()), WireRefused, "my key is [key]"),
    ],
)
def test_each_misbehaviour_has_its_line(reply: Reply, kind: type[WireError], line: str) -> None:
    with pytest.raises(WireError) as error:
        answered(reply)
    assert type(error.value) is kind
    assert line in re.sub(r"in \d+ s", "in 0 s", str(error.value))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500
    assert KEY not in str(error.value)


def test_who_is_late_is_told_after_how_long() -> None:
    def slow(body: dict[str, Any]) -> Reply:
        time.sleep(0.3)
        return 200, JSON, b'{"answer": 1}'

    with serving(slow) as server:
        with pytest.raises(WireLate, match=r"no response within 0\.05 s \(2 attempts in \d+ s\)"):
            asked(server.url, timeout_s=0.05, attempts=2)
        with pytest.raises(WireLate, match=r"no answer within 0\.1 s \(1 attempt in \d+ s\)"):
            asked(server.url, deadline_s=0.1)


def test_who_is_not_there_is_down() -> None:
    with pytest.raises(WireDown, match=r"^http://127\.0\.0\.1:9/: no answer after 3 attempts"):
        asked("http://127.0.0.1:9/", attempts=3)


def test_a_request_that_is_too_large_is_not_sent() -> None:
    with pytest.raises(WireError, match="the request is longer than 4,194,304 bytes"):
        asked("http://127.0.0.1:9/", b" " * (MOST_REQUEST + 1))


def test_what_may_pass_is_tried_again_and_what_will_not_is_not() -> None:
    busy: Reply = (503, {}, b"")
    good: Reply = (200, JSON, b'{"answer": 1}')
    assert answered(busy, busy, good, attempts=3) == "1"
    with pytest.raises(WireDown, match="after 2 attempts"):
        answered(busy, busy, good, attempts=2)
    with pytest.raises(WireMalformed):
        answered((200, JSON, b"no"), good, attempts=3)


def test_a_key_is_sent_as_a_header_and_other_headers_beside_it() -> None:
    with serving(lambda body: (200, JSON, b'{"answer": 1}')) as server:
        found = wire_options(
            "seat", {"url": server.url, "key_env": "A", "headers_env": {"X-Team": "B"}}
        )
        keys = secrets("seat", found, {"A": KEY, "B": "blue"})
        assert KEY not in repr(keys)

        async def once() -> None:
            async with open_session(1) as session:
                await exchange(session, Place(found, keys, {}), b"{}")

        asyncio.run(once())
    [headers] = server.headers
    assert (headers["Authorization"], headers["X-Team"]) == (f"Bearer {KEY}", "blue")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, "Object missing required field `url`"),
        ({"url": "ftp://x"}, "must begin with http:// or https://"),
        ({"url": "http://"}, "is not an address"),
        ({"url": "http://a:x/"}, "url is not an address"),
        ({"url": "http://me:pw@a/"}, "no user, password, query or fragment"),
        ({"url": "http://a/?key=1"}, "no user, password, query or fragment"),
        ({"url": "http://a/sk-123456789012345678901"}, "seems to hold a key in its path"),
        ({"url": "http://a/\n"}, "is not an address"),
        ({"url": "http://a/", "utl": 1}, "unknown field `utl`"),
        ({"url": "http://a/", "attempts": 0}, "`int` >= 1"),
        ({"url": "http://a/", "key_env": "sk-12 34"}, "name environment variables"),
        ({"url": "http://a/", "headers_env": {"a b": "X"}}, "is no name of a header"),
        ({"url": "http://a/", "headers_env": {"Host": "X"}}, "Host is ours to set"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], line: str) -> None:
    with pytest.raises(BadOption) as error:
        wire_options("buyer:ann", options)
    assert str(error.value).startswith("options of buyer:ann: ")
    assert line in str(error.value)
    assert "12 34" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "environ", "line"),
    [
        ("https://a.example/", {}, "the environment variable K is not set"),
        ("https://a.example/", {"K": "\N{SNOWMAN}"}, "K holds characters that no header can"),
        ("http://a.example/", {"K": KEY}, "K over plain http, for anybody on the way to read"),
    ],
)
def test_a_key_that_cannot_be_sent_is_refused(url: str, environ: dict[str, str], line: str) -> None:
    options = wire_options("seat", {"url": url, "key_env": "K"})
    with pytest.raises(BadOption, match=line):
        secrets("seat", options, environ)


def test_names_that_are_addresses() -> None:
    for url in ("http://127.0.0.1:8000/a", "https://a.example"):
        assert wire_url(url) == wire_url(f"http:{url}") == url
    for name in ("http", "http:", "my_agents:Class", "openai/gpt-5.4", "ftp://a"):
        assert wire_url(name) is None
