"""Reading the texts of a seller: by the rules at once, or by a model that is asked.

A language model cannot be a function that the market calls: the market's rules do no I/O, and an
answer has to be in the log before it is used. So it is asked as agents are, at no market time,
and where it fails the rules read in its place: no episode ends because of a reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, NamedTuple

import msgspec

from retailsim.events.kernel import Post
from retailsim.events.messages import (
    ClaimFound,
    ClaimsRead,
    ClaimStage,
    ClaimVerdict,
    Message,
    OutputRejected,
)
from retailsim.market.claims.reader import Claim, read, sentences
from retailsim.market.claims.rules import NOBODY, ClaimRules, Kind
from retailsim.market.claims.sheet import Sheet
from retailsim.market.core.admission import Admission, Written
from retailsim.market.core.failure_reason import reason_of, rejections
from retailsim.market.core.request import AgentRequest

READER = "reader:"
"""Begins the name of who is asked on the bus; the model's follows."""
BY_MODEL = "model"
"""The rule of a claim that a model found."""


class ReadClaims(AgentRequest, kw_only=True):
    """Reader: which of these sentences claim what the sheet does not carry?

    Parameters
    ----------
    sheet : str
        What is written about the product, and the terms of the offer, line by line.
    sentences : tuple of str
        Of one text, in order.
    """

    stage: ClassVar[str] = "reading"

    sheet: str
    sentences: tuple[str, ...]


class FoundClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence, word for word, that claims what the sheet does not carry."""

    sentence: str
    kind: Kind
    verdict: ClaimVerdict


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader found in the sentences of one text; at most one claim in each."""

    claims: tuple[FoundClaim, ...]


class ReportReading(Message, kw_only=True):
    """Reader to market: what it found; or, in its place, why there is nothing to go by."""

    claims: tuple[FoundClaim, ...] = ()
    problem: str | None = None


def _bad_reading(request: ReadClaims, reading: Reading) -> str | None:
    said = [claim.sentence for claim in reading.claims]
    for sentence in said:
        if sentence not in request.sentences:
            return f"a sentence that nobody said: {sentence[:80]!r}"
    twice = [sentence for sentence in said if said.count(sentence) > 1]
    return f"two claims in one sentence: {twice[0][:80]!r}" if twice else None


def _report(request: ReadClaims, reading: Reading, seat: str) -> Written:
    return (ReportReading(claims=reading.claims),)


READING = Admission(Reading, _report, _bad_reading)
READINGS: Mapping[type[AgentRequest], Admission] = MappingProxyType({ReadClaims: READING})
"""What a reader is asked, and what answers it, in whatever protocol: no seat is asked this."""


def unread(request: ReadClaims, error: Exception) -> tuple[Sequence[OutputRejected], ReportReading]:
    """Return what is logged of a reader that failed, and the report in its place."""
    rejected = rejections(request.stage, request, error)
    return rejected, ReportReading(episode=request.episode, problem=reason_of(error))


def claims_of(report: ReportReading) -> tuple[Claim, ...]:
    """Return what a model reported as the reader's own rules return it."""
    return tuple(
        Claim(found.sentence, found.kind, BY_MODEL, found.verdict) for found in report.claims
    )


class ReadText(NamedTuple):
    """A text of the seller that is to be read."""

    text: str
    stage: ClaimStage = "pitch"
    turn: int | None = None
    episode: str | None = None


class ClaimReading:
    """Reads what a seller says of one sheet; nothing where the run has no reader.

    Parameters
    ----------
    sheet : Sheet
    seller : str
        The seat's id.
    product : str or None
        What the log says it is about; None where it is about several.
    rules : ClaimRules
        Who reads.

    Attributes
    ----------
    model : str or None
        Who is asked; None: the rules read at once.
    """

    __slots__ = ("_product", "_rules", "_seller", "_sheet", "model")

    def __init__(self, sheet: Sheet, seller: str, product: str | None, rules: ClaimRules) -> None:
        self.model = rules.model
        self._product = product
        self._seller = seller
        self._rules = rules
        self._sheet = sheet

    def of(self, text: str) -> tuple[Claim, ...]:
        """Return the claims of a text that the sheet does not carry, by the rules."""
        return read(text, self._sheet) if self._rules.reader != NOBODY else ()

    def ask(self, what: ReadText, unit: str) -> Post:
        """Return the request to the model that reads; it takes no market time."""
        request = ReadClaims(
            episode=what.episode,
            unit=unit,
            sheet=self._sheet.described(),
            sentences=tuple(dict.fromkeys(sentences(what.text))),
        )
        return Post(request, f"{READER}{self.model}")

    def told(self, what: ReadText, report: ReportReading) -> tuple[tuple[Claim, ...], ClaimsRead]:
        """Return the claims that count of a text after the model's report, and who read it."""
        failed = report.problem is not None
        claims = self.of(what.text) if failed else claims_of(report)
        event = ClaimsRead(
            episode=what.episode,
            seller=self._seller,
            product=self._product,
            stage=what.stage,
            turn=what.turn,
            reader=self.model or "",
            by="rules" if failed else "model",
            claims=len(claims),
            problem=report.problem,
        )
        return claims, event

    def events(self, claims: Sequence[Claim], what: ReadText) -> list[ClaimFound]:
        """Return what the log says of the claims of a text."""
        return [
            ClaimFound(
                episode=what.episode,
                seller=self._seller,
                product=self._product,
                stage=what.stage,
                turn=what.turn,
                sentence=claim.sentence,
                kind=claim.kind,
                rule=claim.rule,
                verdict=claim.verdict,
            )
            for claim in claims
        ]
