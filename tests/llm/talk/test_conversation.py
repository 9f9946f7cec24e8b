"""A conversation grows by repeating itself, asks again when it must, and gives up visibly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from retailsim.agents.llm.talk.chat import REASKS_IN_ALL, ModelChat
from retailsim.agents.llm.types import Call
from retailsim.agents.retail.model.replies import (
    LEAST_WORDS,
    AnswerReply,
    BroadcastEnvelope,
    PitchReply,
    ServiceEnvelope,
    StrategyReply,
)
from retailsim.events.errors import UnusableOutput
from retailsim.events.messages import ModelCalled
from retailsim.market.protocols.retail.values import SECTIONS

GOOD = json.dumps({"reply": {"kind": "answer", "text": "yes"}})


def answering(
    *answers: tuple[str, str],
) -> tuple[Callable[[Call], Awaitable[ModelCalled]], list[Call]]:
    """A model that gives these (finish, text) in turn, and the calls it got."""
    calls: list[Call] = []

    async def ask(call: Call) -> ModelCalled:
        finish, text = answers[len(calls)]
        calls.append(call)
        return ModelCalled(
            market="m",
            episode="e",
            t=0,
            source="seller:s",
            call=len(calls),
            stage="answer",
            role="seller",
            model="x",
            prompt_version="",
            request_sha256="",
            answer=text,
            finish=finish,
            input_tokens=0,
            cached_tokens=0,
            output_tokens=0,
            reasoning_tokens=0,
            cost_nanousd=None,
        )

    return ask, calls


def asked(
    conversation: ModelChat, ask: Callable[[Call], Awaitable[ModelCalled]], reasks: int = 2
) -> AnswerReply:
    return asyncio.run(
        conversation.ask("task", AnswerReply, ask, max_output_tokens=10, reasks=reasks)
    )


def test_each_call_begins_with_the_one_before() -> None:
    conversation = ModelChat("seller", ServiceEnvelope, "context")
    ask, calls = answering(("stop", GOOD), ("stop", GOOD))
    asked(conversation, ask)
    asked(conversation, ask)
    first, second = calls
    assert second.system == first.system
    assert second.says[: len(first.says)] == first.says
    assert [say.role for say in second.says] == ["user", "assistant", "user"]
    assert first.says[0].text == "context\n\ntask"


def test_a_malformed_answer_is_shown_with_what_is_wrong() -> None:
    ask, calls = answering(("stop", "{}"), ("stop", GOOD))
    assert asked(ModelChat("seller", ServiceEnvelope, "context"), ask).text == "yes"
    assert calls[1].says[1].text == "{}"
    assert "cannot be used" in calls[1].says[2].text
    assert "text" in calls[1].says[2].text


def test_a_cut_answer_is_asked_for_again_shorter() -> None:
    ask, calls = answering(("length", '{"reply": {"kind"'), ("stop", GOOD))
    asked(ModelChat("seller", ServiceEnvelope, "context"), ask)
    assert "shorter" in calls[1].says[-1].text
    assert 'a reply of kind "answer"' in calls[1].says[-1].text


SETTLED = '{"reply": {"kind": "settlement", "outcome": "exch'
OTHER = 'the reply has kind "settlement", "answer" was asked for'


@pytest.mark.parametrize(
    ("finish", "text", "told"),
    [
        ("stop", SETTLED + 'anged"}}', OTHER),
        ("stop", SETTLED, OTHER),
        ("length", SETTLED, f"cut off at the length limit; {OTHER}"),
        ("length", '{"reply": {"kind": "answer", "text": "so', "cut off at the length limit\n"),
        ("stop", '{"reply": {"kind": "answer", "words": "x"}}', "unknown field"),
    ],
)
def test_what_is_asked_again_names_the_kind_seen_and_the_one_wanted(
    finish: str, text: str, told: str
) -> None:
    ask, calls = answering((finish, text), ("stop", GOOD))
    asked(ModelChat("seller", ServiceEnvelope, "context"), ask)
    again = calls[1].says[-1].text
    assert told in again
    assert again.endswith('one JSON object, a reply of kind "answer".')
    assert ("settlement" in again) == ("settlement" in told)


def test_a_call_has_the_one_schema_that_fits_it_beside_that_of_the_conversation() -> None:
    ask, calls = answering(("stop", GOOD))
    asked(ModelChat("seller", ServiceEnvelope, "context"), ask)
    (call,) = calls
    kind = call.shape["properties"]["reply"]["properties"]["kind"]
    assert kind["enum"] == ["answer"]
    for shape in (call.single, call.bounded):
        assert shape["properties"]["reply"]["properties"]["kind"]["enum"] == ["answer"]
    assert "maxLength" in json.dumps(call.bounded)
    assert "maxLength" not in json.dumps(call.single)


@pytest.mark.parametrize(
    ("finish", "text", "reason", "sent"),
    [
        ("refusal", "I cannot help with that", "refusal: the model declined", 1),
        ("stop", "", "the answer is empty", 3),
        ("length", "{", "cut off at the length limit$", 3),
        ("length", "", r"before it began: raise thinking_tokens in \[models.x\]", 3),
        ("length", "<think> so many words", "before it began: raise thinking_tokens", 3),
        ("thoughts", "", "thoughts and no answer: have the server put answers", 3),
        ("stop", "maybe", "holds no JSON object", 3),
    ],
)
def test_what_stays_unusable_keeps_its_class_and_its_text(
    finish: str, text: str, reason: str, sent: int
) -> None:
    ask, calls = answering(*[(finish, text)] * 3)
    with pytest.raises(UnusableOutput, match=reason) as error:
        asked(ModelChat("seller", ServiceEnvelope, "context"), ask)
    assert error.value.raw == text
    assert len(calls) == sent


def test_a_whole_conversation_is_asked_again_only_so_often() -> None:
    """A model that fails every first time would otherwise double all its calls for good."""
    conversation = ModelChat("seller", ServiceEnvelope, "context")
    ask, calls = answering(*[("stop", "maybe"), ("stop", GOOD)] * REASKS_IN_ALL, ("stop", "maybe"))
    for _ in range(REASKS_IN_ALL):
        asked(conversation, ask, reasks=1)
    with pytest.raises(UnusableOutput, match="holds no JSON object"):
        asked(conversation, ask, reasks=1)
    assert len(calls) == 2 * REASKS_IN_ALL + 1


def test_no_second_attempt_where_none_is_wanted() -> None:
    ask, calls = answering(("stop", "maybe"))
    with pytest.raises(UnusableOutput):
        asked(ModelChat("seller", ServiceEnvelope, "context"), ask, reasks=0)
    assert len(calls) == 1


def test_the_shape_is_described_where_a_model_does_not_enforce_it() -> None:
    ask, calls = answering(("stop", GOOD), ("stop", GOOD))
    asked(ModelChat("seller", ServiceEnvelope, "context"), ask)
    asked(ModelChat("seller", ServiceEnvelope, "context", in_prompt=True), ask)
    assert "JSON Schema" not in calls[0].system
    assert '"kind"' in calls[1].system


def test_all_calls_share_a_schema_and_the_key_of_their_context() -> None:
    ask, calls = answering(*[("stop", GOOD)] * 3)
    one = ModelChat("seller", ServiceEnvelope, "context")
    asked(one, ask)
    asked(one, ask)
    asked(ModelChat("seller", ServiceEnvelope, "another"), ask)
    assert calls[0].shape == calls[1].shape
    assert calls[0].cache_key == calls[1].cache_key != calls[2].cache_key


def test_what_is_restated_takes_the_place_of_what_was_said() -> None:
    said = StrategyReply(
        persuasion=None,
        target_expansion="all",
        value_proposition="",
        contextual_urgency="now",
        objection_handling="",
    )
    ask, calls = answering(("stop", GOOD), ("stop", GOOD))
    conversation = ModelChat("seller", BroadcastEnvelope, "context")
    with pytest.raises(UnusableOutput):  # an answer is no kind of this conversation
        asked(conversation, ask, reasks=0)
    conversation.restate(said)
    ask, calls = answering(("refusal", "no"))
    with pytest.raises(UnusableOutput):
        asked(conversation, ask)
    kept = json.loads(calls[0].says[1].text)["reply"]
    assert kept["kind"] == "strategy"
    assert kept["contextual_urgency"] == "now"
    assert GOOD not in calls[0].says[1].text


WHOLE = dict.fromkeys(SECTIONS, "these are words of the pitch " * 4)
PLACEHOLDER = WHOLE | {"opening_hook": "Opening hook..."}
SHORT = dict.fromkeys(SECTIONS, "Buy it now.")


def pitch(sections: dict[str, str]) -> tuple[str, str]:
    return "stop", json.dumps({"reply": {"kind": "pitch", **sections}})


def pitched(*answers: tuple[str, str], reasks: int = 2) -> tuple[PitchReply, list[Call]]:
    ask, calls = answering(*answers)
    chat = ModelChat("seller", BroadcastEnvelope, "context")
    asked = chat.ask("task", PitchReply, ask, max_output_tokens=10, reasks=reasks)
    return asyncio.run(asked), calls


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        (PLACEHOLDER, "opening_hook holds no text of its own"),
        (WHOLE | {"call_to_action": "<string>"}, "call_to_action holds no text of its own"),
        (SHORT, "the presentation has 15 words, five sections of 70 to 100 were asked for"),
    ],
)
def test_a_thin_pitch_is_asked_for_again_once(sections: dict[str, str], said: str) -> None:
    reply, calls = pitched(pitch(sections), pitch(WHOLE))
    assert reply.opening_hook == WHOLE["opening_hook"]
    assert said in calls[1].says[-1].text
    assert [call.again for call in calls] == ["", "thin"]


def test_what_stays_thin_is_taken_as_it_is() -> None:
    reply, calls = pitched(pitch(SHORT), pitch(PLACEHOLDER))
    assert reply.opening_hook == "Opening hook..."
    assert len(calls) == 2
    reply, calls = pitched(pitch(SHORT), reasks=0)
    assert (reply.opening_hook, len(calls)) == ("Buy it now.", 1)


@pytest.mark.parametrize("then", [("refusal", "no"), ("stop", "nonsense")])
def test_a_thin_pitch_is_better_than_what_cannot_be_used(then: tuple[str, str]) -> None:
    reply, calls = pitched(pitch(SHORT), then, reasks=1)
    assert reply.opening_hook == "Buy it now."
    assert [call.again for call in calls] == ["", "thin"]


def test_a_pitch_as_long_as_it_may_be_is_not_asked_for_again() -> None:
    """The control: exactly the least number of words, and words that only contain a name."""
    words = LEAST_WORDS // len(SECTIONS)
    least = {name: " ".join([name] + ["word"] * (words - 1)) for name in SECTIONS}
    _, calls = pitched(pitch(least))
    assert len(calls) == 1
