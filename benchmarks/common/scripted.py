"""A language model's place taken by a script: fixed answers of the length that real ones have.

Nobody is asked. What is real are the prompts and the bytes that would have been sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import cycle, islice
from typing import Any

import msgspec

from retailsim.agents.llm.gateway.endpoint import Endpoint
from retailsim.agents.llm.gateway.prefix import PrefixMeter, Sent
from retailsim.agents.llm.provider.capabilities import abilities
from retailsim.agents.llm.types import Call, ModelConfig
from retailsim.events.messages import ASPECTS, Message, ModelCalled, Role
from retailsim.market.protocols.retail.requests import Complain, GiveSupport
from retailsim.market.protocols.retail.values import DIMENSIONS, SECTIONS, TOPICS

VOCABULARY = """
this one holds what the sheet promises and nothing beyond it because people who use it every single
morning notice quickly whether something works or merely looks good while standing on a shelf so let
me say plainly what you get for your money and where other offers are better
"""
ASIDE = 12
"""Words of short answers: reasons, resolutions."""


class Lengths(msgspec.Struct, frozen=True, kw_only=True):
    """Words of the answers; by default as long as published and asked-for ones are.

    Parameters
    ----------
    dimension, section : int
        One of the strategy's four dimensions, and of the pitch's five sections.
    question, answer : int
        One message of the buyer's, of the seller's.
    reason, review : int
        The reason of a decision; one review.
    """

    dimension: int = 45
    section: int = 85
    question: int = 42
    answer: int = 77
    reason: int = 45
    review: int = 30


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it would be sent."""

    stage: str
    role: Role
    episode: str | None
    body: bytes
    sent: Sent


def words(count: int, *about: object) -> str:
    """Return `count` words that begin with what they are about, so that no two texts are alike."""
    begin = " ".join(map(str, about)).split()
    said = [*begin, *islice(cycle(VOCABULARY.split()), count - len(begin))]
    return f"{' '.join(said).capitalize()}."


class ScriptedModel:
    """Answers by rote, and keeps what it would have been sent.

    Parameters
    ----------
    config : ModelConfig
        Its provider decides how a request looks.
    meter : PrefixMeter or None
        One that has seen earlier episodes; None: nothing was sent before.
    name : str
        Whose cache the requests meet.
    instead : mapping or None
        Fields of replies by task that take the place of the scripted ones.
    """

    def __init__(
        self,
        config: ModelConfig,
        lengths: Lengths | None = None,
        meter: PrefixMeter | None = None,
        name: str = "model",
        instead: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.in_prompt = abilities(config).schema == "prompt"
        self.samples: list[Sample] = []
        self.closes = False
        self._instead = instead or {}
        self._about: tuple[object, ...] = ()
        self._endpoint = Endpoint(name, config, {})
        self._lengths = lengths or Lengths()
        self._meter = PrefixMeter() if meter is None else meter

    def accepted(self, record: ModelCalled) -> None:
        """Nobody shares these answers."""

    async def ask(
        self, request: Any, source: str, *, task: str, role: str, call: Any
    ) -> ModelCalled:
        """Answer with the reply that belongs to the task."""
        self._keep(request, task, role, call)
        self._about = (request.offer.product.id, request.episode or "", len(self.samples))
        reply = {"kind": task, **self._reply(task), **self._instead.get(task, {})}
        return ModelCalled(
            market=request.market,
            episode=request.episode,
            t=request.t,
            source=source,
            call=len(self.samples),
            stage=request.stage,
            task=task,
            role=role,
            model=self._endpoint.name,
            prompt_version="",
            request_sha256="",
            answer=json.dumps({"reply": reply}),
            finish="stop",
            input_tokens=0,
            cached_tokens=0,
            output_tokens=0,
            reasoning_tokens=0,
            cost_nanousd=None,
        )

    def _keep(self, request: Message, task: str, role: str, call: Call) -> None:
        body = self._endpoint.body(call)
        name = task
        if task in ("message", "answer"):
            after = isinstance(request, Complain | GiveSupport)
            name = f"{task}, {'support' if after else 'inquiry'}"
        sample = Sample(
            stage=name,
            role="seller" if role == "seller" else "buyer",
            episode=request.episode,
            body=body,
            sent=self._meter.send(
                self._endpoint.name, body, schema_read=self._endpoint.able.schema_read
            ),
        )
        self.samples.append(sample)

    def _words(self, count: int, topic: str) -> str:
        return words(count, topic, *self._about)

    def _reply(self, task: str) -> dict[str, Any]:
        say = self._lengths
        match task:
            case "strategy":
                plan: dict[str, Any] = {n: self._words(say.dimension, n) for n in DIMENSIONS}
                return plan | {"persuasion": "value per use"}
            case "pitch":
                return {name: self._words(say.section, name) for name in SECTIONS}
            case "answer":
                return {"text": self._words(say.answer, "answer")}
            case "message":
                return self._message()
            case "topics":
                return self._topics()
            case "decision":
                return self._decision()
            case "settlement":
                return self._settlement()
            case _:
                return {"reviews": [self._review(aspect) for aspect in ASPECTS[2:]]}

    def _topics(self) -> dict[str, Any]:
        return {
            "rating": 4,
            "review": self._words(self._lengths.review, "pitch"),
            "topics": TOPICS[:2],
            "reason": self._words(ASIDE, "why"),
            "text": self._words(self._lengths.question, "question"),
        }

    def _message(self) -> dict[str, Any]:
        return {"text": self._words(self._lengths.question, "question"), "closes": self.closes}

    def _decision(self) -> dict[str, Any]:
        return {
            "rating": 4,
            "review": self._words(self._lengths.review, "pre_inquiry"),
            "will_purchase": True,
            "quantity": 1,
            "quantity_reason": self._words(ASIDE, "one"),
            "sentiment": "Positive",
            "reason": self._words(self._lengths.reason, "decision"),
        }

    def _review(self, aspect: str) -> dict[str, Any]:
        recommends = True if aspect == "product" else None
        text = self._words(self._lengths.review, aspect)
        return {"aspect": aspect, "rating": 4, "text": text, "would_recommend": recommends}

    def _settlement(self) -> dict[str, Any]:
        return {
            "outcome": "exchanged",
            "resolution": self._words(ASIDE // 2, "replacement"),
            "reason": self._words(ASIDE, "agreed"),
            "refund_quantity": 0,
            "refund_shipping": False,
        }
