"""Two conversations beside each other: stage by stage, turn by turn, and where they differ."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby, takewhile
from typing import Literal

import msgspec

from retailsim.analysis.conversation.turns import Said, Stage, Turn

MOST_WORDS = 600
"""Of a text whose words are told apart from another's: what that takes grows with their product."""
ALIKE = 0.4
"""Texts with a smaller share of words in common are two texts, and no word of them is marked."""

END = "End"
"""Heads what the market does behind the last stage."""
FEW = 2
"""So few words in common, between words that differ, are marked with them."""

_WORD = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")


class Piece(msgspec.Struct, frozen=True):
    """A stretch of a text, and whether the other text has something else there."""

    text: str
    other: bool = False


class SaidBeside(msgspec.Struct, frozen=True, kw_only=True):
    """A text of a turn in pieces; `said` has its label, its stars, and how long it is."""

    said: Said
    pieces: tuple[Piece, ...]


class TurnBeside(msgspec.Struct, frozen=True, kw_only=True):
    """One side's turn, its texts in pieces."""

    turn: Turn
    says: tuple[Piece, ...]
    said: tuple[SaidBeside, ...]
    why: tuple[SaidBeside, ...]


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two turns that stand beside each other, or one that has no other.

    Parameters
    ----------
    how : {"alike", "other", "why", "alone"}
        Whether both say the same, something else, the same for other reasons, or only one has it.
    """

    first: TurnBeside | None
    second: TurnBeside | None
    how: Literal["alike", "other", "why", "alone"]


class StageBeside(msgspec.Struct, frozen=True, kw_only=True):
    """A heading and the pairs below it; `only` says whose stage it is where one side has none."""

    name: str
    pairs: tuple[Pair, ...]
    only: Literal["first", "second", ""] = ""

    @property
    def differs(self) -> int:
        """How many of its pairs are not alike."""
        return sum(pair.how != "alike" for pair in self.pairs)


def aligned(first: Sequence[Stage], second: Sequence[Stage]) -> tuple[StageBeside, ...]:
    """Return two conversations beside each other.

    Stages align by their names and their order; within them, turns by their kind and by who speaks.
    Every turn of either stands in the result once, in its own order.
    """
    first, second = _with_end(first), _with_end(second)
    names = [stage.name for stage in first], [stage.name for stage in second]
    return tuple(
        _stage(None if at is None else first[at], None if other is None else second[other])
        for at, other in _matched(*names)
    )


def _with_end(stages: Sequence[Stage]) -> Sequence[Stage]:
    """Let what the market does at the end stand by itself: it is no part of the last stage."""
    if not stages:
        return stages
    *others, last = stages
    end = len(list(takewhile(lambda turn: turn.tone == "quiet", reversed(last.turns))))
    if end in (0, len(last.turns)):
        return stages
    at = len(last.turns) - end
    return (
        *others,
        Stage(name=last.name, turns=last.turns[:at]),
        Stage(name=END, turns=last.turns[at:]),
    )


def _stage(first: Stage | None, second: Stage | None) -> StageBeside:
    one = first.turns if first else ()
    two = second.turns if second else ()
    keys = [(turn.kind, turn.who) for turn in one], [(turn.kind, turn.who) for turn in two]
    pairs = (
        _pair(None if at is None else one[at], None if other is None else two[other])
        for at, other in _matched(*keys)
    )
    named = first or second
    assert named is not None, "a stage is of one side at least"
    only: Literal["first", "second", ""] = "second" if not first else "first" if not second else ""
    return StageBeside(name=named.name, pairs=tuple(pairs), only=only)


def _matched(
    one: Sequence[Hashable], two: Sequence[Hashable]
) -> Iterator[tuple[int | None, int | None]]:
    """Yield the places of what both have in one order; None where a side has nothing."""
    for _, a, a_end, b, b_end in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        both = one[a:a_end] == two[b:b_end]
        if both:
            yield from zip(range(a, a_end), range(b, b_end), strict=True)
        else:
            yield from ((at, None) for at in range(a, a_end))
            yield from ((None, at) for at in range(b, b_end))


def _pair(first: Turn | None, second: Turn | None) -> Pair:
    if first is None or second is None:
        alone = first or second
        assert alone is not None, "a turn is of one side at least"
        shown = _plain(alone)
        return Pair(first=shown if first else None, second=None if first else shown, how="alone")
    says = _told_apart(first.says, second.says)
    said, why = _texts(first.said, second.said), _texts(first.why, second.why)
    one, two = (
        TurnBeside(turn=turn, says=says[side], said=said[side], why=why[side])
        for side, turn in enumerate((first, second))
    )
    how: Literal["alike", "other", "why"] = "alike"
    if (first.says, first.said) != (second.says, second.said):
        how = "other"
    elif first.why != second.why:
        how = "why"
    return Pair(first=one, second=two, how=how)


def _plain(turn: Turn) -> TurnBeside:
    said, why = (
        tuple(SaidBeside(said=one, pieces=(Piece(one.text.shown),)) for one in part)
        for part in (turn.said, turn.why)
    )
    return TurnBeside(turn=turn, says=(Piece(turn.says),), said=said, why=why)


def _texts(
    first: Sequence[Said], second: Sequence[Said]
) -> tuple[tuple[SaidBeside, ...], tuple[SaidBeside, ...]]:
    """The texts of two turns in pieces; those with one label are told apart from each other."""
    sides: tuple[list[SaidBeside], list[SaidBeside]] = ([], [])
    for at, other in _matched([one.label for one in first], [one.label for one in second]):
        one = None if at is None else first[at]
        two = None if other is None else second[other]
        pieces = _told_apart(one.text.shown if one else "", two.text.shown if two else "")
        for said, some, side in zip((one, two), pieces, sides, strict=True):
            if said is not None:
                side.append(SaidBeside(said=said, pieces=some))
    return tuple(sides[0]), tuple(sides[1])


def _told_apart(first: str, second: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Two texts in pieces; unmarked where they are too long, or have too little in common."""
    whole = ((Piece(first),), (Piece(second),))
    if first == second:
        return whole
    one, two = _WORD.findall(first), _WORD.findall(second)
    if max(len(one), len(two)) > MOST_WORDS:
        return whole
    found = SequenceMatcher(None, one, two, autojunk=False)
    if found.ratio() < ALIKE:
        return whole
    opcodes = found.get_opcodes()
    sides: tuple[list[Piece], list[Piece]] = ([], [])
    for place, (kind, a, a_end, b, b_end) in enumerate(opcodes):
        between = 0 < place < len(opcodes) - 1 and a_end - a <= FEW
        for side, words in zip(sides, (one[a:a_end], two[b:b_end]), strict=True):
            side.append(Piece("".join(words), kind != "equal" or between))
    return _joined(sides[0]), _joined(sides[1])


def _joined(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Join pieces of one kind."""
    some = (piece for piece in pieces if piece.text)
    return tuple(
        Piece("".join(piece.text for piece in group), other)
        for other, group in groupby(some, key=lambda piece: piece.other)
    )
