"""One configured model: its wire format, its address, its gate and its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from hashlib import sha256

import msgspec

from retailsim.agents.llm.adapters.base import Adapter
from retailsim.agents.llm.errors import BadModel
from retailsim.agents.llm.gateway.deadlines import Deadlines
from retailsim.agents.llm.gateway.gate import Gate
from retailsim.agents.llm.gateway.transport import HttpReply, HttpTarget
from retailsim.agents.llm.provider.address import base_url, in_the_open, proxy_for
from retailsim.agents.llm.provider.attempt_failure import Failure, by_status
from retailsim.agents.llm.provider.capabilities import Abilities, abilities
from retailsim.agents.llm.provider.foreign_body import (
    is_page,
    is_stream,
    what_came,
    without_bom,
)
from retailsim.agents.llm.provider.hints import delay_s, reset_s
from retailsim.agents.llm.provider.keys import ApiKey, find_key, redact
from retailsim.agents.llm.provider.vendor import vendor_of
from retailsim.agents.llm.surrogates import without_halves
from retailsim.agents.llm.types import Call, ModelAnswer, ModelConfig, Usage

_BYTES_PER_TOKEN = 4.0
_LEARNED = 0.1
_REFUSALS = (401, 403, 407, 451)
"""With a web page, these come from a firewall or a portal; a provider would say it in JSON."""
_TOLD = ("text", "model", "fingerprint", "upstream")
"""What of an answer is the server's own words."""
_encode = msgspec.json.Encoder(order="deterministic").encode


class Statistics(msgspec.Struct, kw_only=True):
    """What one model did since the gateway opened.

    Parameters
    ----------
    in_flight, waiting, limit : int
        Calls being answered, calls waiting for their turn, and most at once just now; shared
        by all models behind the same gate.
    calls, answered, failed : int
        Calls begun and ended either way; the rest is under way or was cancelled.
    attempts, retries : int
        Requests sent, and how many of them were not a call's first.
    pauses : int
        Times that the gate was closed for everybody.
    input_tokens, cached_tokens, output_tokens : int
        Of all answers; output includes thinking.
    """

    model: str
    in_flight: int = 0
    waiting: int = 0
    limit: int = 0
    calls: int = 0
    answered: int = 0
    failed: int = 0
    attempts: int = 0
    retries: int = 0
    pauses: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0

    def add(self, usage: Usage) -> None:
        """Count an answer."""
        self.answered += 1
        self.input_tokens += usage.input
        self.cached_tokens += usage.cached
        self.output_tokens += usage.output


