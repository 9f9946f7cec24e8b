"""A store for tests: moto behind a door that may be too busy, or lose what it was to answer."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import pytest

BUCKET = "bucket"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": "us-east-1",
}
BUSY = (
    b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Reduce your rate.</Message></Error>'
)


@dataclass
class Fault:
    """What goes wrong with the next requests that match: ``METHOD /path``.

    "busy": nothing is done, and the answer is 503. "lost": it is done, and nobody hears of it.
    "late": it is done, and the answer comes after `Door.late_s`. "conflict": nothing is done, and
    the answer is 412.
    """

    kind: Literal["busy", "lost", "late", "conflict"]
    match: str
    times: int = 1


@dataclass
class Door:
    """What stands before the store: the requests that came, and the faults that are still to be."""

    asked: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    late_s: float = 3.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self, request: str) -> str | None:
        with self.lock:
            self.asked.append(request)
            for one in self.faults:
                if one.times and re.search(one.match, request):
                    one.times -= 1
                    return one.kind
        return None

    def fetched(self, match: str) -> list[str]:
        return [one for one in self.asked if re.search(match, one)]


@contextmanager
def serving_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """Serve an empty bucket on this machine, named by the environment."""
    server = pytest.importorskip("moto.server", reason="the packages moto and obstore are missing")
    pytest.importorskip("obstore", reason="the packages moto and obstore are missing")
    moto = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    _, behind = moto.get_host_and_port()
    door = Door()
    front = ThreadingHTTPServer(("127.0.0.1", 0), _handler(door, behind))
    thread = threading.Thread(target=front.serve_forever, daemon=True)
    thread.start()
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{front.server_port}")
    try:
        _asked(behind, "PUT", f"/{BUCKET}", b"", {})
        yield door
    finally:
        front.shutdown()
        front.server_close()
        thread.join()
        _asked(behind, "POST", "/moto-api/reset", b"", {})
        moto.stop()


Answer = tuple[int, dict[str, str], bytes]


def _asked(port: int, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def _handler(door: Door, behind: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = door.fault(f"{self.command} {self.path}")
            if fault in ("busy", "conflict"):
                self.answer(503 if fault == "busy" else 412, {}, BUSY)
                return
            found = _asked(behind, self.command, self.path, body, dict(self.headers.items()))
            if fault == "late":
                threading.Event().wait(door.late_s)
            if fault in ("lost", "late"):
                self.close_connection = True
                return
            self.answer(*found)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any  # noqa: N815

        def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            hidden = {"content-length", "connection", "transfer-encoding", "date", "server"}
            for name, value in headers.items():
                if name.lower() not in hidden:
                    self.send_header(name, value)
            # To HEAD the length is the object's, and there is no body.
            length = headers.get("content-length") or headers.get("Content-Length")
            head = self.command == "HEAD"
            self.send_header("Content-Length", str(length if head and length else len(body)))
            self.end_headers()
            self.wfile.write(b"" if head else body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    return Handler
