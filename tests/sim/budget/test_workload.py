"""What a conversation takes of a model: sums, and how much a repeated beginning costs."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.llm.talk.chat import REASKS_IN_ALL
from retailsim.agents.llm.talk.templates import text
from retailsim.agents.llm.talk.workload import (
    BYTES_PER_TOKEN,
    LEAST_BYTES_PER_TOKEN,
    TASK_TOKENS,
    Step,
    TalkLoad,
    Work,
    asked,
    fixed_bytes,
    schema_bytes,
    total,
)
from retailsim.agents.retail.model.replies import AnswerReply, ServiceEnvelope

RULES = "seller_rules"
FIXED = fixed_bytes(RULES, ServiceEnvelope)


def load(
    times: float = 1.0,
    most: int = 1,
    hears: int = 0,
    context: int = 0,
    variance: float = 0.0,
    chance: float = 1.0,
) -> TalkLoad:
    step = Step(
        kind=AnswerReply, times=times, most=most, hears=hears, expected=100, variance=variance
    )
    return TalkLoad(
        rules=RULES, envelope=ServiceEnvelope, context=context, steps=(step,), chance=chance
    )


def test_one_call_reads_what_is_fixed_and_its_task_and_writes_its_answer() -> None:
    work = load(context=400).work(room=0, reasks=0)
    assert work.calls == 1.0
    assert work.input_tokens == pytest.approx((FIXED + 400) / BYTES_PER_TOKEN + TASK_TOKENS)
    assert work.output_tokens == 100.0
    assert work.most_output_tokens == AnswerReply.most_tokens


def test_each_further_call_reads_again_all_that_was_said() -> None:
    """Three calls: three beginnings, three tasks, and what was said before the second and third."""
    work = load(times=3.0, most=3, hears=40).work(room=0, reasks=0)
    said = TASK_TOKENS + 40 + 100
    expected = 3 * (FIXED / BYTES_PER_TOKEN + TASK_TOKENS + 40) + (1 + 2) * said
    assert work.input_tokens == pytest.approx(expected)
    assert work.output_tokens == 300.0


@pytest.mark.parametrize(
    "lengths", [(1, 5), (2, 3, 4), (0, 0, 6), (1,)], ids=["far apart", "near", "mostly none", "one"]
)
def test_conversations_of_several_lengths_take_what_they_take_on_average(
    lengths: tuple[int, ...],
) -> None:
    """Mean and variance of the number of calls are all that counts."""
    mean = sum(lengths) / len(lengths)
    variance = sum((one - mean) ** 2 for one in lengths) / len(lengths)
    each = [load(float(one), most=6, hears=40).work(room=9, reasks=0) for one in lengths]
    together = load(mean, most=6, hears=40, variance=variance).work(room=9, reasks=0)
    assert together.input_tokens == pytest.approx(sum(w.input_tokens for w in each) / len(each))
    assert together.output_tokens == pytest.approx(sum(w.output_tokens for w in each) / len(each))


def test_a_conversation_that_may_not_take_place_is_expected_in_part_and_reserved_whole() -> None:
    sure, maybe = (load(3.0, most=4, chance=chance).work(room=9, reasks=1) for chance in (1.0, 0.3))
    assert maybe.input_tokens == pytest.approx(0.3 * sure.input_tokens)
    assert (maybe.calls, maybe.output_tokens) == pytest.approx(
        (0.3 * sure.calls, 0.3 * sure.output_tokens)
    )
    assert (maybe.most_calls, maybe.most_input_tokens) == (sure.most_calls, sure.most_input_tokens)
    assert maybe.largest_input == sure.largest_input


def test_a_task_is_as_long_as_its_prompt_and_the_marks_around_it() -> None:
    assert asked("answer") == round(len(text("answer").encode()) / 4) + 6
    assert asked("answer", "decide") > asked("answer") > asked()


def test_the_worst_case_counts_every_answer_at_its_longest_and_every_second_attempt() -> None:
    plain, asked_again = (load(most=4).work(room=50, reasks=n) for n in (0, 2))
    longest = AnswerReply.most_tokens + 50
    assert (plain.most_calls, plain.most_output_tokens) == (4, 4 * longest)
    again = 2 * REASKS_IN_ALL
    assert (asked_again.most_calls, asked_again.most_output_tokens) == (
        4 + again,
        (4 + again) * longest,
    )
    assert asked_again.most_input_tokens > plain.most_input_tokens
    assert asked_again.calls == plain.calls, "what is expected, works the first time"


@given(
    times=st.floats(0.0, 6.0),
    hears=st.integers(0, 400),
    context=st.integers(0, 50_000),
    room=st.integers(0, 4_000),
    reasks=st.integers(0, 3),
    spread=st.floats(0.0, 1.0),
)
def test_the_worst_is_never_below_what_is_expected(
    times: float, hears: int, context: int, room: int, reasks: int, spread: float
) -> None:
    variance = spread * times * (6.0 - times)  # of 0 to 6 calls at most
    talk = load(times, most=6, hears=hears, context=context, variance=variance)
    work = talk.work(room=room, reasks=reasks)
    assert work.calls <= work.most_calls
    assert work.input_tokens <= work.most_input_tokens + 1
    assert work.output_tokens <= work.most_output_tokens
    # A single request has no more tokens than bytes, and a market reserves by the larger number.
    assert work.largest_input >= (FIXED + context) > (FIXED + context) / LEAST_BYTES_PER_TOKEN


def test_works_add_up_but_for_the_largest_request() -> None:
    one = Work(
        calls=1.0, input_tokens=2.0, output_tokens=3.0, most_calls=4, most_input_tokens=5,
        most_output_tokens=6, largest_input=70,
    )  # fmt: skip
    other = msgspec.structs.replace(one, calls=10.0, largest_input=8)
    both = one + other
    assert (both.calls, both.input_tokens, both.output_tokens) == (11.0, 4.0, 6.0)
    assert (both.most_calls, both.most_input_tokens, both.most_output_tokens) == (8, 10, 12)
    assert both.largest_input == 70
    assert total([load(), load()], room=0, reasks=1) == (
        load().work(room=0, reasks=1) + load().work(room=0, reasks=1)
    )


def test_a_schema_that_no_model_reads_is_no_input_but_may_be_at_worst() -> None:
    read, unread = (load().work(room=0, reasks=0, schema_read=read) for read in (True, False))
    schema = schema_bytes(ServiceEnvelope)
    assert read.input_tokens - unread.input_tokens == pytest.approx(schema / BYTES_PER_TOKEN)
    assert unread.most_input_tokens == read.most_input_tokens
    assert unread.largest_input == read.largest_input
