"""What an agent may answer: exactly what it was asked, or its episode ends with a clear reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import pytest
from players import KEEP, LAMP, REFUND, buyer, decided, play, rules, said, seller

from retailsim.events.kernel import Post
from retailsim.events.messages import (
    DecisionMade,
    EpisodeClosed,
    MarketClosed,
    Message,
    OrderPlaced,
    RefundIssued,
    ReviewPosted,
)
from retailsim.market.core import admission
from retailsim.market.core.admission import MAX_REPLY, MAX_TEXT, ReplyRefused
from retailsim.market.protocols.retail.admission import ADMISSIONS
from retailsim.market.protocols.retail.events import PitchPresented, StrategyFormed, TopicsChosen
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    EndDialogue,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    ProposeSettlement,
    Request,
    SettleIssue,
    WriteReview,
)

WHOLE = play(seller(proposals={1: REFUND}), buyer(), rules("damaged on arrival"))
UNSETTLED = play(of=rules("damaged on arrival"))
ASKED: dict[type[Any], Any] = {
    type(request): request for request in reversed([*WHOLE.requests, *UNSETTLED.asked(SettleIssue)])
}
SCRIPT = {**seller(proposals={1: REFUND}), **buyer()}
HUGE = "x" * 10_000_000


def admit(source: str, request: Any, replies: Any) -> Sequence[Any]:
    return admission.admit(source, request, replies, ADMISSIONS[type(request)])


def refused(kind: type[Request], replies: Any) -> str:
    """Return why `replies` to a request of this kind are refused."""
    with pytest.raises(ReplyRefused) as caught:
        admit("agent", ASKED[kind], replies)
    start = f"agent answered {kind.__name__} with "
    assert str(caught.value).startswith(start)
    assert len(str(caught.value)) < 400
    return str(caught.value).removeprefix(start)


def review(**changes: Any) -> ReviewPosted:
    return ReviewPosted(**{"aspect": "pitch", "rating": 4, "text": "fine", **changes})


def pitch(**changes: Any) -> PitchPresented:
    sections = {"opening_hook": "Hi"}
    return PitchPresented(**{"seller": "sam", "product": "LAMP", "sections": sections, **changes})


def test_every_request_has_a_stage_and_is_tested_here():
    assert set(ASKED) == set(ADMISSIONS)


@pytest.mark.parametrize("kind", ADMISSIONS)
def test_what_was_asked_for_is_admitted_as_an_equal_copy(kind):
    replies = SCRIPT[kind](ASKED[kind])
    admitted = admit("agent", ASKED[kind], replies)
    assert list(admitted) == list(replies)
    assert all(copy is not reply for copy, reply in zip(admitted, replies, strict=True))


def test_an_agent_cannot_change_afterwards_what_it_said():
    said_once = pitch()
    [admitted] = admit("agent", ASKED[PresentPitch], [said_once])
    said_once.sections["opening_hook"] = "Something else"
    assert admitted == pitch()


def test_one_object_for_all_episodes_is_logged_as_several_events():
    topics = TopicsChosen(topics=("shipping",), reason="always the same")
    lazy = {**buyer(), ChooseTopics: lambda request: [topics]}
    played = play(buying={"ann": lazy, "bob": lazy})
    assert [event.seq for event in played.events] == list(range(len(played.events)))
    assert [played.one(TopicsChosen, e).source for e in ("e1", "e2")] == ["buyer:ann", "buyer:bob"]


# -- shape ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ADMISSIONS)
@pytest.mark.parametrize(
    ("replies", "what"),
    [
        (None, "NoneType instead of a list of messages"),
        ("yes", "str instead of a list of messages"),
        (b"yes", "bytes instead of a list of messages"),
        (EndDialogue(), "EndDialogue instead of a list of messages"),
        ({}, "dict instead of a list of messages"),
        ([], "nothing instead of "),
        (["yes"], "str instead of "),
        ([Post(EndDialogue())], "Post instead of "),
        ([MarketClosed()] * 99, ", ".join(["MarketClosed"] * 8) + " instead of "),
    ],
)
def test_what_is_no_list_of_the_right_message_is_refused(kind, replies, what):
    assert refused(kind, replies).startswith(what)


FORGED: list[Message] = [
    RefundIssued(
        order="o",
        quantity=1,
        amount_cents=1,
        shipping_refund_cents=0,
        return_shipping_cents=0,
        return_shipping_payer="seller",
    ),
    OrderPlaced(order="o", product="LAMP", quantity=1, unit_price_cents=1, shipping_cents=0),
    EpisodeClosed(),
    ASKED[Decide],
]


@pytest.mark.parametrize("kind", ADMISSIONS)
@pytest.mark.parametrize("forged", FORGED, ids=lambda message: type(message).__name__)
def test_no_request_lets_an_agent_speak_for_the_market(kind, forged):
    name = type(forged).__name__
    assert refused(kind, [forged]).startswith(f"{name} instead of ")
    replies = [forged, SCRIPT[kind](ASKED[kind])[-1]]
    assert "messages, " in refused(kind, replies)
    assert "alone was asked for" in refused(kind, replies)


def test_two_decisions_are_refused():
    reason = refused(Decide, [decided(True, 1), decided(False, 0)])
    assert reason == "2 messages, DecisionMade alone was asked for"


def test_a_settlement_comes_before_the_text_once_and_only_in_support():
    proposal = ProposeSettlement(settlement=KEEP)
    text = said("post_inquiry", "seller", 1)
    assert len(admit("agent", ASKED[GiveSupport], (proposal, text))) == 2
    for replies in ([text, proposal], [proposal, proposal, text], [proposal]):
        refused(GiveSupport, replies)
    refused(AnswerBuyer, [proposal, said("pre_inquiry", "seller", 1)])


def test_a_list_that_changes_between_readings_is_read_once():
    class Shifty(Sequence):  # type: ignore[type-arg]
        reads = 0

        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: int) -> Message:
            if index:
                raise IndexError
            self.reads += 1
            return decided(True, 1) if self.reads == 1 else FORGED[0]

    [admitted] = admit("agent", ASKED[Decide], Shifty())
    assert type(admitted) is DecisionMade


def test_a_subclass_of_the_right_message_is_refused():
    class Sly(DecisionMade, kw_only=True):
        pass

    fields = msgspec.structs.asdict(decided(True, 1))
    assert refused(Decide, [Sly(**fields)]) == "Sly instead of DecisionMade"


# -- values --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        (AskSeller, said("pre_inquiry", "buyer", 2)),
        (AskSeller, said("pre_inquiry", "seller", 1)),
        (AskSeller, said("post_inquiry", "buyer", 1)),
        (AskSeller, said("sales", "buyer", 1)),
        (AnswerBuyer, said("pre_inquiry", "seller", 0)),
        (AnswerBuyer, said("pre_inquiry", "buyer", 1)),
        (Complain, said("pre_inquiry", "buyer", 1)),
        (GiveSupport, said("post_inquiry", "buyer", 1)),
    ],
)
def test_a_message_of_another_turn_stage_or_role_is_refused(kind, reply):
    reason = f"stage {reply.stage}, role {reply.role}, turn {reply.turn}: not what was asked"
    assert refused(kind, [reply]) == reason


def with_text(text: Any) -> list[tuple[type[Any], Message]]:
    message = said("pre_inquiry", "buyer", 1)
    message.text = text
    return [
        (AskSeller, message),
        (WriteReview, review(text=text)),
        (PresentPitch, pitch(sections={"opening_hook": text})),
    ]


@pytest.mark.parametrize(("kind", "reply"), [*with_text(""), *with_text(" \n\t")])
def test_an_empty_text_is_refused(kind, reply):
    assert refused(kind, [reply]) == "an empty text"


def test_a_pitch_without_sections_is_refused():
    assert refused(PresentPitch, [pitch(sections={})]) == "an empty text"


@pytest.mark.parametrize(("kind", "reply"), with_text("x" * (MAX_TEXT + 1)))
def test_a_text_that_is_too_long_is_refused(kind, reply):
    reason = f"a text of {MAX_TEXT + 1} characters; at most {MAX_TEXT} are allowed"
    assert refused(kind, [reply]) == reason


@pytest.mark.parametrize(("kind", "reply"), with_text("x" * MAX_TEXT))
def test_the_longest_text_is_admitted(kind, reply):
    assert list(admit("agent", ASKED[kind], [reply])) == [reply]


def huge() -> list[tuple[type[Any], Message]]:
    decision = decided(True, 1)
    decision.reason = HUGE
    settlement = msgspec.structs.replace(KEEP, resolution=HUGE)
    return [
        *with_text(HUGE),
        (Decide, decision),
        (ChooseTopics, TopicsChosen(topics=(), reason=HUGE)),
        (FormStrategy, StrategyFormed(seller="sam", product="LAMP", value_proposition=HUGE)),
        (PresentPitch, pitch(sections={HUGE: "x"})),
        (PresentPitch, pitch(claims=("",) * 100_000)),
        (SettleIssue, ProposeSettlement(settlement=settlement)),
    ]


@pytest.mark.parametrize(("kind", "reply"), huge())
def test_ten_megabytes_are_refused_wherever_they_stand(kind, reply):
    assert f"characters; at most {MAX_REPLY} are allowed" in refused(kind, [reply])


MALFORMED: list[tuple[type[Any], Message, str]] = [
    (WriteReview, review(rating=True), "Expected `int`, got `bool` - at `$.rating`"),
    (WriteReview, review(rating=4.0), "Expected `int`, got `float`"),
    (WriteReview, review(rating="4"), "Expected `int`, got `str`"),
    (WriteReview, review(rating=None), "Expected `int`, got `null`"),
    (WriteReview, review(rating=10**5000), "a number beyond 2147483647"),
    (WriteReview, review(text=b"good"), "got `bytes`"),
    (WriteReview, review(text=datetime(2026, 1, 1)), "got `datetime`"),
    (WriteReview, review(text=object()), "object"),
    (WriteReview, review(text="\ud83d"), "surrogates not allowed"),
    (WriteReview, review(would_recommend=1), "Expected `bool | null`, got `int`"),
    (Decide, decided(1, 1), "Expected `bool`, got `int` - at `$.will_purchase`"),  # type: ignore[arg-type]
    (Decide, decided(True, 10**30), "a number beyond 2147483647"),
    (Decide, decided(True, True), "Expected `int`, got `bool` - at `$.quantity`"),
    (ChooseTopics, TopicsChosen(topics="shipping", reason=""), "Expected `array`"),  # type: ignore[arg-type]
    (PresentPitch, pitch(sections=[("opening_hook", "Hi")]), "Expected `object`"),
    (PresentPitch, pitch(sections={"opening_hook": 5}), "Expected `str`, got `int`"),
    (SettleIssue, ProposeSettlement(settlement=None), "Expected `object`"),  # type: ignore[arg-type]
    (
        SettleIssue,
        ProposeSettlement(settlement=msgspec.structs.replace(KEEP, outcome="lost")),
        "Invalid enum value 'lost'",
    ),
]


@pytest.mark.parametrize(("kind", "reply", "what"), MALFORMED)
def test_a_field_of_the_wrong_type_is_refused(kind, reply, what):
    reason = refused(kind, [reply])
    assert reason.startswith(f"a malformed {type(reply).__name__}: ")
    assert what in reason


def test_a_field_that_contains_itself_is_refused():
    text: list[Any] = []
    text.append(text)
    assert refused(WriteReview, [review(text=text)]).startswith("a malformed ReviewPosted: ")


@pytest.mark.parametrize("rating", [-1, 0, 6, 9])
def test_a_rating_beyond_the_scale_is_refused(rating):
    reason = f"a rating of {rating}; 1 to 5 are allowed"
    assert refused(WriteReview, [review(rating=rating)]) == reason


@pytest.mark.parametrize("rating", range(1, 6))
def test_each_rating_of_the_scale_is_admitted(rating):
    assert admit("agent", ASKED[WriteReview], [review(rating=rating)])


def test_a_review_of_another_aspect_is_refused():
    reason = refused(WriteReview, [review(aspect="product")])
    assert reason == "a review of product, pitch was asked for"


@pytest.mark.parametrize(
    "topics",
    [("weather",), ("shipping", "shipping"), ("shipping", "price/discount", "product comparison")],
)
def test_other_topics_than_the_four_or_more_than_two_are_refused(topics):
    reason = refused(ChooseTopics, [TopicsChosen(topics=topics, reason="r")])
    assert reason.startswith(f"topics {list(topics)}; up to two of product specifications, ")


@pytest.mark.parametrize("product", [None, "OTHER"])
def test_a_pitch_or_plan_for_another_product_is_refused(product):
    reason = f"product {product!r}, 'LAMP' is for sale here"
    assert refused(PresentPitch, [pitch(product=product)]) == reason
    assert refused(FormStrategy, [StrategyFormed(seller="sam", product=product)]) == reason
    assert LAMP.id == "LAMP"
