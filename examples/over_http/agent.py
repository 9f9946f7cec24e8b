"""A seller and a buyer over HTTP, with Python's standard library alone.

    python examples/over_http/agent.py --port 8000
    python -m sim launch examples/over_http/scenario.toml

Each request says what is asked and holds all that the seat may know; nothing has to be kept
between two of them. The form of requests and answers is in docs/wire-retail.schema.json.
"""

from __future__ import annotations

import argparse
import json
import random
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Asked = dict[str, Any]


def strategy(asked: Asked) -> Any:
    """Plan the pitch along the dimensions that are asked for."""
    title = asked["offer"]["product"]["title"]
    return dict.fromkeys(asked["dimensions"], f"Say plainly what {title} is for.")


def pitch(asked: Asked) -> Any:
    """Say what the sheet says."""
    offer = asked["offer"]
    opening = f"This is {offer['product']['title']}, for ${offer['price_cents'] / 100:,.2f}."
    return {"sections": {"opening_hook": opening, "call_to_action": "Ask me anything."}}


def answer(asked: Asked) -> Any:
    """Answer the buyer's last message."""
    return "It is all on the sheet, and the price stands."


def support(asked: Asked) -> Any:
    """Give the money back."""
    settlement = {
        "outcome": "refunded",
        "resolution": "full refund",
        "reason": "You should have what you paid for.",
        "refund_quantity": asked["order"]["quantity"],
    }
    return {"text": "I am sorry. You get your money back.", "proposal": settlement}


def settle(asked: Asked) -> Any:
    """State how a dialogue ended in which nothing was proposed."""
    return {"outcome": "delivered", "resolution": "none", "reason": "Nothing was agreed."}


def topics(asked: Asked) -> Any:
    """Choose one or two topics to ask about."""
    return {"topics": ["price/discount"], "reason": "I look at the price first."}


def ask(asked: Asked) -> Any:
    """Ask one question; None ends the dialogue."""
    return "Is that your best price?" if asked["turn"] == 1 else None


def decide(asked: Asked) -> Any:
    """Buy what is cheap, and other things now and then."""
    buys = asked["offer"]["price_cents"] < 2000 or asked["luck"].random() < 0.25
    return {
        "will_purchase": buys,
        "quantity": 1 if buys else 0,
        "quantity_reason": "One will do." if buys else "I buy none.",
        "sentiment": "Positive" if buys else "Neutral",
        "reason": "The price is right." if buys else "It is too dear for me.",
    }


def complain(asked: Asked) -> Any:
    """Say what is wrong, until something is proposed."""
    return None if asked["proposed"] else f"There is a problem: {asked['issue']}."


def review(asked: Asked) -> Any:
    """Rate what went well higher than what did not."""
    stars = 5 if asked["outcome"] == "delivered" else 3
    recommend = stars > 3 if asked["aspect"] == "product" and asked["order"] else None
    return {"rating": stars, "text": "As expected.", "would_recommend": recommend}


ANSWERS = {
    "FormStrategy": strategy,
    "PresentPitch": pitch,
    "AnswerBuyer": answer,
    "GiveSupport": support,
    "SettleIssue": settle,
    "ChooseTopics": topics,
    "AskSeller": ask,
    "Decide": decide,
    "Complain": complain,
    "WriteReview": review,
}


def respond(request: dict[str, Any]) -> Any:
    """Return what answers a request; its seed gives draws that repeat with the run."""
    luck = random.Random(request["seed"])
    return ANSWERS[request["request"]]({**request["asked"], "luck": luck})


class Handler(BaseHTTPRequestHandler):
    """Answers each POST with {"answer": ...}, or with {"error": ...}."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Read a request, and answer it."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            status, said = 200, {"answer": respond(request)}
        except KeyError as error:
            status, said = 422, {"error": f"nobody here knows {error}"}
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Print no line for each request."""


def main() -> None:
    """Serve on this machine until interrupted; port 0 is any free one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    server = ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Handler)
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
