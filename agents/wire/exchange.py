"""One request on its way to an agent: attempts, deadline, and what each misbehaviour is called."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import msgspec

from retailsim.agents.llm.gateway.retry import AttemptFailed, Patience
from retailsim.agents.llm.gateway.transport import HttpReply, HttpTarget, post
from retailsim.agents.llm.provider.address import proxy_for
from retailsim.agents.llm.provider.attempt_failure import Failure, Kind
from retailsim.agents.llm.provider.hints import delay_s
from retailsim.agents.llm.provider.keys import ApiKey, redact
from retailsim.agents.wire.address import WireOptions
from retailsim.agents.wire.errors import (
    WireDown,
    WireError,
    WireLate,
    WireMalformed,
    WireRefused,
)
from retailsim.agents.wire.format import answer_text, begins

MOST_REQUEST = 4 * 2**20
"""A longer request is not sent, in bytes."""
MOST_ANSWER = 2**20
"""A longer answer is not read to its end, in bytes."""

_ELSEWHERE = frozenset({401, 403, 404, 405, 407, 410})
"""Statuses that say that no request will be answered at this address, or with these headers."""
_LATER = frozenset({408, 425, 429, 502, 503, 504})
"""Statuses that say that the agent is not there just now."""

_PATIENCE = Patience(base_s=0.5, cap_s=15.0)


class Place:
    """An address with its options and headers; its ``repr`` shows no secret.

    Parameters
    ----------
    options : WireOptions
    keys : mapping of header to ApiKey
        See `agents.wire.address.secrets`.
    environ : mapping
        Names proxies.
    """

    def __init__(
        self, options: WireOptions, keys: Mapping[str, ApiKey], environ: Mapping[str, str]
    ) -> None:
        self.options = options
        self.url = options.url
        self._keys = tuple(keys.values())
        headers = {header: key.reveal() for header, key in keys.items()}
        proxy = proxy_for(options.url, environ)
        self.target = HttpTarget(options.url, headers, options.timeout_s, proxy)

    def __repr__(self) -> str:
        """Name the address only."""
        return f"Place({self.url})"

    def told(self, text: str) -> str:
        """Return what came from outside as one short line without secrets."""
        for key in self._keys:
            text = key.blot_word(text)
        return redact(text, None)

    def blotted(self, text: str) -> str:
        """Return an answer without secrets."""
        for key in self._keys:
            text = key.blot(text)
        return text


class WireAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt as telemetry sees it.

    Parameters
    ----------
    status : int
        Of HTTP; 0 where no response came.
    latency_s : float
        From sending to the last byte.
    retry : int
        0 for a request's first attempt.
    """

    status: int
    latency_s: float
    retry: int


async def exchange(
    session: aiohttp.ClientSession,
    place: Place,
    body: bytes,
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    observe: Callable[[WireAttempt], None] = lambda attempt: None,
) -> str:
    """Ask an agent and return its answer as compact JSON.

    Parameters
    ----------
    rest : callable
        Waits so many seconds before another attempt.
    observe : callable
        Takes each attempt, for the telemetry.

    Raises
    ------
    WireError
        One kind for each misbehaviour; `WireDown` where no agent is there.
    """
    if len(body) > MOST_REQUEST:
        raise WireError(
            place.url,
            f"the request is longer than {MOST_REQUEST:,} bytes and was not sent; have shorter "
            "product sheets",
        )
    options, clock = place.options, asyncio.get_running_loop().time
    start, sent = clock(), 0
    last: Failure | None = None

    async def attempt() -> str:
        nonlocal sent, last
        sent += 1
        begin = clock()
        reply = await post(session, place.target, body, MOST_ANSWER)
        observe(WireAttempt(status=reply.status, latency_s=clock() - begin, retry=sent - 1))
        found = read_reply(place, reply)
        if isinstance(found, str):
            return found
        left_s = start + options.deadline_s - clock()
        last = found.bounded(left_s)
        raise AttemptFailed(last, _PATIENCE.wait_s(last, sent - 1, random.random(), left_s))

    patience = msgspec.structs.replace(_PATIENCE, attempts=options.attempts)
    try:
        async with asyncio.timeout(options.deadline_s):
            answer: str = await patience.retrying(start + options.deadline_s, rest)(attempt)
            return place.blotted(answer)
    except (AttemptFailed, TimeoutError):
        pass
    # Raised outside of any handler: no traceback leads to the request and its headers.
    raise _gone(place, last, sent, clock() - start)


def _gone(place: Place, last: Failure | None, sent: int, seconds: float) -> WireError:
    """Return what is said where no attempt was answered."""
    tries = f"{sent} attempts" if sent != 1 else "1 attempt"
    if last is None or last.kind == "timeout":
        said = (
            last.detail if last is not None else f"no answer within {place.options.deadline_s:g} s"
        )
        return WireLate(place.url, f"{said} ({tries} in {seconds:.0f} s)")
    said = f"no answer after {tries} in {seconds:.0f} s: {place.told(str(last))}"
    if last.kind == "server":
        return WireRefused(place.url, said)
    if last.final:  # it is there, and asks to wait longer than a request may take
        now = f"now {place.options.deadline_s:g} s"
        advice = f"resume when it takes requests again, or raise deadline_s ({now})"
        return WireDown(place.url, f"{said}; {advice}")
    return WireDown(place.url, f"{said}; start the agent")


def read_reply(place: Place, reply: HttpReply | Failure) -> str | Failure:
    """Return the answer, or the failure of an attempt that may be repeated.

    Raises
    ------
    WireError
        If repeating makes no sense.
    """
    if isinstance(reply, Failure):
        if reply.kind == "malformed":
            raise WireMalformed(place.url, reply.detail.replace("response", "answer"))
        return reply
    status, kind = reply.status, reply.headers.get("Content-Type", "no content type")
    shown = place.told(begins(reply.raw))
    if 300 <= status < 400:
        to = place.told(reply.headers.get("Location", "nowhere"))
        raise WireDown(
            place.url, f"redirects (HTTP {status}) to {to}: give the agent's own address"
        )
    if status in _ELSEWHERE:
        advice = "check url, key_env and headers_env"
        raise WireDown(place.url, f"refuses all requests (HTTP {status}): {shown}; {advice}")
    if status in _LATER or status >= 500:
        delay = delay_s(reply.headers, time.time())
        kind_of: Kind = "overloaded" if status in _LATER else "server"
        return Failure(kind=kind_of, status=status, detail=_said(place, reply), delay_s=delay)
    if _is_page(kind, reply.raw):
        raise WireDown(
            place.url,
            f"answered with a web page ({place.told(kind)}): is this the agent's address?",
        )
    if not 200 <= status < 300:
        raise WireRefused(place.url, f"refused the request (HTTP {status}): {_said(place, reply)}")
    return answer_text(place.url, reply.raw, place.told)


def _said(place: Place, reply: HttpReply) -> str:
    """Return what a refusal says: its ``error``, or how its body begins."""
    try:
        body = msgspec.json.decode(reply.raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = None
    if isinstance(body, dict) and isinstance(body.get("error"), str):
        return place.told(body["error"])
    return place.told(begins(reply.raw))


def _is_page(kind: str, raw: bytes) -> bool:
    return "html" in kind.lower() or raw.lstrip()[:1] == b"<"
