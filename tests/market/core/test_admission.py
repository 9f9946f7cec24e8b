"""What an agent may answer: exactly what it was asked, or its episode ends with a clear reason."""

from collections.abc import Iterator, Mapping
from itertools import permutations
from types import MappingProxyType
from typing import Any, Literal

import msgspec
import pytest

from retailsim.events.kernel import Post
from retailsim.events.messages import (
    Aspect,
    DecisionMade,
    DialogueStage,
    EpisodeClosed,
    MarketClosed,
    Message,
    MessageSent,
    OrderPlaced,
    RefundIssued,
    ReviewPosted,
    Role,
)
from retailsim.market.core import admission
from retailsim.market.core.admission import (
    MAX_LOGGED,
    MAX_NUMBER,
    MAX_REPLY,
    Admission,
    ReplyRefused,
)
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
from retailsim.market.protocols.retail.values import (
    TOPICS,
    Decision,
    Strategy,
    Support,
    Topics,
)
from tests.market.asked import (
    ADMISSIONS,
    ASKED,
    NAMES,
    SCRIPT,
    admit,
    pitch,
    refused,
    review,
)
from tests.market.players import KEEP, LAMP, but, buyer, decided, play

HINT = ": return the value, the market writes the events"


def test_every_request_is_tested_here() -> None:
    assert set(ASKED) == set(ADMISSIONS) == set(NAMES)


@pytest.mark.parametrize("kind", ADMISSIONS)
def test_what_was_asked_for_is_admitted_as_an_equal_copy(kind: type[Request]) -> None:
    value = SCRIPT[kind](ASKED[kind])
    copy = admission.admitted("agent:sam", ASKED[kind], value, ADMISSIONS[kind])
    assert copy == value
    assert type(copy) is type(value)
    assert isinstance(value, str) or copy is not value


@pytest.mark.parametrize("kind", ADMISSIONS)
def test_what_needs_no_check_is_written_in_the_same_words(kind: type[Request]) -> None:
    value = SCRIPT[kind](ASKED[kind])
    unchecked = admission.written("agent:sam", ASKED[kind], value, ADMISSIONS[kind])
    assert unchecked == admit(kind, value)


def test_an_agent_cannot_change_afterwards_what_it_said() -> None:
    said_once = pitch()
    [event] = admit(PresentPitch, said_once)
    said_once.sections["opening_hook"] = "Something else"  # type: ignore[index]
    assert isinstance(event, PitchPresented)
    assert event.sections == pitch().sections


def test_one_object_for_all_episodes_is_logged_as_several_events() -> None:
    topics = Topics(topics=("shipping",), reason="always the same")
    lazy = but(buyer(), ChooseTopics, lambda request: topics)
    played = play(buying={"ann": lazy, "bob": lazy})
    assert [event.seq for event in played.events] == list(range(len(played.events)))
    assert [played.one(TopicsChosen, e).source for e in ("e1", "e2")] == ["buyer:ann", "buyer:bob"]


# -- what the market writes ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "stage", "role"),
    [
        (AskSeller, "pre_inquiry", "buyer"),
        (AnswerBuyer, "pre_inquiry", "seller"),
        (Complain, "post_inquiry", "buyer"),
        (GiveSupport, "post_inquiry", "seller"),
    ],
)
@pytest.mark.parametrize("turn", [1, 3])
def test_the_stage_the_role_and_the_turn_of_a_message_are_the_requests(
    kind: type[Request], stage: DialogueStage, role: Role, turn: int
) -> None:
    """No agent can speak in another's name, or out of turn: it says the words and no more."""
    request = msgspec.structs.replace(ASKED[kind], turn=turn)
    value = Support(text="Hm.") if kind is GiveSupport else "Hm."
    written = admission.admit("agent:sam", request, value, ADMISSIONS[kind])
    assert written == (MessageSent(stage=stage, role=role, turn=turn, text="Hm."),)


@pytest.mark.parametrize("kind", [AskSeller, Complain])
def test_saying_nothing_ends_a_dialogue(kind: type[Request]) -> None:
    assert admit(kind, None) == (EndDialogue(),)


@pytest.mark.parametrize("aspect", ["pitch", "pre_inquiry", "post_inquiry", "product"])
def test_a_review_is_of_the_aspect_that_was_asked_for(aspect: Aspect) -> None:
    request = msgspec.structs.replace(ASKED[WriteReview], aspect=aspect)
    [event] = admission.admit("buyer:ann", request, review(), ADMISSIONS[WriteReview])
    assert event == ReviewPosted(aspect=aspect, rating=4, text="fine")


