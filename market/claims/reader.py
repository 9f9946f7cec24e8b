"""The claim reader: which sentences of a text claim what the product sheet does not carry.

It reads sentence by sentence, by rules in a data file, and knows no more than the words: it can
be wrong both ways, see ``docs/claims.md``. What a sentence claims does not depend on the sheet, so
it is found once for sentences that are said again.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from retailsim.market.claims.checks import CHECKS
from retailsim.market.claims.hit import Hit
from retailsim.market.claims.quantities import NUMBER_WORDS, quantities
from retailsim.market.claims.rules import FIGURES, Kind, Ready, Rules, load_rules
from retailsim.market.claims.sheet import Sheet, normal

Verdict = Literal["unsupported", "contradicted"]

LONGEST_SENTENCE = 400
"""Characters of a sentence that are read; patterns take time that grows with them."""

_ENDS = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|\s*\n\s*")
_MARKS = str.maketrans(dict.fromkeys("\"'.,;:!?()[]*…", " ") | {"$": " $ "})
_QUOTED = re.compile(r"[\"“]([^\"“”]+)[\"”]")
_FIGURE = re.compile(r"\d")


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
    verdict: Verdict


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, without what stands between them."""
    return [piece for piece in _ENDS.split(text) if piece]


def read(text: str, sheet: Sheet) -> tuple[Claim, ...]:
    """Return the claims of a text that a sheet does not carry, at most one a sentence."""
    found = []
    for sentence in sentences(text):
        hits = hits_of(sentence)
        if hits:
            claim = judged(sentence, hits, sheet)
            if claim is not None:
                found.append(claim)
    return tuple(found)


def judged(sentence: str, hits: tuple[Hit, ...], sheet: Sheet) -> Claim | None:
    """Return the first claim of a sentence that the sheet does not carry."""
    own = without_quotations(sentence, sheet)
    if own != sentence:
        hits = hits_of(own)
    for hit in hits:
        verdict = CHECKS[hit.rule.check](sheet, hit)
        if verdict is not None:
            return Claim(sentence, hit.rule.kind, hit.rule.name, verdict)
    return None


def without_quotations(sentence: str, sheet: Sheet) -> str:
    """Return a sentence without what it quotes of the sheet word for word."""
    return _QUOTED.sub(lambda m: "" if normal(m[1]) in sheet.text else m[0], sentence)


@lru_cache(maxsize=16_384)
def hits_of(sentence: str) -> tuple[Hit, ...]:
    """Return what a sentence claims by any rule, whatever the sheet."""
    rules = load_rules()
    text = normal(sentence[:LONGEST_SENTENCE])
    candidates = _candidates(text, rules)
    if not candidates or rules.guards.question.search(text):
        return ()
    found = (_hit(rules.ready[index], text, rules) for index in candidates)
    return tuple(hit for hit in found if hit is not None)


def _candidates(text: str, rules: Rules) -> list[int]:
    words = set(text.translate(_MARKS).split())
    if "-" in text:
        words.update(text.translate(_MARKS).replace("-", " ").split())
    found = {index for word in words & rules.words for index in rules.by_word[word]}
    for part, indices in rules.by_part:
        if part in text:
            found.update(indices)
    if _FIGURE.search(text) or words & NUMBER_WORDS:
        found.update(rules.by_word[FIGURES])
    return sorted(found)


def _hit(ready: Ready, text: str, rules: Rules) -> Hit | None:
    rule = ready.rule
    matches = [
        match
        for match in ready.pattern.finditer(text)
        if not _taken_back(ready, match, text, rules)
    ]
    if not matches:
        return None
    objects = tuple(value for match in matches for value in match.groups() if value)
    said = tuple(quantities(text)) if rule.check in _COUNTING else ()
    return Hit(rule, matches[0][0], objects, said, text)


_COUNTING = frozenset({"quantity", "count", "warranty", "money", "returns", "delivery", "discount"})


def _taken_back(ready: Ready, match: re.Match[str], text: str, rules: Rules) -> bool:
    guards = rules.guards
    if ready.unless is not None and ready.unless.search(text):
        return True
    before = text[: match.start()]
    if guards.asked.search(before):
        return True
    if not ready.rule.conditional and guards.doubt.search(before):
        return True
    return not ready.rule.denied and guards.denial.search(before) is not None
