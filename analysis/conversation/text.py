"""Texts of others as a page may show them: of bounded length, and with what cannot be seen told."""

from __future__ import annotations

import msgspec

MOST = 20_000
"""Characters of one text; a message has some hundreds."""


class Text(msgspec.Struct, frozen=True):
    """One text.

    Parameters
    ----------
    whole : str
        All of it.
    most : int
        Characters of it that are shown.
    """

    whole: str
    most: int = MOST

    @property
    def shown(self) -> str:
        """Its beginning, or all of it."""
        return self.whole[: self.most]

    @property
    def length(self) -> int:
        """Characters that it has in all."""
        return len(self.whole)

    @property
    def cut(self) -> bool:
        """Whether more of it stands in the log."""
        return self.length > self.most

    @property
    def unseen(self) -> int:
        """Characters that are shown and nobody sees: controls, marks of direction, zero-widths."""
        shown = self.shown
        return 0 if _plain(shown) else sum(not _seen(character) for character in shown)


def visible(text: str) -> str:
    """Return a text in which what nobody sees is written as JSON escapes it."""
    if _plain(text):
        return text
    return "".join(one if _seen(one) else _escaped(one) for one in text)


def _plain(text: str) -> bool:
    return text.replace("\n", "").replace("\t", "").isprintable()


def _seen(character: str) -> bool:
    return character.isprintable() or character in "\n\t"


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
