"""Two conversations beside each other: nothing is lost, and what differs is marked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.analysis.conversation.alignment import END, MOST_WORDS, Piece, StageBeside, aligned
from retailsim.analysis.conversation.text import Text
from retailsim.analysis.conversation.turns import Said, Stage, Turn

KINDS = ("MessageSent", "OrderPlaced", "ReviewPosted")


def speech(seq: int, text: str, why: str = "") -> Turn:
    reasons = (Said(text=Text(why), label="Reason"),) if why else ()
    said = (Said(text=Text(text)),)
    return Turn(
        seq=seq, t=seq, kind="MessageSent", who="buyer", tone="speech", said=said, why=reasons
    )


def quiet(seq: int) -> Turn:
    return Turn(seq=seq, t=seq, kind="EpisodeClosed", who="market", tone="quiet", says="It ends.")


def compared(first: str, second: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The pieces of two texts that stand beside each other."""
    (stage,) = aligned(*([Stage(name="x", turns=(speech(1, text),))] for text in (first, second)))
    (pair,) = stage.pairs
    assert pair.first is not None and pair.second is not None
    return pair.first.said[0].pieces, pair.second.said[0].pieces


def marked(pieces: Sequence[Piece]) -> list[str]:
    return [piece.text for piece in pieces if piece.other]


@st.composite
def conversations(draw: st.DrawFn) -> list[Stage]:
    """Any turns below any headings, numbered; headings that follow each other differ."""
    drawn = draw(
        st.lists(
            st.tuples(st.sampled_from("AB"), st.sampled_from(KINDS), st.sampled_from("xy")),
            max_size=6,
        )
    )
    turns = [
        (name, Turn(seq=seq, t=0, kind=kind, who="buyer", tone="act", says=says))
        for seq, (name, kind, says) in enumerate(drawn)
    ]
    return [
        Stage(name=name, turns=tuple(turn for _, turn in group))
        for name, group in groupby(turns, key=lambda one: one[0])
    ]


@settings(max_examples=50)
@given(conversations(), conversations())
def test_every_turn_of_both_stands_there_once_in_its_order(
    first: list[Stage], second: list[Stage]
) -> None:
    found = aligned(first, second)
    for side, stages in (("first", first), ("second", second)):
        beside = [getattr(pair, side) for stage in found for pair in stage.pairs]
        shown = [one.turn for one in beside if one]
        assert shown == [turn for stage in stages for turn in stage.turns]
        assert all("".join(p.text for p in one.says) == one.turn.says for one in beside if one)
    for pair in (pair for stage in found for pair in stage.pairs):
        one, two = pair.first, pair.second
        assert (pair.how == "alone") is (one is None or two is None)
        if one and two:
            assert (one.turn.kind, one.turn.who) == (two.turn.kind, two.turn.who)
            assert (pair.how == "alike") is (one.turn.says == two.turn.says)


@settings(max_examples=20)
@given(conversations())
def test_a_conversation_is_alike_with_itself_and_alone_beside_none(shown: list[Stage]) -> None:
    assert all(stage.differs == 0 and not stage.only for stage in aligned(shown, shown))
    assert all(stage.only == "second" for stage in aligned([], shown))


@settings(max_examples=50)
@given(st.text(max_size=40), st.text(max_size=40))
def test_pieces_are_the_text_and_what_is_not_marked_is_in_both(first: str, second: str) -> None:
    one, two = compared(first, second)
    assert ("".join(p.text for p in one), "".join(p.text for p in two)) == (first, second)
    if marked([*one, *two]):
        common = ["".join(p.text for p in side if not p.other) for side in (one, two)]
        assert common[0] == common[1] and first != second


def test_words_that_differ_are_marked_and_few_between_them_with_them() -> None:
    one, two = compared(
        "It costs $95.00 today, and that is all.", "It costs $85.50 today, and that is all."
    )
    assert (marked(one), marked(two)) == (["95.00 "], ["85.50 "])
    one, two = compared(
        "You get a big red one from us, I think", "You get a big blue one with us, I think"
    )
    assert (marked(one), marked(two)) == (["red one from "], ["blue one with "])
    for first, second in (
        ("Nothing here is as there", "Wholly other words, all of them"),
        ("same " * MOST_WORDS + "x", "same " * MOST_WORDS + "y"),
    ):
        one, two = compared(first, second)
        assert not marked([*one, *two])


def stage(*turns: Turn, name: str = "Decision") -> Stage:
    return Stage(name=name, turns=turns)


def told(found: Sequence[StageBeside]) -> list[tuple[str, str, list[str]]]:
    return [(one.name, one.only, [pair.how for pair in one.pairs]) for one in found]


def test_the_end_is_no_part_of_the_last_stage() -> None:
    short = [stage(speech(1, "No."), quiet(2))]
    longer = [stage(speech(1, "Yes!")), stage(speech(2, "Fine."), quiet(3), name="Reviews")]
    assert told(aligned(short, longer)) == [
        ("Decision", "", ["other"]),
        ("Reviews", "second", ["alone"]),
        (END, "", ["alike"]),
    ]


def test_other_reasons_for_the_same_words_are_told() -> None:
    one, two = [stage(speech(1, "No.", "dear"))], [stage(speech(9, "No.", "ugly"))]
    assert told(aligned(one, two)) == [("Decision", "", ["why"])]
    assert told(aligned(one, one)) == [("Decision", "", ["alike"])]
