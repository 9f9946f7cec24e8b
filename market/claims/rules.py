"""The rules of the claim reader, read from their data file and made ready."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal

import msgspec

Kind = Literal[
    "superlative", "endorsement", "effect", "guarantee", "comparison", "price", "number", "fact"
]
KINDS: tuple[Kind, ...] = (
    "superlative",
    "endorsement",
    "effect",
    "guarantee",
    "comparison",
    "price",
    "number",
    "fact",
)
Check = Literal[
    "words",
    "object",
    "any",
    "absent",
    "quantity",
    "count",
    "warranty",
    "money",
    "discount",
    "shipping",
    "returns",
    "delivery",
]

RULES, NOBODY = "rules", "none"
"""Readers that are no model."""


class ClaimRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a market reads what its sellers claim.

    Parameters
    ----------
    reader : str
        "rules": by those of ``market/data/claims.toml``; "none": not at all; otherwise the model
        of this name, and by the rules where it fails.
    """

    reader: str = RULES

    @property
    def model(self) -> str | None:
        """The model that reads, if one does."""
        return None if self.reader in (RULES, NOBODY) else self.reader


FIGURES = "#"
"""The trigger of a rule that looks at numbers."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule of the data file.

    Parameters
    ----------
    name, kind, why : str
        As the log and the report give them.
    when : tuple of str
        Words of which a sentence has one; see the data file.
    needs : tuple of str
        Strings one of which every match holds; empty: not known. They save time and change
        nothing.
    pattern, unless : str
        What must match, and what must not.
    check : Check
        What the sheet must carry.
    dimensions : tuple of str
        The quantities that `check` looks at.
    denied : bool
        Whether a denial before the match does not take it back.
    conditional : bool
        Whether an "if" or a "may" before the match does not take it back.
    """

    name: str
    kind: Kind
    why: str
    when: tuple[str, ...]
    needs: tuple[str, ...] = ()
    pattern: str
    check: Check
    unless: str | None = None
    dimensions: tuple[str, ...] = ()
    denied: bool = False
    conditional: bool = False


class Ready:
    """A rule with its expressions, which are compiled when they are first used.

    Parameters
    ----------
    rule : Rule
    expression : str
        Its pattern with the words of the lists put in.
    """

    def __init__(self, rule: Rule, expression: str) -> None:
        self.rule = rule
        self.expression = expression

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What must match."""
        return re.compile(self.expression)

    @cached_property
    def unless(self) -> re.Pattern[str] | None:
        """What must not."""
        return re.compile(self.rule.unless) if self.rule.unless else None

    def may_match(self, text: str) -> bool:
        """Whether a text in lower case has what a match needs."""
        needs = self.rule.needs
        return not needs or any(part in text for part in needs)


class Guards(msgspec.Struct, frozen=True):
    """What takes a match back, compiled."""

    question: re.Pattern[str]
    doubt: re.Pattern[str]
    denial: re.Pattern[str]
    asked: re.Pattern[str]


class Rules(msgspec.Struct, frozen=True):
    """All rules, in the order in which they are tried.

    Parameters
    ----------
    by_word : mapping of str to tuple of int
        Trigger word -> positions of its rules.
    by_part : sequence of (str, tuple of int)
        The same for triggers that are parts of words.
    """

    ready: tuple[Ready, ...]
    guards: Guards
    synonyms: Mapping[str, str]
    by_word: Mapping[str, tuple[int, ...]]
    by_part: Sequence[tuple[str, tuple[int, ...]]]
    words: frozenset[str]


@cache
def load_rules() -> Rules:
    """Return the built-in rules of ``market/data/claims.toml``."""
    return read_rules(files("retailsim.market").joinpath("data/claims.toml").read_text("utf-8"))


def read_rules(text: str) -> Rules:
    """Return the rules of a text in the form of ``market/data/claims.toml``.

    Raises
    ------
    msgspec.ValidationError
        If a rule is not in form. An expression that is none is noticed when it is first used.
    """
    table = tomllib.loads(text)
    lists = {name: _alternatives(words) for name, words in table["words"].items()}
    rules = msgspec.convert(table["rule"], tuple[Rule, ...])
    by_word, by_part = _triggers(rules, table["words"])
    return Rules(
        ready=tuple(_ready(rule, lists) for rule in rules),
        guards=Guards(**{name: re.compile(p) for name, p in table["guards"].items()}),
        synonyms=_synonyms(table["synonyms"]["groups"]),
        by_word=by_word,
        by_part=tuple(by_part.items()),
        words=frozenset(by_word),
    )


def _alternatives(words: str) -> str:
    longest = sorted(words.split(), key=len, reverse=True)
    return "(?:" + "|".join(word.replace("_", " ") for word in longest) + ")"


def _ready(rule: Rule, lists: Mapping[str, str]) -> Ready:
    pattern = rule.pattern
    for name, words in lists.items():
        pattern = pattern.replace(f"{{{name}}}", words)
    return Ready(rule, pattern)


def _synonyms(groups: Sequence[Sequence[str]]) -> dict[str, str]:
    return {word: group[0] for group in groups for word in group}


def _triggers(
    rules: Sequence[Rule], lists: Mapping[str, Any]
) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    by_word: dict[str, tuple[int, ...]] = {}
    by_part: dict[str, tuple[int, ...]] = {}
    for index, rule in enumerate(rules):
        for trigger in rule.when:
            if trigger.startswith("*"):
                by_part[trigger[1:]] = (*by_part.get(trigger[1:], ()), index)
                continue
            name = trigger[1:-1]
            words = _firsts(lists[name]) if trigger[0] == "{" else [trigger]
            for word in words:
                if index not in by_word.get(word, ()):
                    by_word[word] = (*by_word.get(word, ()), index)
    return by_word, by_part


def _firsts(words: str) -> list[str]:
    """Return the first words of a list's entries in the forms that their patterns allow."""
    found = []
    for entry in words.split():
        first, _, rest = entry.partition("_")
        if first == "the":
            first = rest.split("_")[0]
        if first.endswith("?"):
            found += [first[:-2], first[:-1]]
        else:
            found.append(first)
    return found
