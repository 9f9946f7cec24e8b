"""A loopback server that answers posts as a test says, and agents of ours behind it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from retailsim.agents.base import Agent, Seat
from retailsim.agents.registry import resolve
from retailsim.events.streams import Seed
from retailsim.market.protocols.registry import find_protocol, rules_of

Reply = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body."""
JSON = {"Content-Type": "application/json"}


def said(answer: Any, status: int = 200) -> Reply:
    return status, JSON, json.dumps({"answer": answer}).encode()


class Served:
    """What a server was sent."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []


@contextmanager
def serving(reply: Callable[[dict[str, Any]], Reply]) -> Iterator[Served]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            served.bodies.append(body)
            served.headers.append(dict(self.headers))
            status, headers, raw = reply(body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(raw)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *about: object) -> None:
            """Who asked has gone, as a test wants it."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = Served(f"http://127.0.0.1:{server.server_port}/agent")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Ours:
    """Built-in agents behind a server: they get what stands in requests, and nothing else."""

    def __init__(self, agents: Mapping[str, str], seed: int) -> None:
        self._names = agents
        self._seed = Seed(seed)
        self._agents: dict[tuple[str, str], Agent] = {}
        self._turn = threading.Lock()

    def __call__(self, body: dict[str, Any]) -> Reply:
        with self._turn:
            return said(msgspec.to_builtins(self._answer(body), enc_hook=dict))

    def _answer(self, body: dict[str, Any]) -> Any:
        seat, protocol = body["seat"], find_protocol(body["protocol"])
        place = (body["market"], f"{seat['role']} {seat['id']}")
        if place not in self._agents:
            cls = resolve(self._names[seat["role"]], seat["role"], protocol=protocol)
            self._agents[place] = cls(
                Seat(
                    id=seat["id"],
                    role=seat["role"],
                    seed=self._seed,
                    persona=seat["persona"],
                    gender=seat["gender"],
                    options=seat["config"],
                )
            )
        kinds = {kind.__name__: kind for kind in rules_of(protocol).admissions}
        fields = {
            **body["asked"],
            "market": body["market"],
            "episode": body["episode"],
            "t": body["time_us"],
            "unit": body["unit"],
        }
        request = msgspec.convert(fields, kinds[body["request"]])
        return asyncio.run(self._agents[place].receive(request))
