"""What a model answers that reads claims: numbers of sentences, so that none can be misquoted."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from retailsim.agents.llm.talk.reply import Reply
from retailsim.events.messages import ClaimVerdict
from retailsim.market.claims.rules import Kind
from retailsim.market.core.admission import MAX_NUMBER

MOST_CLAIMS = 30
"""In one text."""


class NumberedClaim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The claim in the sentence of this number, from 1."""

    sentence: Annotated[int, Meta(ge=1, le=MAX_NUMBER)]
    kind: Kind
    verdict: ClaimVerdict


class ReadingReply(Reply, frozen=True, kw_only=True, tag="reading"):
    """The claims of a text that the sheet does not carry."""

    most_tokens: ClassVar[int] = 1_000

    claims: Annotated[tuple[NumberedClaim, ...], Meta(max_length=MOST_CLAIMS)]

    def problem(self) -> str | None:
        """Each sentence has at most one claim."""
        numbers = [claim.sentence for claim in self.claims]
        twice = [number for number in numbers if numbers.count(number) > 1]
        return f"sentence {twice[0]} is named more than once" if twice else None


class ReadingEnvelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a reader answers."""

    reply: ReadingReply