class Endpoint:
    """A model as the gateway uses it. Building one needs no key and does no I/O.

    Raises
    ------
    BadModel
        If the address cannot work.
    """

    def __init__(self, name: str, config: ModelConfig, environ: Mapping[str, str]) -> None:
        self.name = name
        self.config = config
        self.base = base_url(name, config)
        self.adapter: Adapter = vendor_of(config.provider).adapter
        self.url: str = self.base + self.adapter.path(config.model)
        self.able: Abilities = abilities(config)
        self.reader = f"{self.url} {config.model}"
        self.numbers = Statistics(model=name)
        self.deadlines = Deadlines(config.deadline_s)
        self.gate: Gate | None = None
        self.refused = 0  # requests, for what is in them
        self._environ = environ
        self._tokens_per_byte = 1 / _BYTES_PER_TOKEN
        self._last: tuple[Call, Call, bytes] | None = None

    @cached_property
    def key(self) -> ApiKey | None:
        """The key, looked up once; raises `NoKey`, and `BadModel` where it would go in the open."""
        key = find_key(self.name, self.config, self._environ)
        if key is not None and key.stands_in(self.base):
            raise BadModel(
                self.name,
                f"base_url holds the key of {key.env}, and run.toml would show it: take it out of"
                " the address; it is sent in a header",
            )
        if key is not None and key.secret and in_the_open(self.base):
            problem = (
                f"{self.base} would get the key in {key.env} over plain http, for anybody on the"
                " way to read; use an https address, or a server that needs no key"
            )
            raise BadModel(self.name, problem)
        return key

    @cached_property
    def target(self) -> HttpTarget:
        """Where requests go, with the key; raises `NoKey`."""
        proxy = proxy_for(self.url, self._environ)
        headers = self.adapter.headers(self.key)
        return HttpTarget(self.url, headers, self.config.timeout_s, proxy)

    @property
    def account(self) -> tuple[str, str, ApiKey | None]:
        """What shares a key's fate."""
        return (self.config.provider, self.base, self.key)

    def shaped(self, call: Call) -> Call:
        """Return a call with the schema that is sent."""
        return self._made(call)[1]

    def body(self, call: Call) -> bytes:
        """Return the exact wire body: keys sorted, but the shape's properties in their order."""
        return self._made(call)[2]

    def _made(self, call: Call) -> tuple[Call, Call, bytes]:
        """Return what is made of a call; who asks wants its digest first, then sends it."""
        if self._last is None or self._last[0] is not call:
            shaped = call.shaped(self.able.schema)
            body = _encode(self.adapter.body(self.config, self.able, shaped))
            self._last = (call, shaped, body)
        return self._last

    def digest(self, body: bytes) -> str:
        """Return the hex SHA-256 of what is asked: the interface's path and the body.

        The host is not in it, so that a run can go on with the same model elsewhere.
        """
        path = self.adapter.path(self.config.model)
        return sha256(b"%b\n%b" % (path.encode(), body)).hexdigest()

    def reserve(self, body: bytes, call: Call) -> float:
        """Return how many tokens a call may take: its input estimated, its output at most."""
        return self._input(body) + call.max_output_tokens + self.able.room

    def read(
        self, reply: HttpReply, body: bytes, wall: Callable[[], float]
    ) -> ModelAnswer | Failure:
        """Return what a response means, without a key in any of it."""
        result = self._read(reply)
        if isinstance(result, ModelAnswer):
            return self._learn(self._priced(self._blotted(result)), body)
        return self._hinted(result, reply, wall())

    def _read(self, reply: HttpReply) -> ModelAnswer | Failure:
        raw, headers = without_bom(reply.raw), reply.headers
        if reply.status != 200 and is_page(headers, raw):
            kind = "blocked" if reply.status in _REFUSALS else by_status(reply.status)
            return Failure(kind=kind, status=reply.status, detail=what_came(headers, raw))
        try:
            if reply.status == 200:
                return self._answer(raw)
            return self.adapter.failure(reply.status, headers, raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return Failure(
                kind="malformed",
                status=reply.status,
                detail=f"unreadable: {error}; {what_came(headers, raw)}",
                final=is_stream(headers, raw),  # it would stream again, and be paid again
            )

    def _answer(self, raw: bytes) -> ModelAnswer | Failure:
        """Read an answer, at last without halves of characters: it is paid already."""
        try:
            return self.adapter.answer(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            whole = without_halves(raw)
            if whole == raw:
                raise
            return self.adapter.answer(whole)

    def clean(self, failure: Failure) -> Failure:
        """Return the failure without secrets and bounded to one line."""
        return msgspec.structs.replace(failure, detail=redact(failure.detail, self.key))

    def _blotted(self, answer: ModelAnswer) -> ModelAnswer:
        """Return the answer without the key: a server that echoes headers must not log it."""
        if self.key is None:
            return answer
        blotted = {name: self.key.blot(getattr(answer, name)) for name in _TOLD}
        return msgspec.structs.replace(answer, **blotted)

    def _priced(self, answer: ModelAnswer) -> ModelAnswer:
        """Return the answer at the user's own price, if there is one, whatever the server says."""
        if self.config.price is None:
            return answer
        return msgspec.structs.replace(answer, cost_nanousd=None)

    def _input(self, body: bytes) -> float:
        return len(body) * self._tokens_per_byte

    def _learn(self, answer: ModelAnswer, body: bytes) -> ModelAnswer:
        if answer.usage.estimated:
            output = len(answer.text.encode()) / _BYTES_PER_TOKEN
            usage = Usage(input=round(self._input(body)), output=round(output), estimated=True)
            return msgspec.structs.replace(answer, usage=usage)
        seen = answer.usage.input / max(1, len(body))
        self._tokens_per_byte += _LEARNED * (seen - self._tokens_per_byte)
        return answer

    def _hinted(self, failure: Failure, reply: HttpReply, now: float) -> Failure:
        asked = delay_s(reply.headers, now)
        delays = [delay for delay in (asked, failure.delay_s) if delay is not None]
        if not delays and failure.kind == "rate_limit":
            delays = [d for d in (reset_s(reply.headers, now),) if d is not None]
        return msgspec.structs.replace(
            failure,
            detail=failure.detail or _explained(reply),
            delay_s=max(delays, default=None),
            final=failure.final or reply.headers.get("x-should-retry", "").lower() == "false",
        ).bounded(self.config.deadline_s)


def _explained(reply: HttpReply) -> str:
    if "location" in reply.headers:
        return f"it redirects to {reply.headers['location']}, which is not followed with a key"
    return "it says no more"
