"""The claim reader: which sentences of a text claim what the product sheet does not carry.

It reads sentence by sentence, by rules in a data file, and knows no more than the words: it can
be wrong both ways, see ``docs/claims.md``. What a sentence claims does not depend on the sheet, so
it is found once for sentences that are said again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from itertools import filterfalse
from typing import NamedTuple

from retailsim.events.messages import ClaimVerdict
from retailsim.market.claims.checks import CHECKS, SOON
from retailsim.market.claims.hit import Hit
from retailsim.market.claims.quantities import NUMBER_WORDS, UNITS, Quantity, quantities
from retailsim.market.claims.rules import FIGURES, Guards, Kind, Ready, Rule, Rules, load_rules
from retailsim.market.claims.sheet import AS_IT_IS, Sheet, normal
from retailsim.market.core import money

LONGEST_SENTENCE = 400
"""Characters of a sentence that are read; patterns take time that grows with them."""
MOST_HARMLESS = 16_384
"""Pieces of text remembered to claim nothing, whatever the sheet."""

_ENDS = re.compile(r"(?:[.!?…][\"'”’)]*(?=\s)|\n)\s*")
_MARKS = str.maketrans(dict.fromkeys("\"'.,;:!?()[]*…", " ") | {"$": " $ "})
_FIGURE = re.compile(r"\d")
_VALUE = f'"{AS_IT_IS}"'
_QUOTED = re.compile(r"[\"“]([^\"“”]+)[\"”]")
_COUNTING = frozenset({"quantity", "count", "warranty", "money", "returns", "delivery", "discount"})
_ALONE = frozenset(
    unit for unit in UNITS if len(unit) > 2 and unit not in {"foot", "bar", "min", "yard"}
)
_OF_DAYS = frozenset({"returns", "delivery"})
_TELLING = NUMBER_WORDS - {"one"}
_harmless: set[str] = set()


class Claim(NamedTuple):
    """A sentence that claims what the sheet does not carry.

    Parameters
    ----------
    sentence : str
        As said.
    kind, rule : str
        Of the rule that found it.
    verdict : {"unsupported", "contradicted"}
        Contradicted: the sheet says something else.
    """

    sentence: str
    kind: Kind
    rule: str
    verdict: ClaimVerdict


def sentences(text: str) -> list[str]:
    """Return the sentences of a text with their marks, without the space between them."""
    found, start = [], 0
    for end in _ENDS.finditer(text):
        found.append(text[start : end.end()].strip())
        start = end.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def read(text: str, sheet: Sheet) -> tuple[Claim, ...]:
    """Return the claims of a text that a sheet does not carry, at most one a sentence.

    Amounts in the currency of the catalogue are read as dollars are, so that one set of rules and
    one memory do for all.
    """
    mark = money.sign()
    if mark == "$":
        return _read(text, sheet)
    found = _read(money.in_dollars(text), sheet)
    return tuple(one._replace(sentence=one.sentence.replace("$", mark)) for one in found)


def _read(text: str, sheet: Sheet) -> tuple[Claim, ...]:
    """Read a text; it is cut at its full stops first, which is quick: most pieces were met."""
    found: list[Claim] = []
    if "No. " in text:
        text = text.replace("No. ", "No.")
    pieces = filterfalse(_harmless.__contains__, text.split(". "))
    for piece in filterfalse(sheet.quiet.__contains__, pieces):
        claims = sheet.read_before.get(piece)
        found += _first_read(piece, sheet) if claims is None else claims
    return tuple(_with_stop(claim, text) for claim in found) if found else ()


def _with_stop(claim: Claim, text: str) -> Claim:
    whole = f"{claim.sentence}."
    return claim._replace(sentence=whole) if whole in text else claim


def _first_read(piece: str, sheet: Sheet) -> tuple[Claim, ...]:
    """Read a piece that is new to a sheet: its sentences may have been met in other company."""
    parts = sentences(piece) if _ENDS.search(piece) else [piece.strip()]
    if len(parts) == 1 and parts[0] == piece:
        return _sentence_read(piece, sheet)
    claims = tuple(claim for one in parts for claim in _known_or_read(one, sheet))
    if claims:
        sheet.remember(piece, claims)
    elif all(one in _harmless for one in parts):
        _remember_harmless(piece)
    else:
        sheet.remember_quiet(piece)
    return claims


def _known_or_read(sentence: str, sheet: Sheet) -> tuple[Claim, ...]:
    if sentence in _harmless or sentence in sheet.quiet:
        return ()
    claims = sheet.read_before.get(sentence)
    return _sentence_read(sentence, sheet) if claims is None else claims


def _sentence_read(sentence: str, sheet: Sheet) -> tuple[Claim, ...]:
    plain = _plain(sentence, sheet)
    if plain in _harmless:
        sheet.remember_quiet(sentence)
        return ()
    hits = hits_of(plain)
    if not hits:
        _remember_harmless(plain)
    claim = judged(sentence, hits, sheet) if hits else None
    if claim is None:
        sheet.remember_quiet(sentence)
        return ()
    sheet.remember(sentence, (claim,))
    return (claim,)


def _remember_harmless(piece: str) -> None:
    if len(_harmless) >= MOST_HARMLESS:
        _harmless.clear()
    _harmless.add(piece)


def judged(sentence: str, hits: tuple[Hit, ...], sheet: Sheet) -> Claim | None:
    """Return the first claim of a sentence that the sheet does not carry."""
    for hit in hits:
        verdict = CHECKS[hit.rule.check](sheet, hit)
        if verdict is not None:
            return Claim(sentence, hit.rule.kind, hit.rule.name, verdict)
    return None


def _plain(sentence: str, sheet: Sheet) -> str:
    """Return a sentence with "it" for the product's name, without the offer's own amounts.

    What it quotes of the sheet word for word goes, too. So sentences that are said of many products
    become one.
    """
    for own, instead in sheet.names:
        if own in sentence:
            sentence = sentence.replace(own, instead)
    if "$" in sentence:
        sentence = _with_instead(sentence, sheet.amounts)
    if " days" in sentence:
        sentence = _with_instead(sentence, sheet.terms)
    if '"' in sentence or "“" in sentence:
        return _without_quotations(sentence, sheet)
    return sentence


def _without_quotations(sentence: str, sheet: Sheet) -> str:
    """Leave out what is quoted from the page; mostly one value, which is gone already."""
    if _VALUE in sentence and sentence.count('"') == 2 and "“" not in sentence:
        return sentence.replace(_VALUE, "") if sheet.says_as_it_is else sentence
    return _QUOTED.sub(lambda quoted: "" if _on_page(quoted[1], sheet) else quoted[0], sentence)


def _with_instead(sentence: str, names: Iterable[tuple[str, str]]) -> str:
    for own, instead in names:
        sentence = sentence.replace(own, instead)
    return sentence


def _on_page(quoted: str, sheet: Sheet) -> bool:
    return normal(quoted).rstrip(".… ") in sheet.text


@lru_cache(maxsize=1_024)
def hits_of(sentence: str) -> tuple[Hit, ...]:
    """Return what a sentence claims by any rule, whatever the sheet."""
    rules = load_rules()
    text = normal(sentence[:LONGEST_SENTENCE])
    if rules.guards.question.search(text):
        return ()
    words = set(text.translate(_MARKS).split())
    if "-" in text:
        words.update(text.translate(_MARKS).replace("-", " ").split())
    figures: tuple[Quantity, ...] = ()
    if _FIGURE.search(text) or not words.isdisjoint(_TELLING) or _one_unit(words):
        figures = tuple(quantities(text))
    candidates = _candidates(text, words, figures, rules)
    if not candidates:
        return ()
    guarded = Guarded(text, rules.guards)
    found = (_hit(rules.ready[index], guarded, figures) for index in candidates)
    return tuple(hit for hit in found if hit is not None)


def _one_unit(words: set[str]) -> bool:
    """Whether "a" or "one" may be a number: mostly they are none."""
    return not words.isdisjoint(("a", "an", "one")) and not words.isdisjoint(_ALONE)


def _candidates(
    text: str, words: set[str], figures: tuple[Quantity, ...], rules: Rules
) -> list[int]:
    found = {index for word in words & rules.words for index in rules.by_word[word]}
    for part, indices in rules.by_part:
        if part in text:
            found.update(indices)
    if figures:
        dimensions = {one.dimension or "bare" for one in figures}
        for index in rules.by_word[FIGURES]:
            if not dimensions.isdisjoint(rules.ready[index].rule.dimensions):
                found.add(index)
    return sorted(index for index in found if rules.ready[index].may_match(text))


class Guarded:
    """A sentence, and from where on what it says is asked, guessed or denied."""

    def __init__(self, text: str, guards: Guards) -> None:
        self.text = text
        self._guards = guards

    @cached_property
    def _asked(self) -> int:
        asked = self._guards.asked.search(self.text)
        return asked.end() if asked else len(self.text)

    @cached_property
    def _doubted(self) -> int:
        doubted = self._guards.doubt.search(self.text)
        return doubted.end() if doubted else len(self.text)

    def takes_back(self, start: int, rule: Rule) -> bool:
        """Whether a match of a rule that begins at `start` claims nothing."""
        if start >= self._asked or (start >= self._doubted and not rule.conditional):
            return True
        return not rule.denied and self._guards.denial.search(self.text[:start]) is not None


def _says_when(text: str, figures: tuple[Quantity, ...]) -> bool:
    return any(one.dimension == "time" for one in figures) or SOON.search(text) is not None


def _hit(ready: Ready, guarded: Guarded, figures: tuple[Quantity, ...]) -> Hit | None:
    rule, text = ready.rule, guarded.text
    first, objects = None, []
    for match in ready.pattern.finditer(text):
        if guarded.takes_back(match.start(), rule):
            continue
        if first is None:
            if ready.unless is not None and ready.unless.search(text):
                return None
            first = match[0]
        objects += [value for value in match.groups() if value]
    if first is None or (rule.check in _OF_DAYS and not _says_when(text, figures)):
        return None
    return Hit(rule, first, tuple(objects), figures if rule.check in _COUNTING else (), text)
