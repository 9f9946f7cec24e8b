"""A buyer made with PydanticAI takes a seat over HTTP: a model decides, a schema holds it to form.

    pip install -r examples/over_http/pydantic_ai_buyer.txt
    python examples/over_http/pydantic_ai_buyer.py --model openai:gpt-5.4-mini --port 8000
    python -m sim launch pairwise --buyers http://127.0.0.1:8000/

``--model test`` asks no model: it answers anything that the schema allows. The same three steps
wrap an agent of any framework: show it what is asked, have it fill in the answer's schema, and
return that as {"answer": ...}.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from pydantic import BaseModel, Field
from pydantic_ai import Agent

Topic = Literal["product specifications", "product comparison", "price/discount", "shipping"]


class Topics(BaseModel):
    """What to ask the seller about."""

    topics: list[Topic] = Field(min_length=1, max_length=2)
    reason: str


class Says(BaseModel):
    """What to say to the seller; nothing, to end the dialogue."""

    text: str | None


class Decision(BaseModel):
    """Whether to buy, and how many."""

    will_purchase: bool
    quantity: int = Field(ge=0, le=3)
    quantity_reason: str
    sentiment: Literal["Positive", "Neutral", "Negative"]
    reason: str


class Review(BaseModel):
    """A rating of one aspect, with its text."""

    rating: int = Field(ge=1, le=5)
    text: str = Field(min_length=1)


SHAPES: dict[str, type[BaseModel]] = {
    "ChooseTopics": Topics,
    "AskSeller": Says,
    "Decide": Decision,
    "Complain": Says,
    "WriteReview": Review,
}
TASKS = {
    "ChooseTopics": "Choose one or two topics to ask the seller about.",
    "AskSeller": "Ask the seller one question, or say nothing if you know enough.",
    "Decide": "Decide whether you buy. Not buying is as good an answer.",
    "Complain": "Say what is wrong with your order, or say nothing if the proposal is fair.",
    "WriteReview": "Review the aspect that is named.",
}


def answer(agent: Agent[None, str], request: dict[str, Any]) -> Any:
    """Have the agent fill in what answers a request."""
    kind, asked = request["request"], request["asked"]
    prompt = f"{TASKS[kind]}\n\nAll that you know, as JSON:\n{json.dumps(asked)}"
    filled = asyncio.run(agent.run(prompt, output_type=SHAPES[kind])).output
    if isinstance(filled, Says):
        over = asked["turn"] > 3 or not (filled.text or "").strip()
        return None if over else filled.text
    if isinstance(filled, Decision):
        wanted = max(1, filled.quantity) if filled.will_purchase else 0
        return {**filled.model_dump(), "quantity": wanted}
    return filled.model_dump()


def handler(agent: Agent[None, str]) -> type[BaseHTTPRequestHandler]:
    """Return what answers posts with the agent."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                status, said = 200, {"answer": answer(agent, request)}
            except Exception as error:  # noqa: BLE001 - whatever it is, the run is told
                status, said = 500, {"error": f"{type(error).__name__}: {error}"}
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            """Print no line for each request."""

    return Handler


def main() -> None:
    """Serve on this machine until interrupted; port 0 is any free one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="test")
    parser.add_argument("--port", type=int, default=8000)
    told = parser.parse_args()
    agent = Agent(told.model, system_prompt="You are a shopper who minds what money buys.")
    server = ThreadingHTTPServer(("127.0.0.1", told.port), handler(agent))
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
