"""What talking to a model takes: how many calls and tokens to expect, and how many at most.

An estimate made before anything is sent, out of the real prompts and schemas and a few
assumptions that stand at the top of this file. The worst case is what a market reserves of a
budget: everything asked again as often as allowed, every dialogue as long as allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec

from retailsim.agents.llm.talk import templates
from retailsim.agents.llm.talk.chat import REASKS_IN_ALL, shape_of
from retailsim.agents.llm.talk.reply import Envelope, Reply

BYTES_PER_TOKEN = 4.0
"""Of English text, on average."""
LEAST_BYTES_PER_TOKEN = 3.0
"""Of any text that prompts hold; the worst case counts by it."""

THINKING = 0.02
"""Share of a model's room for thinking that an answer takes on average: with it, episodes come to
the output that the published table gives for models that think."""
MARK_TOKENS = 3
"""Of the marks that a provider puts around a message, with its role."""
TASK_TOKENS = 60
"""What a task says beside what it hands on, unless a step says it better."""
FOREIGN_MOST = 400
"""Tokens of a message of the other side, at most."""


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Calls and tokens, as expected and at most; output includes thinking.

    Parameters
    ----------
    largest_input : int
        Bytes of the largest single request: no tokenizer makes more tokens of it.
    """

    calls: float = 0.0
    input_tokens: float = 0.0
    output_tokens: float = 0.0
    most_calls: int = 0
    most_input_tokens: int = 0
    most_output_tokens: int = 0
    largest_input: int = 0

    def __add__(self, other: Work) -> Work:
        """Add two pieces of work."""
        sums = {
            name: getattr(self, name) + getattr(other, name)
            for name in self.__struct_fields__
            if name != "largest_input"
        }
        return Work(**sums, largest_input=max(self.largest_input, other.largest_input))

    def times(self, number: int) -> Work:
        """Return this work, done so often."""
        sums = {
            name: getattr(self, name) * number
            for name in self.__struct_fields__
            if name != "largest_input"
        }
        return Work(**sums, largest_input=self.largest_input)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of task in a conversation.

    Parameters
    ----------
    kind : type of Reply
    times : float
        How often it is expected, where the conversation takes place; `most` how often at most.
    variance : float
        Of that number. Long conversations repeat more than short ones save.
    hears : int
        Tokens of the other side's words that the task hands on, as expected.
    hears_most : int
        As many at most, where there are any.
    expected : int
        Tokens of its answer.
    asks : int
        Tokens of what the task says itself; see `asked`.
    """

    kind: type[Reply]
    times: float
    most: int
    expected: int
    hears: int = 0
    hears_most: int = FOREIGN_MOST
    variance: float = 0.0
    asks: int = TASK_TOKENS


class TalkLoad(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation with a model: what it begins with, and its steps in order.

    Parameters
    ----------
    context : int
        Bytes between the rules and the first task.
    chance : float
        How likely it takes place at all, from 0 to 1.
    """

    rules: str
    envelope: type[Envelope]
    context: int
    steps: tuple[Step, ...]
    chance: float = 1.0

    def work(self, *, room: int, reasks: int, schema_read: bool = True) -> Work:
        """Return what the whole conversation takes.

        Parameters
        ----------
        room : int
            Tokens that the model may think beside an answer.
        reasks : int
            How often an answer that cannot be read is asked for again.
        schema_read : bool
            Whether the schema counts as input; where a grammar is made of it, it may at worst.
        """
        found = Work()
        start = self.context + fixed_bytes(self.rules, self.envelope)
        unread = 0 if schema_read else schema_bytes(self.envelope)
        said, most = (start - unread) / BYTES_PER_TOKEN, start / LEAST_BYTES_PER_TOKEN
        for step in self.steps:
            task = step.asks + step.hears
            expected = _repeated(said, task, step.expected, step.times, step.variance)
            heard = step.asks * 2 + (step.hears_most if step.hears else 0)
            worst = _repeated(most, heard, step.kind.most_tokens, step.most)
            found += Work(
                calls=self.chance * step.times,
                input_tokens=self.chance * expected,
                output_tokens=self.chance * step.times * (step.expected + THINKING * room),
                most_calls=step.most,
                most_input_tokens=int(worst),
                most_output_tokens=step.most * (step.kind.most_tokens + room),
            )
            said += step.times * (task + step.expected)
            most += step.most * (heard + step.kind.most_tokens)
        again = REASKS_IN_ALL * reasks
        longest = max(step.kind.most_tokens for step in self.steps)
        found += Work(
            most_calls=again,
            most_input_tokens=int(_repeated(most, TASK_TOKENS * 2, longest, again)),
            most_output_tokens=again * (longest + room),
        )
        # Four bytes are the most that a token of an answer leaves in the next request.
        largest = int(start + (most - start / LEAST_BYTES_PER_TOKEN) * 4.0)
        return msgspec.structs.replace(found, largest_input=largest)


def asked(*prompts: str) -> int:
    """Return the tokens of a task that is made of these prompts, and of the marks around it."""
    said = sum(len(templates.text(name).encode()) for name in prompts)
    return round(said / BYTES_PER_TOKEN) + 2 * MARK_TOKENS


def _repeated(
    start: float, task: float, answer: float, times: float, variance: float = 0.0
) -> float:
    """Input tokens of `times` calls on average, each repeating all that was said before it."""
    pairs = max(0.0, times * (times - 1.0) + variance) / 2.0
    return times * (start + task) + (task + answer) * pairs


@cache
def fixed_bytes(rules: str, envelope: type[Envelope]) -> int:
    """Bytes that are the same in every call: the rules and the schema."""
    return len(templates.text(rules).encode()) + schema_bytes(envelope)


@cache
def schema_bytes(envelope: type[Envelope]) -> int:
    """Bytes of the schema of a conversation's answers."""
    return len(msgspec.json.encode(shape_of(envelope)))


def total(talks: Sequence[TalkLoad], *, room: int, reasks: int, schema_read: bool = True) -> Work:
    """Return what several conversations take together."""
    found = Work()
    for talk in talks:
        found += talk.work(room=room, reasks=reasks, schema_read=schema_read)
    return found
