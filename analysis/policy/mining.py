"""Which moves go with buying: at which turn, in which state, after which moves, for whom.

A pattern is a move at a turn, in a state of the conversation, after up to two earlier moves: an
n-gram of acts that is aligned to the turn. It is compared within those conversations that stood at
that turn in that state after the same moves, and could have made it. So a pattern does not look
good because only long conversations have it, nor because it needs an item selected.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from retailsim.analysis.policy.contrast import (
    LEARNING,
    Association,
    Weighted,
    association,
    weighted,
)
from retailsim.analysis.policy.moves import Moves, Segment
from retailsim.analysis.statistics.clusters import by_t
from retailsim.analysis.statistics.multiplicity import (
    ALPHA,
    benjamini_hochberg,
    selected_level,
)

Ints = NDArray[np.int64]

LONGEST = 3
"""Moves of a pattern: the one in question, and up to two before it."""
LEAST = 30
"""Conversations on either side, by default."""
EFFECT = 0.05
"""The least difference worth telling, by default."""
EVERYONE = "everyone"


class Pattern(msgspec.Struct, frozen=True, kw_only=True):
    """One move, where and for whom it was made, and what went with it.

    Parameters
    ----------
    segment, value : str
        For whom: such as ``style`` and ``Rational``; ``everyone`` twice for all.
    told : bool
        Whether the seller knew that; see `analysis.policy.moves.Segment`.
    turn : int
        From 1.
    state : str
        How the conversation stood.
    after : tuple of str
        The moves right before it, at most two; empty: whatever was done before.
    move : str
    association : Association
        Its interval is adjusted as `adjusted_p` is.
    adjusted_p : float or None
        By Benjamini-Hochberg, over all patterns of the segment's value.
    weighted : Weighted
    """

    segment: str
    value: str
    told: bool
    turn: int
    state: str
    after: tuple[str, ...]
    move: str
    association: Association
    adjusted_p: float | None = None
    weighted: Weighted


class Mined(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, and among how much.

    Parameters
    ----------
    patterns : tuple of Pattern
        All that have the support, the largest difference first.
    conversations, profiles, runs, sellers : int
        Profiles, or whatever else conversations share.
    shared : str
        What that is, see `analysis.policy.moves.Moves`.
    learning : int
        Conversations whose seller may have learnt from earlier ones: what p and intervals take for
        independent is not there.
    least : int
        Conversations needed on either side.
    effect : float
        The least difference that is told, as a share.
    """

    patterns: tuple[Pattern, ...]
    conversations: int
    profiles: int
    shared: str
    runs: int
    sellers: int
    learning: int
    least: int
    effect: float

    def told(self) -> tuple[Pattern, ...]:
        """Return those that hold after adjustment and are large enough to matter."""
        return tuple(one for one in self.patterns if holds(one, self.effect))


def holds(one: Pattern, effect: float) -> bool:
    """Whether a pattern holds after adjustment and differs by at least `effect`."""
    known = one.adjusted_p is not None and one.adjusted_p <= ALPHA
    return known and abs(one.association.difference) >= effect


def mine(moves: Moves, *, least: int = LEAST, effect: float = EFFECT) -> Mined:
    """Compare every pattern that enough conversations have and enough others could have had.

    Parameters
    ----------
    least : int
        Conversations needed on either side, at least 2.
    effect : float
        The least difference worth telling, from 0 to 1.
    """
    everyone = Segment(
        title=EVERYONE, values=(EVERYONE,), codes=np.zeros(len(moves.turn), dtype=np.int64)
    )
    before = _before(moves)
    found: list[Pattern] = []
    for segment in (everyone, *moves.segments):
        for code in range(len(segment.values)):
            found += _family(moves, before, segment, code, least)
    found.sort(key=lambda one: -abs(one.association.difference))
    return Mined(
        patterns=tuple(found),
        conversations=len(moves.sold),
        profiles=moves.clusters,
        shared=moves.shared,
        runs=moves.runs,
        sellers=moves.sellers,
        learning=int(moves.learning.sum()),
        least=least,
        effect=effect,
    )


