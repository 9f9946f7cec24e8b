"""What the product sheet must carry for a claim to stand: one check for each kind of support."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from retailsim.events.messages import ClaimVerdict
from retailsim.market.claims.hit import Hit
from retailsim.market.claims.quantities import Quantity
from retailsim.market.claims.rules import Check
from retailsim.market.claims.sheet import Sheet

Verdict = ClaimVerdict | None
"""None: the claim stands."""

_WORD = re.compile(r"[a-z0-9]+")
_SMALL_WORDS = (
    "a an the its it own of on in for with and or to any all every even your from one is are real"
    " genuine pure full also fully good high quality part free just as well that this these those"
    " they you we i he she will would can could ll re s be been has have was were than so no not"
    " which what there here by at very too such simply really truly ever up out"
)
_EMPTY = frozenset(_SMALL_WORDS.split())
SOON = re.compile(r"\btomorrow\b|\bovernight\b|\btonight\b")
"""Words for days."""
_DAY = 86_400.0


def _content(words: str) -> list[str]:
    return [word for word in _WORD.findall(words) if word not in _EMPTY]


def _words(sheet: Sheet, hit: Hit) -> Verdict:
    words = _content(hit.words)
    said = hit.words.strip() in sheet.text or (len(words) > 1 and all(map(sheet.carries, words)))
    return None if said else "unsupported"


def _object(sheet: Sheet, hit: Hit) -> Verdict:
    for word in (word for words in hit.objects for word in _content(words)):
        if not sheet.carries(word):
            return "contradicted" if sheet.denies(word) else "unsupported"
    return None


def _any(sheet: Sheet, hit: Hit) -> Verdict:
    words = [word for said in hit.objects for word in _content(said)]
    if not words:
        return None if hit.objects else _words(sheet, hit)
    if any(map(sheet.carries, words)):
        return None
    return "contradicted" if any(map(sheet.denies, words)) else "unsupported"


def _absent(sheet: Sheet, hit: Hit) -> Verdict:
    for word in (word for words in hit.objects for word in _content(words)):
        if sheet.carries(word):
            return "contradicted"
        if not sheet.denies(word):
            return "unsupported"
    return None


def _measured(sheet: Sheet, said: list[Quantity]) -> Verdict:
    """Judge quantities; those that stand at one place are readings of the same words."""
    for one in said:
        if one.bound == "list":  # its unit is a guess that helps on a sheet only
            continue
        readings = [other for other in said if other.start == one.start]
        if not any(sheet.states(reading) for reading in readings):
            known = any(sheet.knows(reading.dimension) for reading in readings)
            return "contradicted" if known else "unsupported"
    return None


def _quantity(sheet: Sheet, hit: Hit) -> Verdict:
    dimensions = hit.rule.dimensions
    return _measured(
        sheet,
        [one for one in hit.quantities if (one.dimension or "bare") in dimensions],
    )


def _count(sheet: Sheet, hit: Hit) -> Verdict:
    for one in hit.quantities:
        if one.dimension not in {None, "thread count"} or one.number == 1:  # "one" is a pronoun
            continue
        after = _WORD.findall(hit.text[one.end : one.end + 40])[:3]
        noun = next((word for word in after if word in hit.objects), None)
        if noun is None or sheet.states(one):
            continue
        return "contradicted" if sheet.carries(noun) else "unsupported"
    return None


_WARRANTY = re.compile(r"[^|]*(?:warrant|guarantee)[^|]*")


def _warranty(sheet: Sheet, hit: Hit) -> Verdict:
    given = " ".join(_WARRANTY.findall(sheet.text))
    if not given:
        return "unsupported"
    if ("lifetime" in hit.text) != ("lifetime" in given):
        return "contradicted"
    said = [one for one in hit.quantities if one.dimension == "time"]
    return _measured(sheet, said)


def _money(sheet: Sheet, hit: Hit) -> Verdict:
    return _measured(sheet, [one for one in hit.quantities if one.dimension == "money"])


def _discount(sheet: Sheet, hit: Hit) -> Verdict:
    shares = [one.number / 100 for one in hit.quantities if one.dimension == "percent"]
    if sheet.discount and any(abs(share - sheet.discount) < 0.006 for share in shares):
        return None
    if "half" in hit.words and abs(sheet.discount - 0.5) < 0.006:
        return None
    return _words(sheet, hit)


def _shipping(sheet: Sheet, hit: Hit) -> Verdict:
    return None if sheet.free_shipping else "contradicted"


def _days(hit: Hit) -> list[float]:
    return [one.value / _DAY for one in hit.quantities if one.dimension == "time"]


def _returns(sheet: Sheet, hit: Hit) -> Verdict:
    allowed = sheet.return_days + 1.5
    return "contradicted" if any(days > allowed for days in _days(hit)) else None


def _delivery(sheet: Sheet, hit: Hit) -> Verdict:
    fastest = sheet.delivery_days[0]
    sooner = any(0.5 <= days < fastest - 0.5 for days in _days(hit))
    sooner = sooner or (fastest > 1 and SOON.search(hit.text) is not None)
    return "contradicted" if sooner else None


CHECKS: Mapping[Check, Callable[[Sheet, Hit], Verdict]] = MappingProxyType(
    {
        "words": _words,
        "object": _object,
        "any": _any,
        "absent": _absent,
        "quantity": _quantity,
        "count": _count,
        "warranty": _warranty,
        "money": _money,
        "discount": _discount,
        "shipping": _shipping,
        "returns": _returns,
        "delivery": _delivery,
    }
)
"""What a rule's ``check`` does: a verdict, or None where the claim stands."""
