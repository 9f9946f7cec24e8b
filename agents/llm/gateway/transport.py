"""One HTTP exchange: bounded, never redirected, its faults as values without secrets.

What all requests to one target share is made once. aiohttp opens, pools and secures the
connections and parses what comes; only what it would build anew for each request, which costs
half of its time, is left out. Through a proxy its own request is used.
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Mapping

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from retailsim.agents.llm.gateway.deadlines import Deadlines
from retailsim.agents.llm.provider.attempt_failure import Failure
from retailsim.agents.llm.provider.hints import Headers

MOST_BYTES = 8 * 2**20
"""A longer response is cut off and counts as malformed."""

_LARGE_BODY = 2**20
_BUFFER = 2**16
_SWITCHED = 101
_UNLIMITED = aiohttp.ClientTimeout(total=None)
"""Of aiohttp's timers: a whole exchange has one deadline."""
_ENCODED = re.compile(
    r"content-encoding: ([\w ]{1,40}(?: ?\(\w{1,10}\))?)(?:\. Please install `([\w.]{1,40})`)?"
)
"""How aiohttp says that it cannot decode a body, and which package would."""


class HttpTarget:
    """Where requests go and with which headers; its ``repr`` shows neither headers nor key."""

    __slots__ = ("_way", "deadlines", "headers", "proxy", "url")

    def __init__(
        self, url: str, headers: Mapping[str, str], timeout_s: float, proxy: str | None
    ) -> None:
        self.url = URL(url, encoded=True)
        self.headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "retailsim",
            **headers,
        }
        self.deadlines = Deadlines(timeout_s)
        self.proxy = proxy
        self._way: _Way | None = None

    def __repr__(self) -> str:
        """Name the address only."""
        return f"Target({self.url})"

    def way(self, session: aiohttp.ClientSession) -> _Way:
        """Return what its requests over a session have in common."""
        if self._way is None or self._way.session is not session:
            self._way = _Way(session, self)
        return self._way


class _Way:
    """A target as one session reaches it: which connections serve it, how each request begins."""

    __slots__ = ("connector", "head", "request", "session")

    def __init__(self, session: aiohttp.ClientSession, target: HttpTarget) -> None:
        if session.connector is None:
            raise RuntimeError("the session is closed")
        self.session = session
        self.connector = session.connector
        self.request = aiohttp.ClientRequest(
            "POST",
            target.url,
            headers=target.headers,
            loop=asyncio.get_running_loop(),
            session=session,
        )
        fields = [f"{name}: {value}" for name, value in self.request.headers.items()]
        lines = [f"POST {target.url.raw_path_qs} HTTP/1.1", *fields]
        if any(character in line for line in lines for character in "\r\n\0"):
            raise ValueError(f"a header for {target.url} holds a line end")
        kept = [line for line in lines if not line.lower().startswith("content-length:")]
        self.head = "\r\n".join([*kept, "Content-Length: "]).encode()

    def framed(self, body: bytes) -> bytes:
        """Return a whole request."""
        return b"%b%d\r\n\r\n%b" % (self.head, len(body), body)


class HttpReply:
    """A whole response."""

    __slots__ = ("headers", "raw", "status")

    def __init__(self, status: int, headers: Headers, raw: bytes) -> None:
        self.status = status
        self.headers = headers
        self.raw = raw


def open_session(connections: int) -> aiohttp.ClientSession:
    """Return a session whose connections are reused and at most `connections`."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=60.0),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def post(
    session: aiohttp.ClientSession, target: HttpTarget, body: bytes, most: int = MOST_BYTES
) -> HttpReply | Failure:
    """Send `body` and read the whole response within the target's timeout.

    Parameters
    ----------
    most : int
        Bytes of the longest response that is read.

    Returns
    -------
    HttpReply or Failure
        A failure of kind ``timeout``, ``transport`` or ``malformed`` (too long).
    """
    exchange = _exchange if target.proxy is None else _exchange_by_proxy
    try:
        with target.deadlines.begin():
            status, headers, raw = await exchange(session, target, body, most)
    except TimeoutError:
        return Failure(kind="timeout", detail=f"no response within {target.deadlines.seconds:g} s")
    except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
        return _undecoded(error) or Failure(kind="transport", detail=_describe(error))
    if raw is None:
        detail = f"the response is longer than {most:,} bytes"
        return Failure(kind="malformed", status=status, detail=detail)
    return HttpReply(status, headers, raw)


async def _exchange(
    session: aiohttp.ClientSession, target: HttpTarget, body: bytes, most: int
) -> tuple[int, Headers, bytes | None]:
    """Return status, headers and body of the response; None for a body that is too long."""
    way = target.way(session)
    connection = await way.connector.connect(way.request, traces=[], timeout=_UNLIMITED)
    try:
        protocol = connection.protocol
        assert protocol is not None
        assert protocol.transport is not None
        protocol.set_response_params(read_until_eof=True, read_bufsize=_BUFFER)
        protocol.transport.write(way.framed(body))
        message, content = await protocol.read()
        while message.code < 200 and message.code != _SWITCHED:
            message, content = await protocol.read()
        raw = b"" if message.code == _SWITCHED else await _read(content, most)
    except BaseException:
        connection.close()
        raise
    if raw is None or message.code == _SWITCHED:
        connection.close()
    else:
        connection.release()
    return message.code, message.headers, raw


async def _exchange_by_proxy(
    session: aiohttp.ClientSession, target: HttpTarget, body: bytes, most: int
) -> tuple[int, Headers, bytes | None]:
    """Do the same as `_exchange` by the target's proxy."""
    async with session.post(
        target.url,
        data=body if len(body) < _LARGE_BODY else io.BytesIO(body),
        headers=target.headers,
        timeout=_UNLIMITED,
        proxy=target.proxy,
        allow_redirects=False,
    ) as response:
        raw = await _read(response.content, most)
        if raw is None:
            response.close()
        return response.status, response.headers, raw


async def _read(content: aiohttp.StreamReader, most: int) -> bytes | None:
    if content.is_eof():  # as most are: nothing is left to wait for
        whole = content.read_nowait()
        return whole if len(whole) <= most else None
    chunks: list[bytes] = []
    size = 0
    async for chunk in content.iter_any():
        size += len(chunk)
        if size > most:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _undecoded(error: Exception) -> Failure | None:
    """Return what is wrong with a response's encoding, where that is the error's cause."""
    cause = error.__cause__ or error
    said = _ENCODED.search(getattr(cause, "message", ""))
    if said is None:
        return None
    name, package = said[1], said[2]
    if package is None:
        return Failure(kind="malformed", detail=f"the response is not the {name} that it says")
    return Failure(
        kind="malformed",
        detail=f"the response came as {name}, which was not asked for and cannot be read here;"
        f" have the server send plain JSON or gzip, or install {package}",
        final=True,
    )


def _describe(error: Exception) -> str:
    # Not str(error): aiohttp's errors may carry the request with its headers.
    if isinstance(error, aiohttp.ClientConnectorError):
        said = error.os_error.strerror or type(error.os_error).__name__
        where = f"{error.host}:{error.port}"
        return f"connection failed: {said}" + ("" if error.host in said else f" ({where})")
    if isinstance(error, OSError) and error.strerror:
        return f"connection failed: {error.strerror}"
    return f"connection failed: {type(error).__name__}"