def _before(moves: Moves) -> list[Ints]:
    """Return, per length of what is looked back on, a number for the moves before each one.

    -1 where the conversation has not had so many.
    """
    count = len(moves.names)
    found = [np.zeros(len(moves.turn), dtype=np.int64)]
    for back in range(1, LONGEST):
        earlier = np.full(len(moves.turn), -1, dtype=np.int64)
        same = moves.conversation[back:] == moves.conversation[:-back]
        code = found[-1][back:] + moves.chosen[:-back] * count ** (back - 1)
        earlier[back:] = np.where(same, code, -1)
        found.append(earlier)
    return found


def _family(
    moves: Moves, before: list[Ints], segment: Segment, code: int, least: int
) -> list[Pattern]:
    """Return the patterns of one part of a segment, adjusted for there being many."""
    there = np.flatnonzero(segment.codes == code)
    found: list[Pattern] = []
    seen: set[tuple[int, int, int, bytes]] = set()
    for length, earlier in enumerate(before):
        for at in _groups(moves, earlier, there[earlier[there] >= 0], least):
            first = int(at[0])
            after = tuple(moves.names[moves.chosen[first - back]] for back in range(length, 0, -1))
            for option in _common(moves.chosen[at], len(moves.names), least):
                risk = at[moves.legal[at, option]]
                # A longer pattern that all of a shorter one's conversations share says it again.
                key = (int(moves.turn[first]), int(moves.state[first]), option, risk.tobytes())
                if key not in seen:
                    seen.add(key)
                    found += _compared(moves, risk, option, least, segment, code, after)
    return _adjusted(found)


def _adjusted(found: list[Pattern]) -> list[Pattern]:
    """Adjust p and intervals alike, so that an interval leaves out 0 where its p is at most 5%."""
    values = [one.association.p for one in found]
    level = selected_level(values)
    adjusted = []
    for one, p in zip(found, benjamini_hochberg(values), strict=True):
        compared = one.association
        if compared.interval is not None:
            wider = by_t(compared.difference, compared.error, compared.df, level=level)
            compared = msgspec.structs.replace(compared, interval=wider)
        adjusted.append(msgspec.structs.replace(one, association=compared, adjusted_p=p))
    return adjusted


def _groups(moves: Moves, earlier: Ints, there: Ints, least: int) -> Iterator[Ints]:
    """Yield the moves of one turn, state and past at a time, where they could be split in two."""
    keys = (earlier[there], moves.state[there], moves.turn[there])
    order = there[np.lexsort(keys)]
    if not len(order):
        return
    columns = np.stack((moves.turn[order], moves.state[order], earlier[order]))
    starts = np.flatnonzero((np.diff(columns) != 0).any(axis=0)) + 1
    for at in np.split(order, starts):
        if len(at) >= 2 * least:
            yield np.sort(at)


def _common(chosen: Ints, options: int, least: int) -> list[int]:
    """Return the options that enough conversations took, and enough did not."""
    counts = np.bincount(chosen, minlength=options)
    enough = (counts >= least) & (counts <= len(chosen) - least)
    return [int(option) for option in np.flatnonzero(enough)]


def _compared(
    moves: Moves,
    risk: Ints,
    option: int,
    least: int,
    segment: Segment,
    code: int,
    after: tuple[str, ...],
) -> Iterator[Pattern]:
    """Yield the pattern of an option among the moves at which it could be taken, if supported."""
    conversation = moves.conversation[risk]
    done, sold = moves.chosen[risk] == option, moves.sold[conversation]
    cluster = moves.cluster[conversation]
    found = association(done, sold, moves.stratum[conversation], cluster)
    if found is None or min(found.done, found.not_done) < least:
        return
    learnt = bool(moves.learning[conversation].any())
    likely = moves.propensities[risk, option]
    yield Pattern(
        segment=segment.title,
        value=segment.values[code],
        told=segment.told,
        turn=int(moves.turn[risk[0]]),
        state=moves.states[moves.state[risk[0]]],
        after=after,
        move=moves.names[option],
        association=found,
        weighted=Weighted(refused=LEARNING) if learnt else weighted(done, sold, likely, cluster),
    )
