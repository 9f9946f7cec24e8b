"""Answers are decoded strictly; only what can mean one thing is repaired."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.llm.surrogates import without_halves
from retailsim.agents.llm.talk.decode import Malformed, decode_reply
from retailsim.agents.retail.model.replies import (
    BuyerEnvelope,
    ClerkEnvelope,
    DecisionReply,
    MessageReply,
    ReviewsReply,
    SettlementReply,
)
from tests.published import published

DECISION = {
    "will_purchase": True,
    "quantity": 1,
    "quantity_reason": "one",
    "sentiment": "Positive",
    "reason": "nice",
}


def decision(text: str) -> DecisionReply:
    return decode_reply(text, DecisionReply, BuyerEnvelope)


def enveloped(**changes: Any) -> str:
    return json.dumps({"reply": {"kind": "decision", **DECISION, **changes}})


EXPECTED = decision(enveloped())


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(DECISION),
        json.dumps({"kind": "decision", **DECISION}),
        f"```json\n{enveloped()}\n```",
        f"Here you are:\n{enveloped()}\nAnything else?",
        f"\n\n  {enveloped()}  ",
        f"{enveloped()}\nI hope {{this}} helps {{}} you :-{{",
        f"As {{asked}}: {enveloped()}",
        f"<think>\nIs {{20}} too much? Maybe.\n</think>\n\n{enveloped()}",
        f"Is {enveloped(quantity=7)} too much?\n</think>\n{enveloped()}",
        f"<think></think>```json\n{enveloped()}\n```",
    ],
)
def test_wrapping_that_can_mean_one_thing_is_taken_off(text: str) -> None:
    assert decision(text) == EXPECTED


WRONG = {
    "": "the answer is empty",
    "   \n": "the answer is empty",
    "no": "holds no JSON object",
    "{": "the JSON is broken",
    enveloped() + enveloped(): "more than one JSON object",
    json.dumps({"decision": "buy", "quantity": 1, "reasoning": "x"}): "unknown field",
    enveloped(**{"quantity:": 1}): "unknown field",
    enveloped(quantity="1"): "Expected `int`, got `str`",
    enveloped(quantity=1.5): "Expected `int`",
    enveloped(will_purchase="yes"): "Expected `bool`",
    enveloped(sentiment="Great"): "Invalid enum value",
    enveloped(quantity=0): "will_purchase True with quantity 0",
    enveloped(will_purchase=False): "will_purchase False with quantity 1",
    json.dumps({"reply": {"kind": "message", "text": "hi"}}): '"decision" was asked for',
    json.dumps([DECISION, DECISION]): "more than one JSON object",
    f"<think>{enveloped()}</think>": "holds no JSON object",
    f"<think>{enveloped()} or rather {enveloped(quantity=2)}": "more than one JSON object",
    f"{enveloped()}</think>{enveloped()}": "more than one JSON object",
    enveloped() + ' or rather { "reply": {"kind"': "more than one JSON object",
}


@pytest.mark.parametrize("text", WRONG)
def test_everything_else_is_malformed_and_says_why(text: str) -> None:
    with pytest.raises(Malformed) as error:
        decision(text)
    assert WRONG[text] in str(error.value)


def test_a_missing_field_is_malformed() -> None:
    for key in DECISION:
        with pytest.raises(Malformed, match=key):
            decision(json.dumps({k: v for k, v in DECISION.items() if k != key}))


def reviews(*rows: dict[str, Any]) -> ReviewsReply:
    text = json.dumps({"reviews": [{"rating": 3, "text": "x"} | row for row in rows]})
    return decode_reply(text, ReviewsReply, BuyerEnvelope)


def test_stars_outside_one_to_five_are_malformed() -> None:
    for rating in (0, 6):
        with pytest.raises(Malformed, match="Expected `int`"):
            reviews({"aspect": "post_inquiry", "rating": rating})


def test_an_aspect_is_reviewed_once_and_the_product_recommended_or_not() -> None:
    with pytest.raises(Malformed, match="more than one review of post_inquiry"):
        reviews({"aspect": "post_inquiry"}, {"aspect": "post_inquiry"})
    with pytest.raises(Malformed, match="would_recommend"):
        reviews({"aspect": "product"})
    both = reviews({"aspect": "post_inquiry"}, {"aspect": "product", "would_recommend": False})
    assert both.of("product") == both.reviews[1]
    assert reviews({"aspect": "post_inquiry"}).of("product") is None
    with pytest.raises(Malformed, match="Invalid enum value 'pitch'"):
        reviews({"aspect": "pitch"})


def test_a_check_of_the_caller_is_kept_too() -> None:
    with pytest.raises(Malformed, match="not today"):
        decode_reply(enveloped(), DecisionReply, BuyerEnvelope, lambda _: "not today")


def test_a_refund_without_units_contradicts_itself() -> None:
    text = json.dumps(
        {
            "outcome": "refunded",
            "resolution": "r",
            "reason": "r",
            "refund_quantity": 0,
            "refund_shipping": True,
        }
    )
    with pytest.raises(Malformed, match="outcome refunded with refund_quantity 0"):
        decode_reply(text, SettlementReply, ClerkEnvelope)


def test_no_message_is_said_by_null() -> None:
    assert decode_reply('{"text": null}', MessageReply, BuyerEnvelope).text is None
    with pytest.raises(Malformed):
        decode_reply('{"text": ""}', MessageReply, BuyerEnvelope)


@given(st.text(max_size=200))
def test_no_text_at_all_can_do_worse_than_be_malformed(text: str) -> None:
    try:
        decision(text)
    except Malformed:
        return


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(ANY_JSON)
def test_any_json_is_a_decision_or_malformed(value: Any) -> None:
    try:
        decision(json.dumps(value))
    except Malformed:
        return


def test_the_published_decisions_are_all_accounted_for() -> None:
    products = json.loads(published("retailsim_demo.json").read_text())["products"]
    decoded, malformed = 0, []
    for product in products:
        for log in product["buyer_logs"]:
            try:
                decision(json.dumps(log["purchase_decision"]))
                decoded += 1
            except Malformed as error:
                malformed.append(str(error))
    assert decoded == 198
    assert len(malformed) == 2
    assert all("unknown field" in why for why in malformed)


def test_a_mark_of_thoughts_within_an_answer_belongs_to_it() -> None:
    assert decision(enveloped(reason="so </think> it is")).reason == "so </think> it is"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (r"nice \ud83d", "nice \ufffd"),
        (r"\uDE00 nice", "\ufffd nice"),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\\ud83d", r"\ud83d"),  # a backslash and five letters
    ],
)
def test_half_a_character_is_replaced_and_a_whole_one_is_not(said: str, read: str) -> None:
    assert decision(enveloped(reason="HERE").replace("HERE", said)).reason == read


@given(st.text(max_size=30))
def test_what_has_no_halves_stays_as_it_is(text: str) -> None:
    raw = json.dumps({"text": text}).encode()
    assert without_halves(raw) == raw
