"""What the models of one conversation were asked, as its page shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from retailsim.agents.llm.types import Call
from retailsim.analysis.conversation.conversation import Conversation
from retailsim.analysis.conversation.text import Text
from retailsim.events.messages import LoggedRecord
from retailsim.sim.run.prompts import Prompts, prompts
from retailsim.sim.studio.episodes.one_episode import market_lines

MOST_LINES = 20_000
"""Of a market with more, the prompts are not made: it would be played for minutes."""

_record = msgspec.json.Decoder(LoggedRecord).decode


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a model.

    Parameters
    ----------
    system : Text or None
        What holds for the whole conversation; None where it is as it was in the request before.
    before : int
        How many messages it repeats from the request before.
    says : tuple of (str, Text)
        The messages that it adds: whose, and what.
    """

    system: Text | None
    before: int
    says: tuple[tuple[str, Text], ...]


class AskedFor(msgspec.Struct, frozen=True, kw_only=True):
    """The requests of a conversation by the numbers of their answers, and why some are missing."""

    prompts: Mapping[int, Prompt] = {}
    obstacle: str | None = None


def asked_for(run: Path, shown: Conversation) -> AskedFor:
    """Make the requests of a conversation again, by playing its market from the log."""
    lines = market_lines(run, shown.market)
    if len(lines) > MOST_LINES:
        return AskedFor(obstacle=f"the market has {len(lines):,} lines, too many to play it here")
    records = [_record(line) for line in lines if not _is_event(line)]
    found = prompts(run, shown.market, records)
    return AskedFor(prompts=dict(_shown(shown, found)), obstacle=found.obstacle)


def _shown(shown: Conversation, found: Prompts) -> Iterator[tuple[int, Prompt]]:
    last: dict[str, Call] = {}
    for one in shown.answers:
        record = one.record
        call = found.calls.get((record.episode, record.source, record.call))
        if call is not None:
            yield one.number, _prompt(call, last.get(record.source))
            last[record.source] = call


def _prompt(call: Call, last: Call | None) -> Prompt:
    before = 0
    if last is not None:
        pairs = zip(call.says, last.says, strict=False)
        before = next((at for at, (new, old) in enumerate(pairs) if new != old), len(last.says))
    same = last is not None and last.system == call.system
    return Prompt(
        system=None if same else Text(call.system),
        before=before,
        says=tuple((say.role, Text(say.text)) for say in call.says[before:]),
    )


def _is_event(line: bytes) -> bool:
    return msgspec.json.decode(line, type=_Numbered).seq is not None


class _Numbered(msgspec.Struct):
    seq: int | None = None