def test_a_pitch_and_a_plan_are_of_the_seat_that_was_asked_for_the_product_on_sale() -> None:
    assert admit(FormStrategy, Strategy(value_proposition="cheap")) == (
        StrategyFormed(seller="sam", product=LAMP.id, value_proposition="cheap"),
    )
    assert admit(PresentPitch, pitch(claims=("red",), unsupported=("red",))) == (
        PitchPresented(
            seller="sam",
            product=LAMP.id,
            sections={"opening_hook": "Hi"},
            claims=("red",),
            unsupported=("red",),
        ),
    )


@pytest.mark.parametrize("topics", [(), *permutations(TOPICS, 1), *permutations(TOPICS, 2)])
def test_none_one_or_two_topics_may_be_chosen_in_any_order(topics: tuple[Any, ...]) -> None:
    value = Topics(topics=topics, reason="r")
    assert admit(ChooseTopics, value) == (TopicsChosen(topics=topics, reason="r"),)


def test_a_decision_is_written_as_it_was_made() -> None:
    [event] = admit(Decide, decided(True, 2))
    assert type(event) is DecisionMade
    fields = msgspec.structs.asdict(decided(True, 2))
    assert {name: getattr(event, name) for name in fields} == fields


def test_a_settlement_is_offered_before_the_text_and_only_in_support() -> None:
    said = MessageSent(stage="post_inquiry", role="seller", turn=1, text="Sorry.")
    proposal = ProposeSettlement(settlement=KEEP)
    assert admit(GiveSupport, Support(text="Sorry.", proposal=KEEP)) == (proposal, said)
    assert admit(GiveSupport, Support(text="Sorry.")) == (said,)
    assert admit(SettleIssue, KEEP) == (proposal,)
    assert (
        refused(AnswerBuyer, Support(text="Sorry.", proposal=KEEP))
        == "Support instead of a text or Answer"
    )
    assert refused(GiveSupport, [KEEP, "Sorry."]) == "list instead of Support"


# -- shape ---------------------------------------------------------------------------------

WRONG: list[tuple[Any, str]] = [
    (None, "None"),
    ("yes", "a text"),
    (b"yes", "bytes"),
    (5, "int"),
    ({}, "dict"),
    ([], "list"),
    (["yes"], "list"),
    (("yes", None), "tuple"),
    (Decision, "StructMeta"),
    (Post(EndDialogue()), "Post"),
    (EndDialogue(), "EndDialogue"),
    ([EndDialogue()], "EndDialogue"),
    ([MarketClosed()] * 99, ", ".join(["MarketClosed"] * 8)),
]


@pytest.mark.parametrize(
    ("kind", "value", "what"),
    [
        (kind, value, what)
        for kind, wanted in NAMES.items()
        for value, what in WRONG
        if what not in wanted.split(" or ")
    ],
)
def test_a_value_of_another_kind_is_refused(kind: type[Request], value: Any, what: str) -> None:
    """Those who return messages, as agents once did, are told what to return."""
    hint = HINT if "EndDialogue" in what or "MarketClosed" in what else ""
    assert refused(kind, value) == f"{what} instead of {NAMES[kind]}{hint}"


@pytest.mark.parametrize("kind", ADMISSIONS)
@pytest.mark.parametrize("other", ADMISSIONS)
def test_what_answers_another_request_is_refused(kind: type[Request], other: type[Request]) -> None:
    """Unless that asks for the same kind of value."""
    value = SCRIPT[other](ASKED[other])
    what = NAMES[other].split(" or ")[0]
    if kind is WriteReview and what == "a text":
        assert refused(kind, value).endswith("allowed: no review"), "but no other text"
    elif what in NAMES[kind].split(" or "):
        admit(kind, value)
    else:
        assert refused(kind, value) == f"{what} instead of {NAMES[kind]}"


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
def test_no_request_lets_an_agent_speak_for_the_market(
    kind: type[Request], forged: Message
) -> None:
    name, value = type(forged).__name__, SCRIPT[kind](ASKED[kind])
    for said in (forged, [forged]):
        assert refused(kind, said) == f"{name} instead of {NAMES[kind]}{HINT}"
    for both in ([forged, value], (forged, value)):
        assert refused(kind, both).startswith(f"{name}, {type(value).__name__} instead of ")


