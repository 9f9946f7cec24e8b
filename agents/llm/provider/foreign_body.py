"""What came in the place of an answer, in words: its type, its beginning, and what to do."""

from __future__ import annotations

from retailsim.agents.llm.provider.hints import Headers

_SHOWN = 80
_BOM = b"\xef\xbb\xbf"


def without_bom(raw: bytes) -> bytes:
    """Return a body without the mark that some servers put before their JSON."""
    return raw.removeprefix(_BOM)


def is_page(headers: Headers, raw: bytes) -> bool:
    """Whether a body is a web page, as firewalls, portals and proxies send them."""
    begin = raw[:200].lstrip().lower()
    return _type(headers) == "text/html" or begin.startswith((b"<html", b"<!doctype html"))


def is_stream(headers: Headers, raw: bytes) -> bool:
    """Whether a body is a stream of events, which nobody asked for."""
    begin = raw[:200].lstrip()
    return _type(headers) == "text/event-stream" or begin.startswith((b"data:", b"event:"))


def what_came(headers: Headers, raw: bytes) -> str:
    """Return a body's type, length and first characters, and what to do where that is known."""
    begin = " ".join(raw[: 4 * _SHOWN].decode("utf-8", "replace").split())[:_SHOWN]
    said = f"begins {begin!r}" if begin else "holds nothing"
    return f"what came is {_type(headers) or 'of no stated type'} and {said}{_advice(headers, raw)}"


def _type(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()[:_SHOWN]


def _advice(headers: Headers, raw: bytes) -> str:
    if is_stream(headers, raw):
        return "; it streams, which was not asked for: switch that off in the server or its proxy"
    if is_page(headers, raw):
        return (
            "; this is a web page and not a model's interface: check base_url, and what stands"
            " between here and the provider (proxy, firewall, login)"
        )
    return ""
