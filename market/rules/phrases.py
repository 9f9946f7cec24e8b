"""Phrases of a rule file: a small language of words, in place of regular expressions.

A phrase is words with a space between them. It can be written by whoever can write, and none can
hold up the program: what it is turned into takes time that grows with the text alone, and has few
ways to go wrong before it gives up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

LONGEST_SENTENCE = 400
"""Characters of a sentence that are looked at."""
MOST_WORDS, MOST_GAPS, MOST_OPTIONAL = 20, 2, 4
"""Parts of a phrase, gaps among them, and parts that may be missing: what bounds its time."""

_GAP = r"(?:[^\w]+[\w']+){0,4}"
_NUMBER = (
    r"(?:[\d][\d,.]{0,12}|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|fifty|"
    r"hundreds?|thousands?|millions?)"
)
_BETWEEN = r"[^\w]+"
_WORD = re.compile(r"[a-z0-9][a-z0-9'-]*\*?")
_WORDS = re.compile(r"\w+")
_BLANKS = bytes(one if chr(one).isalnum() or one == ord("_") else ord(" ") for one in range(128))
_TO_WORDS = (_BLANKS + bytes(128)).lower()  # of text that is all ASCII
_SHOP_TALK = (
    "a all am an and any are as at back be do for from full has have i in is it left"
    " m me my no of offer on one only or our price so that the this to was we will with within"
    " you your"
)
_FREQUENT = frozenset(_SHOP_TALK.split())
"""Words that tell little of a sentence in a shop: phrases are looked for by others, if they can."""
_PART = re.compile(r"\([^()]*\)\??|\S+")
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\xa0": " "})


class BadPhrase(ValueError):
    """A phrase that cannot be read; says what is wrong with it."""


class Phrase(NamedTuple):
    """A phrase made ready.

    Parameters
    ----------
    expression : str
        On a sentence in lower case with plain quotes.
    words : tuple of frozenset of str
        Words that stand in whatever matches, one of each group; looked for first, as that is quick.
    """

    expression: str
    words: tuple[frozenset[str], ...]

    @property
    def pattern(self) -> re.Pattern[str]:
        """The expression, compiled when a sentence needs it: most never do."""
        return _compiled(self.expression)


def normal(text: str) -> str:
    """Return the beginning of a text as phrases are compared with it."""
    return _plain(text[:LONGEST_SENTENCE])


def _plain(text: str) -> str:
    lower = text.lower()
    return lower if lower.isascii() else lower.translate(_PLAIN)  # it changes none of these


_compiled = lru_cache(maxsize=4_096)(re.compile)


@lru_cache(maxsize=4_096)
def phrase(text: str) -> Phrase:
    """Make a phrase ready.

    Parameters
    ----------
    text : str
        Words; ``word*`` has any ending, ``(one|the other)`` is any of these, ``?`` behind a word or
        a group says that it may be missing, ``#`` is a number, ``...`` up to four words, ``^`` at
        the beginning of the phrase that of the sentence.

    Raises
    ------
    BadPhrase
    """
    parts = _PART.findall(text.lower())
    at_start = parts[:1] == ["^"]
    parts = parts[1:] if at_start else parts
    _check(parts)
    pattern, joined = "^[^\\w]*" if at_start else r"(?<![\w'-])", False
    certain = list[frozenset[str]]()
    for part in parts:
        if part == "...":
            pattern += _GAP
            continue
        optional = len(part) > 1 and part.endswith("?")
        words = _words(part.removesuffix("?"))
        expression = f"(?:{'|'.join(map(_expression, words))})"
        between = _BETWEEN if joined else ""
        if optional:
            pattern += (
                f"(?:{expression}{_BETWEEN})?" if not joined else f"(?:{between}{expression})?"
            )
            continue
        pattern += between + expression
        joined = True
        group = frozenset(map(_certain, words))
        certain += [group] if "" not in group else []
    return Phrase(pattern + r"(?![\w'])", tuple(certain))


def _check(parts: Sequence[str]) -> None:
    sure = [part for part in parts if part != "..." and not part.endswith("?")]
    if not sure:
        raise BadPhrase("no word that has to be there")
    if parts[0] == "..." or parts[-1] == "...":
        raise BadPhrase("a gap (...) stands between words")
    if len(parts) > MOST_WORDS:
        raise BadPhrase(f"{len(parts)} parts; {MOST_WORDS} are the most")
    if parts.count("...") > MOST_GAPS:
        raise BadPhrase(f"{parts.count('...')} gaps (...); {MOST_GAPS} are the most")
    if sum(part.endswith("?") for part in parts) > MOST_OPTIONAL:
        raise BadPhrase(f"more than {MOST_OPTIONAL} parts that may be missing")


def _words(part: str) -> list[str]:
    """Return the alternatives of a part, each one or more words."""
    inside = part[1:-1] if part.startswith("(") and part.endswith(")") else part
    found = [" ".join(one.split()) for one in inside.split("|")]
    for one in found:
        for word in one.split() or [""]:
            if word != "#" and _WORD.fullmatch(word) is None:
                raise BadPhrase(
                    f"{word or part!r} is no word; there are words, word*, #, ..., (a|b) and a?"
                )
    return found


def _expression(words: str) -> str:
    return _BETWEEN.join(_one(word) for word in words.split())


def _one(word: str) -> str:
    if word == "#":
        return _NUMBER
    return re.escape(word[:-1]) + r"\w{0,20}" if word.endswith("*") else re.escape(word)


def _certain(words: str) -> str:
    """Return a word that every match of the words has, whole; empty where there is none."""
    whole = " ".join(word for word in words.split() if not word.endswith("*"))
    return max(_WORDS.findall(whole), key=len, default="")


_DENIAL = re.compile(
    r"\b(?:not|no|never|nobody|none|nothing|cannot|without|neither|nor|hardly|"
    r"(?:is|are|do|does|wo|ca|would|could|was|were|have|has|had|did)n't)\b[^,;:]{0,40}$"
)
_CONDITION = re.compile(r"\b(?:if|whether|when|unless|until|once)\b[^,;]{0,60}$")


def found(sentence: str, phrases: tuple[str, ...], *, denied: bool = False) -> str | None:
    """Return what a sentence says of some phrases, or None.

    A question says nothing, nor does what is denied or said to depend before it.

    Parameters
    ----------
    denied : bool
        Whether a denial before the match does not take it back.
    """
    said = normal(sentence)
    if said.rstrip("\"')* ").endswith("?"):
        return None
    for ready in index(phrases).candidates(said):
        for match in ready.pattern.finditer(said):
            before = said[: match.start()]
            if denied or not (_DENIAL.search(before) or _CONDITION.search(before)):
                return match[0]
    return None


@lru_cache(maxsize=1_024)
def heard(sentence: str, phrases: tuple[str, ...]) -> bool:
    """Whether a sentence has one of some phrases, whatever stands around it."""
    said = normal(sentence)
    return any(ready.pattern.search(said) is not None for ready in index(phrases).candidates(said))


class Index:
    """Phrases by a word of which a match has one, so that few have to be tried; see `index`."""

    def __init__(self, phrases: tuple[str, ...]) -> None:
        self._phrases, self._by_word = tuple(map(phrase, phrases)), dict[bytes, set[int]]()
        self._groups = [[_encoded(group) for group in one.words] for one in self._phrases]
        always = set[int]()
        for number, one in enumerate(self._phrases):
            if not one.words:
                always.add(number)
                continue
            for word in _encoded(max(one.words, key=_rarity)):
                self._by_word.setdefault(word, set()).add(number)
        self._words, self._always = frozenset(self._by_word), frozenset(always)

    def may_match(self, text: str) -> bool:
        """Whether a text may hold one of the phrases; no is certain, and quick.

        What is looked at of a longer text may end within a word, so anything is possible there.
        """
        return len(text) > LONGEST_SENTENCE or bool(self.candidates(text))

    def candidates(self, said: str) -> Sequence[Phrase]:
        """Return the phrases that a text may hold, in their order."""
        words = words_of(said)
        telling = self._words.intersection(words)
        if not telling and not self._always:
            return ()
        there, groups = frozenset(words), self._groups
        numbers = sorted(self._always.union(*map(self._by_word.__getitem__, telling)))
        return [self._phrases[n] for n in numbers if not any(map(there.isdisjoint, groups[n]))]


def _rarity(group: frozenset[str]) -> tuple[int, int]:
    """Order groups of words by how seldom a sentence likely has one of them."""
    return -len(group & _FREQUENT), min(map(len, group))


def _encoded(group: frozenset[str]) -> frozenset[bytes]:
    return frozenset(word.encode() for word in group)


index = lru_cache(maxsize=4_096)(Index)
"""The same for the same phrases; who asks often keeps it, for looking it up takes time, too."""


def words_of(text: str) -> list[bytes]:
    r"""Return what ``\w+`` finds in a text in lower case with plain quotes, as UTF-8.

    Nearly all texts are ASCII, whose bytes are cut and lowered in one go.
    """
    if text.isascii():
        return text.encode().translate(_TO_WORDS).split()
    return [word.encode() for word in _WORDS.findall(_plain(text))]