def test_two_decisions_are_refused() -> None:
    assert refused(Decide, [decided(True, 1), decided(False, 0)]) == "list instead of Decision"


def test_a_mapping_that_changes_between_readings_is_read_once() -> None:
    class Shifty(Mapping[str, str]):
        reads = 0

        def __iter__(self) -> Iterator[str]:
            return iter(("opening_hook",))

        def __len__(self) -> int:
            return 1

        def __getitem__(self, key: str) -> str:
            self.reads += 1
            return "Hi" if self.reads == 1 else ""

    [event] = admit(PresentPitch, pitch(sections=Shifty()))
    assert isinstance(event, PitchPresented)
    assert event.sections == {"opening_hook": "Hi"}


def test_a_read_only_mapping_is_as_good_as_a_dict() -> None:
    [event] = admit(PresentPitch, pitch(sections=MappingProxyType({"opening_hook": "Hi"})))
    assert type(event) is PitchPresented
    assert type(event.sections) is dict


def test_a_subclass_of_the_right_value_is_refused() -> None:
    class Sly(Decision, frozen=True, kw_only=True):
        pass

    fields = msgspec.structs.asdict(decided(True, 1))
    assert refused(Decide, Sly(**fields)) == "Sly instead of Decision"


def test_a_look_alike_of_the_right_value_is_refused() -> None:
    twin = msgspec.defstruct("Decision", [(name, Any) for name in Decision.__struct_fields__])
    fields = msgspec.structs.asdict(decided(True, 1))
    assert refused(Decide, twin(**fields)) == "Decision instead of Decision"


# -- any type that a protocol may ask for --------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "good", "bad", "what"),
    [
        (int, 3, "3", "a text instead of int"),
        (bool, True, 1, "int instead of bool"),
        (int, 1, True, "bool instead of int"),
        (None | Literal["up", "down"], "up", 1, "int instead of None or a text"),
        (
            Literal["up", "down"],
            "down",
            "left",
            "a malformed text: Invalid enum value 'left'; allowed: up, down",
        ),
        (list[int], [1, 2], (1, 2), "tuple instead of list"),
        (list[int], [], ["1"], "a malformed list: Expected `int`, got `str` - at `$[0]`"),
        (tuple[int, ...], (1, 2), [1, 2], "list instead of tuple"),
        (dict[str, int], {"a": 1}, {"a": "b"}, "a malformed dict: Expected `int`, got `str`"),
        (int | dict[str, int], {"a": 1}, None, "None instead of int or dict"),
    ],
)
def test_a_protocol_may_ask_for_what_can_be_logged(
    answer: Any, good: Any, bad: Any, what: str
) -> None:
    rule = Admission(answer, lambda request, value, seat: ())
    assert admission.admitted("agent", ASKED[Decide], good, rule) == good
    with pytest.raises(ReplyRefused) as caught:
        admission.admitted("agent", ASKED[Decide], bad, rule)
    assert str(caught.value).startswith(f"agent answered Decide with {what}")


@pytest.mark.parametrize(
    ("answer", "most", "more"),
    [
        (dict[str, str], {"a": "x" * (MAX_REPLY - 2)}, {"a": "x" * (MAX_REPLY - 1)}),
        (list[int], [7] * MAX_REPLY, [7] * (MAX_REPLY + 1)),
    ],
)
def test_a_reply_may_be_as_large_as_it_says_and_no_larger(
    answer: Any, most: Any, more: Any
) -> None:
    """Characters count, and items; what a number is does not."""
    rule = Admission(answer, lambda request, value, seat: ())
    assert admission.admitted("agent", ASKED[Decide], most, rule) == most
    with pytest.raises(ReplyRefused, match=f"of {MAX_REPLY + 1} characters; at most {MAX_REPLY} "):
        admission.admitted("agent", ASKED[Decide], more, rule)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_may_be_what_propensities_sum_to_and_no_larger(sign: int) -> None:
    rule = Admission(int, lambda request, value, seat: ())
    assert MAX_LOGGED == 2**32 and MAX_NUMBER == 2_147_483_647
    assert admission.admitted("agent", ASKED[Decide], sign * 2**32, rule) == sign * 2**32
    with pytest.raises(ReplyRefused, match="a number beyond 4294967296"):
        admission.admitted("agent", ASKED[Decide], sign * (2**32 + 1), rule)
