"""One HTTP exchange: bounded, never redirected, its faults as values without secrets."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from retailsim.agents.llm.provider.attempt_failure import Failure
from retailsim.agents.llm.provider.hints import Headers

MOST_BYTES = 8 * 2**20
"""A longer response is cut off and counts as malformed."""

_LARGE_BODY = 2**20
_ENCODED = re.compile(
    r"content-encoding: ([\w ]{1,40}(?: ?\(\w{1,10}\))?)(?:\. Please install `([\w.]{1,40})`)?"
)
"""How aiohttp says that it cannot decode a body, and which package would."""


class HttpTarget:
    """Where requests go and with which headers; its ``repr`` shows neither headers nor key."""

    __slots__ = ("headers", "proxy", "timeout", "url")

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
        self.timeout = aiohttp.ClientTimeout(total=timeout_s)
        self.proxy = proxy

    def __repr__(self) -> str:
        """Name the address only."""
        return f"Target({self.url})"


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
    data = body if len(body) < _LARGE_BODY else io.BytesIO(body)
    try:
        async with session.post(
            target.url,
            data=data,
            headers=target.headers,
            timeout=target.timeout,
            proxy=target.proxy,
            allow_redirects=False,
        ) as response:
            raw = await _read(response, most)
            if raw is None:
                detail = f"the response is longer than {most:,} bytes"
                return Failure(kind="malformed", status=response.status, detail=detail)
            return HttpReply(response.status, response.headers, raw)
    except TimeoutError:
        return Failure(kind="timeout", detail=f"no response within {target.timeout.total:g} s")
    except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
        return _undecoded(error) or Failure(kind="transport", detail=_describe(error))


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > most:
            response.close()
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
