"""One HTTP exchange on the wire: what is sent, what is read, and which connections are kept."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest

from retailsim.agents.llm.gateway.transport import HttpReply, HttpTarget, open_session, post
from retailsim.agents.llm.provider.attempt_failure import Failure

BODY = '{"model":"größe"}'.encode()
JSON = b'{"choices":[]}'
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(JSON), JSON)

Result = HttpReply | Failure


class Seen(NamedTuple):
    """What came over the wire: first line, headers by their lower names, body."""

    line: str
    headers: dict[str, str]
    body: bytes


class Wire:
    """A server that knows nothing of HTTP but where a request ends, and sends given bytes."""

    def __init__(self, *responses: bytes) -> None:
        self.seen: list[Seen] = []
        self.connections = 0
        self._responses = list(responses)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self._responses:
                line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                pairs = (field.partition(": ") for field in rest if field)
                headers = {name.lower(): value for name, _, value in pairs}
                body = await reader.readexactly(int(headers["content-length"]))
                self.seen.append(Seen(line, headers, body))
                writer.write(self._responses.pop(0))
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


def spoken(
    wire: Wire,
    talk: Callable[[str], Awaitable[list[Result]]],
) -> list[Result]:
    async def main() -> list[Result]:
        server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
        async with server:
            return await talk(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    return asyncio.run(main())


def posted(wire: Wire, number: int = 1, most: int = 1_000) -> list[Result]:
    async def talk(address: str) -> list[Result]:
        target = HttpTarget(f"{address}/v1/chat?x=%2F", {"X-Own": "yes"}, 5.0, None)
        async with open_session(4) as session:
            return [await post(session, target, BODY, most) for _ in range(number)]

    return spoken(wire, talk)


def test_a_request_is_what_aiohttps_own_would_be() -> None:
    """The second way to compute it: the session's own request, by the same server."""
    wire = Wire(PLAIN, PLAIN)

    async def talk(address: str) -> list[Result]:
        target = HttpTarget(f"{address}/v1/chat?x=%2F", {"X-Own": "yes"}, 5.0, None)
        async with open_session(1) as session:
            found = await post(session, target, BODY)
            async with session.post(target.url, data=BODY, headers=target.headers) as response:
                assert await response.read() == JSON
        return [found]

    (reply,) = spoken(wire, talk)
    assert isinstance(reply, HttpReply)
    assert (reply.status, reply.raw) == (200, JSON)
    ours, its = wire.seen
    assert ours == its
    assert ours.line == "POST /v1/chat?x=%2F HTTP/1.1"
    assert ours.headers["x-own"] == "yes"


def test_a_connection_is_used_again_unless_the_server_ends_it() -> None:
    last = PLAIN.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")
    wire = Wire(PLAIN, PLAIN, last, PLAIN)
    assert all(isinstance(reply, HttpReply) for reply in posted(wire, 4))
    assert wire.connections == 2


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n%b\r\na\r\n%b\r\n0\r\n\r\n"
        % (JSON[:4], JSON[4:]),
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
        % (len(gzip.compress(JSON)), gzip.compress(JSON)),
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + PLAIN,
    ],
    ids=["chunked", "gzip", "interim"],
)
def test_every_kind_of_response_is_read_and_its_connection_kept(response: bytes) -> None:
    wire = Wire(response, PLAIN)
    first, second = posted(wire, 2)
    for reply in (first, second):
        assert isinstance(reply, HttpReply)
        assert (reply.status, reply.raw) == (200, JSON)
    assert wire.connections == 1


def test_a_response_without_a_body_or_of_another_protocol_is_no_answer() -> None:
    wire = Wire(
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
        PLAIN,
    )
    told = [(reply.status, getattr(reply, "raw", None)) for reply in posted(wire, 3)]
    assert told == [(204, b""), (101, b""), (200, JSON)]
    assert wire.connections == 2, "nothing more is said over one that switched"


def test_a_response_that_is_too_long_ends_its_connection() -> None:
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2_000
    wire = Wire(long, PLAIN)
    first, second = posted(wire, 2)
    assert isinstance(first, Failure)
    assert (first.kind, first.status) == ("malformed", 200)
    assert "longer than 1,000 bytes" in first.detail
    assert isinstance(second, HttpReply)
    assert wire.connections == 2


def test_a_response_that_breaks_off_fails_and_the_next_one_has_a_new_connection() -> None:
    wire = Wire(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\n{")
    (reply,) = posted(wire)
    assert isinstance(reply, Failure)
    assert reply.kind == "transport"


def test_a_proxy_gets_the_whole_address_and_its_password() -> None:
    wire = Wire(PLAIN)

    async def talk(address: str) -> list[Result]:
        proxy = address.replace("//", "//me:secret@")
        target = HttpTarget("http://models.test/v1/chat", {}, 5.0, proxy)
        async with open_session(1) as session:
            return [await post(session, target, BODY)]

    (reply,) = spoken(wire, talk)
    assert isinstance(reply, HttpReply)
    (seen,) = wire.seen
    assert seen.line == "POST http://models.test/v1/chat HTTP/1.1"
    assert seen.headers["host"] == "models.test"
    assert seen.headers["proxy-authorization"].startswith("Basic ")
    assert seen.body == BODY


def test_one_target_serves_one_session_after_another() -> None:
    wire = Wire(PLAIN, PLAIN)

    async def talk(address: str) -> list[Result]:
        target = HttpTarget(address, {}, 5.0, None)
        found = []
        for _ in range(2):
            async with open_session(1) as session:
                found.append(await post(session, target, BODY))
        return found

    assert [isinstance(reply, HttpReply) for reply in spoken(wire, talk)] == [True, True]


def test_a_header_cannot_bring_another_one() -> None:
    async def main() -> Result:
        async with open_session(1) as session:
            target = HttpTarget("http://127.0.0.1:9", {"X-Own": "a\r\nX-More: b"}, 5.0, None)
            return await post(session, target, BODY)

    with pytest.raises(ValueError, match="line end"):
        asyncio.run(main())
