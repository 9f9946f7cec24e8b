"""One request of each kind from a market that was played, and what a market makes of answers."""

from typing import Any

import pytest

from retailsim.market.core import admission
from retailsim.market.core.admission import (
    ReplyRefused,
    Written,
)
from retailsim.market.protocols.registry import find_protocol, rules_of
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    Request,
    SettleIssue,
    WriteReview,
)
from retailsim.market.protocols.retail.values import (
    Pitch,
    Review,
)
from tests.market.players import REFUND, buyer, play, rules, seller

ADMISSIONS = rules_of(find_protocol("retail")).admissions
WHOLE = play(seller(proposals={1: REFUND}), buyer(), rules("damaged on arrival"))
UNSETTLED = play(of=rules("damaged on arrival"))
ASKED: dict[type[Any], Any] = {
    type(request): request for request in reversed([*WHOLE.requests, *UNSETTLED.asked(SettleIssue)])
}
SCRIPT = {**seller(proposals={1: REFUND}), **buyer()}
NAMES: dict[type[Any], str] = {
    FormStrategy: "Strategy",
    PresentPitch: "Pitch",
    ChooseTopics: "Topics",
    AskSeller: "a text or None",
    AnswerBuyer: "a text or Answer",
    Decide: "Decision",
    Complain: "a text or None",
    GiveSupport: "Support",
    SettleIssue: "Settlement",
    WriteReview: "Review or a text",
}
"""How a refusal calls what was asked for."""


def admit(kind: type[Request], value: Any, source: str = "agent:sam") -> Written:
    return admission.admit(source, ASKED[kind], value, ADMISSIONS[kind])


def refused(kind: type[Request], value: Any) -> str:
    """Return why `value` is refused as the answer to a request of this kind."""
    with pytest.raises(ReplyRefused) as caught:
        admit(kind, value)
    start = f"agent:sam answered {kind.__name__} with "
    assert str(caught.value).startswith(start)
    assert len(str(caught.value)) < 400
    return str(caught.value).removeprefix(start)


def review(**changes: Any) -> Review:
    return Review(**{"rating": 4, "text": "fine", **changes})


def pitch(**changes: Any) -> Pitch:
    return Pitch(**{"sections": {"opening_hook": "Hi"}, **changes})
