"""A loopback server that speaks chat completions and plays seller or buyer by rote."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.waiting import PATIENCE_S

WORDS = "It does what the sheet says and I would say so again to anybody who asks me. "

REPLIES: dict[str, dict[str, Any]] = {
    "strategy": {
        "target_expansion": "Everybody who cooks.",
        "value_proposition": "It pays for itself.",
        "persuasion": "value per use",
        "contextual_urgency": "Spring begins.",
        "objection_handling": "Q: Is it good? A: The sheet says so.",
    },
    "pitch": dict.fromkeys(
        (
            "opening_hook",
            "target_expansion",
            "qa_integration",
            "value_validation",
            "call_to_action",
        ),
        WORDS * 5,
    ),
    "answer": {"text": WORDS * 4},
    "settlement": {
        "outcome": "refunded",
        "resolution": "full refund",
        "reason": "It was agreed.",
        "refund_quantity": 1,
        "refund_shipping": False,
    },
    "topics": {
        "rating": 4,
        "review": "Fine.",
        "topics": ["shipping"],
        "reason": "I am in a hurry.",
        "text": WORDS * 2,
    },
    "message": {"text": WORDS * 2, "closes": False},
    "decision": {
        "rating": 5,
        "review": "Quick.",
        "will_purchase": True,
        "quantity": 1,
        "quantity_reason": "One is enough.",
        "sentiment": "Positive",
        "reason": "I like it.",
    },
    "reading": {"claims": []},
    "reviews": {
        "reviews": [
            {"aspect": "post_inquiry", "rating": 3, "text": "Slow.", "would_recommend": None},
            {"aspect": "product", "rating": 2, "text": "Broken.", "would_recommend": False},
        ]
    },
}


def by_rote(body: dict[str, Any]) -> tuple[int, Any]:
    """Answer as asked; buyers send two messages in each dialogue and then stop."""
    messages = body["messages"]
    asked = messages[-1]["content"]
    kind = re.findall(r'[Rr]eply of kind "(\w+)"', _text(asked))[-1]
    reply = dict(REPLIES[kind])
    said = sum(_wrote_to_seller(_text(m["content"])) for m in messages[:-1])
    if kind == "message" and said >= 2:
        reply["text"] = None
    return 200, json.dumps({"reply": {"kind": kind, **reply}})


def _wrote_to_seller(said: str) -> bool:
    return '"kind": "message"' in said or '"kind": "topics"' in said


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def completion(body: dict[str, Any], answer: str, finish: str = "stop") -> dict[str, Any]:
    """Return a whole response with this answer, which ended for the reason `finish`."""
    return {
        "model": body["model"],
        "choices": [{"finish_reason": finish, "message": {"role": "assistant", "content": answer}}],
        "usage": {
            "prompt_tokens": len(json.dumps(body["messages"])) // 4,  # no model reads a grammar
            "completion_tokens": len(answer) // 4,
        },
    }


Answering = Callable[[dict[str, Any]], tuple[int, Any]]
"""Returns the status and, with 200, the answer's text or, to say more of it, a `completion`."""


class Server(ThreadingHTTPServer):
    """Keeps bodies and headers of its requests; `answering` decides what they are answered."""

    daemon_threads = True

    def __init__(self, answering: Answering) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answering = answering
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._came = threading.Condition()

    def note(self, body: dict[str, Any], headers: dict[str, str]) -> None:
        """Keep a request."""
        with self._came:
            self.bodies.append(body)
            self.headers.append(headers)
            self._came.notify_all()

    def wait_for(self, requests: int) -> None:
        """Return once so many requests have come.

        In another thread than the main one no time limit of a test ends it, so it has its own.
        """
        with self._came:
            there = self._came.wait_for(lambda: len(self.bodies) >= requests, PATIENCE_S)
            assert there, f"{len(self.bodies)} of {requests} requests came"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.note(body, dict(self.headers))
        status, answer = self.server.answering(body)
        if status == 200 and isinstance(answer, str):
            answer = completion(body, answer)
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(answering: Answering = by_rote) -> Iterator[Server]:
    """Run a server in a thread while the block runs."""
    server = Server(answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
