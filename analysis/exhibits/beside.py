"""A table beside one conversation: what somebody thought turn by turn, and what was true."""

from __future__ import annotations

from typing import Literal

import msgspec


class Thought(msgspec.Struct, frozen=True):
    """One cell: what was thought, and whether that was right, where anybody can say so."""

    text: str
    verdict: Literal["right", "wrong", ""] = ""


class ThoughtRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row.

    Parameters
    ----------
    name : str
        Of which turn it is.
    seq : int
        The event that it comes from.
    cells : tuple of Thought
        One for each column.
    """

    name: str
    seq: int
    cells: tuple[Thought, ...]


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """The table.

    Parameters
    ----------
    title : str
        A word or two: what it can be opened by.
    lead : str
        A sentence on how to read it.
    columns : tuple of str
    rows : tuple of ThoughtRow
        What was true first, if that is known.
    """

    title: str
    lead: str
    columns: tuple[str, ...]
    rows: tuple[ThoughtRow, ...]
