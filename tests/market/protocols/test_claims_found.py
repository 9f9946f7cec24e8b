"""Claims in a retail market: what is read, what the log says, what it does to an order."""

from __future__ import annotations

from typing import Any

from retailsim.events.messages import ClaimFound, IssueRaised, MessageSent
from retailsim.market.claims.rules import ClaimRules
from retailsim.market.protocols.retail.events import PitchPresented
from retailsim.market.protocols.retail.requests import AnswerBuyer, Decide, PresentPitch
from retailsim.market.protocols.retail.values import Pitch
from tests.market.players import LAMP, Script, buyer, play, rules, seller

LIE = "It never breaks, guaranteed."
TRUTH = "The lamp is red."


def saying(pitch: str = TRUTH, answer: str = TRUTH, own: tuple[str, ...] = ()) -> Script:
    """A seller whose pitch and answers are given, and what it reports of itself."""

    def pitches(_: PresentPitch) -> Pitch:
        return Pitch(sections={"opening_hook": pitch}, claims=own, unsupported=own)

    return {**seller(), PresentPitch: pitches, AnswerBuyer: lambda _: answer}


def noticing(**changes: Any) -> Any:
    """Rules under which every claim is noticed, and nothing else goes wrong."""
    issues = rules().issues.__class__(rate=0.0, overclaim_rate=1.0)
    return rules(issues=issues, **changes)


def found(played: Any) -> list[tuple[str | None, str, int | None, str]]:
    return [
        (event.episode, event.stage, event.turn, event.sentence)
        for event in played.events
        if isinstance(event, ClaimFound)
    ]


def test_a_claim_of_the_pitch_is_logged_once_behind_it() -> None:
    played = play(saying(f"{TRUTH} {LIE}"), buying={"ann": buyer(), "bob": buyer()})
    assert found(played) == [(None, "pitch", None, LIE)]
    [claim] = [event for event in played.events if isinstance(event, ClaimFound)]
    assert (claim.seller, claim.product, claim.source) == ("sam", LAMP.id, "market")
    assert (claim.kind, claim.verdict) == ("guarantee", "unsupported")
    kinds = [type(event) for event in played.events]
    assert kinds[kinds.index(PitchPresented) + 1] is ClaimFound


def test_a_claim_of_an_answer_belongs_to_its_episode() -> None:
    played = play(saying(answer=LIE), buying={"ann": buyer(), "bob": buyer()})
    answers = [
        (event.episode, "pre_inquiry", event.turn, LIE)
        for event in played.events
        if isinstance(event, MessageSent) and (event.stage, event.role) == ("pre_inquiry", "seller")
    ]
    assert answers
    assert sorted(found(played)) == sorted(answers)


def test_buyers_hear_the_pitch_with_what_was_found() -> None:
    played = play(saying(LIE))
    assert played.asked(Decide)[0].pitch.unsupported == (LIE,)


def test_what_a_seller_reports_itself_is_not_counted_twice() -> None:
    played = play(saying(LIE, own=("never breaks",)))
    assert played.asked(Decide)[0].pitch.unsupported == ("never breaks",)
    assert found(played) == [(None, "pitch", None, LIE)]


def test_the_log_says_what_the_seller_said_of_itself() -> None:
    [pitch] = [e for e in play(saying(LIE)).events if isinstance(e, PitchPresented)]
    assert pitch.unsupported == ()


def test_whoever_lies_meets_not_as_described() -> None:
    for script in (saying(LIE), saying(answer=LIE)):
        assert play(script, of=noticing()).one(IssueRaised).issue == "not as described"


def test_who_does_not_lie_does_not() -> None:
    """Negative control."""
    played = play(saying(), of=noticing())
    assert found(played) == []
    assert "IssueRaised" not in played.names()


def test_a_lie_told_again_counts_once() -> None:
    """With half a chance for each claim, three times as many would be noticed more often."""
    half = rules().issues.__class__(rate=0.0, overclaim_rate=0.5)
    names = [f"b{n}" for n in range(60)]

    def noticed(script: Script) -> int:
        played = play(script, buying={name: buyer() for name in names}, of=rules(issues=half))
        return sum(isinstance(event, IssueRaised) for event in played.events)

    once = noticed(saying(LIE))
    assert 0 < once < len(names)
    assert noticed(saying(LIE, answer=LIE)) == once
    assert noticed(saying(f"{LIE} It cures headaches. It is the best in the world.")) > once


def test_without_a_reader_nothing_is_found() -> None:
    played = play(saying(LIE, answer=LIE), of=noticing(claims=ClaimRules(reader="none")))
    assert found(played) == []
    assert "IssueRaised" not in played.names()


def test_a_log_without_transcripts_leaves_the_sentence_out() -> None:
    [claim] = [event for event in play(saying(LIE)).events if isinstance(event, ClaimFound)]
    bare = claim.without_texts()
    assert isinstance(bare, ClaimFound)
    assert (bare.sentence, bare.rule) == ("", claim.rule)
