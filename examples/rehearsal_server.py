"""A model for rehearsals: speaks chat completions, thinks nothing, costs nothing.

It fills the JSON Schema that comes with a request with stock sentences and drawn values. The
draws follow from the request alone, so the same question always gets the same answer; a model of
another name than "rehearsal" draws its own. Start it, and point the base_url of a [models] table
to it: python examples/rehearsal_server.py --port 8080
"""

from __future__ import annotations

import argparse
import json
import random
import re
from hashlib import sha256
from typing import Any

from aiohttp import web

SENTENCES = (
    "The sheet says what it is made of, and that is what you get.",
    "Shipping takes as long as stated and costs what is stated.",
    "I would rather say nothing than promise what I cannot keep.",
    "For this price it does what it should.",
    "Think of how often you will use it.",
)
NAME = "rehearsal"
_ASKED = re.compile(r'of kind "(\w+)"')


def reply_to(body: dict[str, Any]) -> str:
    """Return an answer to a request as JSON text, of the kind that was asked for last."""
    messages = body["messages"]
    name = body.get("model", NAME)
    asked = messages if name == NAME else [name, *messages]
    draw = random.Random(sha256(json.dumps(asked, sort_keys=True).encode()).digest())
    schema = body["response_format"]["json_schema"]["schema"]
    said = " ".join(message["content"] for message in messages if message["role"] == "user")
    kind = _ASKED.findall(said)[-1]
    reply_schema = schema["properties"]["reply"]
    branches = reply_schema.get("anyOf", [reply_schema])
    fitting = [b for b in branches if b["properties"]["kind"]["enum"] == [kind]]
    # Several where the schema says which values go together.
    reply = fill(draw.choice(fitting) if len(fitting) > 1 else fitting[0], draw)
    # What a union of all kinds does not say: a quantity goes with a purchase, and with a refund; a
    # way to persuade with a plan, a review with a talk; a tactic with a persuasion; a buyer in a
    # sales conversation does one thing at a time.
    if kind == "strategy":
        reply["persuasion"] = reply["persuasion"] or "value per use"
    if kind == "decision":
        reply["review"] = reply["review"] or draw.choice(SENTENCES)
    if kind == "decision" and not reply["will_purchase"]:
        reply["quantity"] = 0
    if kind == "settlement" and reply["outcome"] != "refunded":
        reply["refund_quantity"] = 0
    if kind == "plan":
        persuades = reply["action"] == "Persuasion"
        reply["tactic"] = (reply["tactic"] or "Framing") if persuades else None
    if kind == "response" and len(fitting) == 1:
        reply |= dict.fromkeys(draw.sample(("select", "buy", "leave"), 2))
    return json.dumps({"reply": reply})


def fill(schema: dict[str, Any], draw: random.Random) -> Any:
    """Return a value that fits `schema`, drawn from `draw`."""
    if "anyOf" in schema:
        whole = [option for option in schema["anyOf"] if option.get("type") != "null"]
        null = schema["anyOf"] != whole and draw.random() < 0.2
        return None if null and whole[0]["type"] == "string" else fill(whole[0], draw)
    if "enum" in schema:
        return draw.choice(schema["enum"])
    match schema["type"]:
        case "object":
            return {name: fill(part, draw) for name, part in schema["properties"].items()}
        case "array":
            items = schema["items"]
            # One review of each aspect; of anything else a single item will do.
            aspects = items.get("properties", {}).get("aspect", {}).get("enum", [])
            return [fill(items, draw) | {"aspect": one} for one in aspects] or [fill(items, draw)]
        case "string":
            return " ".join(draw.choices(SENTENCES, k=3))
        case "boolean":
            return draw.random() < 0.7
        case _:
            return draw.randint(1, 2)


async def answer(request: web.Request) -> web.Response:
    """Answer one chat completion."""
    raw = await request.read()
    text = reply_to(json.loads(raw))
    return web.json_response(
        {
            "model": "rehearsal",
            "choices": [
                {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": len(raw) // 4, "completion_tokens": len(text) // 4},
        }
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    web.run_app(app, host="127.0.0.1", port=parser.parse_args().port, access_log=None)
