"""Agents of ours that speak a model's words: what they say is checked before the market sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks.stage import offer_of
from retailsim.agents.host import Checked
from retailsim.events.errors import UnusableOutput
from retailsim.events.messages import DecisionMade, Message
from retailsim.market.catalogue.product_files import Problems, builtin_catalogue, read_products
from retailsim.market.core.admission import ReplyRefused
from retailsim.market.protocols.retail.events import TopicsChosen
from retailsim.market.protocols.retail.requests import Decide
from retailsim.market.protocols.retail.values import SECTIONS, Pitch, Topics

SAID: dict[str, Any] = {"quantity_reason": "", "sentiment": "Neutral", "reason": "So."}


class Speaker:
    """Says what it is given, or raises it."""

    source = "buyer:b"

    def __init__(self, *said: object) -> None:
        self._said = said

    async def receive(self, message: Message) -> Sequence[Any]:
        for one in self._said:
            if isinstance(one, Exception):
                raise one
        return self._said


def heard(request: Message, *said: object) -> Sequence[Message]:
    return asyncio.run(Checked(Speaker(*said)).receive(request))  # type: ignore[arg-type]


@pytest.fixture
def request_() -> Decide:
    product = next(iter(read_products(builtin_catalogue(), problems=Problems())))
    pitch = Pitch(sections=dict.fromkeys(SECTIONS, "x"))
    topics = Topics(topics=("shipping",), reason="r")
    return Decide(
        episode="e", unit="u", offer=offer_of(product), pitch=pitch, topics=topics, transcript=()
    )


def test_a_fitting_reply_is_copied(request_: Decide) -> None:
    """The market gets an equal copy, so nobody changes later what is logged."""
    decision = DecisionMade(will_purchase=True, quantity=2, **SAID)
    (copy,) = heard(request_, decision)
    assert copy == decision
    assert copy is not decision


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ((), "nothing instead of DecisionMade"),
        ((TopicsChosen(topics=("shipping",), reason="r"),), "TopicsChosen instead of DecisionMade"),
        ((DecisionMade(will_purchase=True, quantity=10**30, **SAID),), "a number beyond"),
    ],
)
def test_a_reply_that_was_not_asked_for_is_refused(
    request_: Decide, said: tuple[Any, ...], why: str
) -> None:
    with pytest.raises(ReplyRefused, match=why):
        heard(request_, *said)


def test_an_unusable_answer_passes_as_it_is(request_: Decide) -> None:
    """It becomes a rejected output with its text, not a failure of the host's making."""
    with pytest.raises(UnusableOutput, match="nonsense"):
        heard(request_, UnusableOutput("nonsense", "raw"))
