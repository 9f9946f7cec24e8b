"""The moves of finished conversations: what was done, when, out of what, and whether they sold.

A protocol makes them of its logs (`analysis.protocol.ProtocolAnalysis.moves`); what is mined from
them knows no protocol.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segment:
    """One way to split conversations by what is known when a move is made.

    Parameters
    ----------
    title : str
        Such as ``style``.
    values : tuple of str
        The words of each part.
    codes : int array of shape (moves,)
        Which part a move is in; -1 where that is not known.
    told : bool
        Whether the seller had it when it chose; False: it is the truth, for analysts alone.
    """

    title: str
    values: tuple[str, ...]
    codes: Ints
    told: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moves:
    """All moves of some finished conversations, sorted by conversation and turn.

    Parameters
    ----------
    names : tuple of str
        The K options.
    states : tuple of str
        In what states a conversation can stand before a move, in words.
    conversation, turn : int arrays of shape (moves,)
        Which conversation, from 0; and its turn, from 1. A conversation has one move a turn.
    state, chosen : int arrays of shape (moves,)
        Into `states` and `names`.
    legal : bool array of shape (moves, K)
        What could be chosen.
    propensities : float array of shape (moves, K)
        How likely each option was; a row is NaN where the log does not say.
    sold : bool array of shape (conversations,)
    cluster : int array of shape (conversations,)
        What conversations share, from 0.
    stratum : int array of shape (conversations,)
        Whose they are: run and seller, from 0. Conversations are only compared within one.
    learning : bool array of shape (conversations,)
        Whether their seller may have learnt from earlier ones of the log.
    shared : str
        What that is: the buyer's ``profile``, the ``product``.
    segments : tuple of Segment
    runs, sellers : int
        How many there are.
    """

    names: tuple[str, ...]
    states: tuple[str, ...]
    conversation: Ints
    turn: Ints
    state: Ints
    chosen: Ints
    legal: Flags
    propensities: Floats
    sold: Flags
    cluster: Ints
    stratum: Ints
    learning: Flags
    shared: str = "profile"
    segments: tuple[Segment, ...] = ()
    runs: int = 1
    sellers: int = 1

    @property
    def clusters(self) -> int:
        """How many of what conversations share there are."""
        return len(np.unique(self.cluster))
