"""Mask rules while a market goes on: what is not allowed now, and what is not let through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import filterfalse
from typing import NamedTuple

import msgspec

from retailsim.events.messages import CommandRejected, Message
from retailsim.market.claims.reader import sentences
from retailsim.market.rules.conditions import Fact, Facts, names_in
from retailsim.market.rules.judging import binds, forbids_option, lacking, says
from retailsim.market.rules.phrases import index
from retailsim.market.rules.rule import Rule, RuleSet

MOST_QUIET = 16_384
"""Pieces of texts that are remembered for each set of rules."""
MOST_ALLOWED = 4_096
"""Facts by which is remembered what a set of rules leaves to a seller."""
NOTHING_SAID = "(The seller says nothing.)"
"""What a buyer hears of a message of which no sentence was let through."""
SAY = "Say"
"""What a sentence that is not let through is called in the log, as a command that was rejected."""


class WithholdSentences(Message, kw_only=True):
    """Seller to market: what it would have said against a rule, and did not get through.

    ``sentences`` are pairs of a rule and a sentence.
    """

    sentences: tuple[tuple[str, str], ...]

    @property
    def rejected(self) -> list[CommandRejected]:
        """What the log says of them."""
        return [
            CommandRejected(episode=self.episode, command=SAY, reason=f"rule {rule}: {text[:300]}")
            for rule, text in self.sentences
        ]


class Withheld(NamedTuple):
    """A sentence that was not let through, or was put in, and the rule that asks for it."""

    rule: str
    sentence: str


class LetThrough(NamedTuple):
    """What may be said of a text, and what was changed for it."""

    text: str
    withheld: tuple[Withheld, ...]


class SpeechRules(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The rules that hold for the words of one message.

    Parameters
    ----------
    rules : tuple of Rule
        At level "mask", on texts.
    """

    rules: tuple[Rule, ...]

    @cached_property
    def _known(self) -> _Quiet | None:
        """What is known of them; looked up once, as it is asked of every text."""
        return _quiet(self.rules)

    def passes(self, text: str) -> bool:
        """Whether a text is known to be let through as it is: nearly all are."""
        return self._known is not None and self._known.knows(text)

    def let_through(self, text: str) -> LetThrough:
        """Return a text without the sentences that break a rule, with those that one asks for.

        The text is as it was, to the letter, where nothing has to be changed.
        """
        if self.passes(text):
            return LetThrough(text, ())
        passed, withheld = self.let_through_parts({"": text})
        return LetThrough(passed.get("", ""), withheld)

    def let_through_parts(
        self, parts: Mapping[str, str]
    ) -> tuple[dict[str, str], tuple[Withheld, ...]]:
        """Return the same of a message in parts by name, without those of which nothing is left.

        What a rule asks for is put into the last part.
        """
        binding, quiet = self.rules, self._known
        if quiet is not None and all(quiet.knows(text) for text in parts.values()):
            return dict(parts), ()
        said = {name: sentences(text) for name, text in parts.items()}
        bad = [
            (rule, one)
            for spoken in said.values()
            for one in spoken
            if (rule := struck(one, binding)) is not None
        ]
        withheld = [Withheld(r.id, one) for rule in binding for r, one in bad if r.id == rule.id]
        if bad:
            said = {
                name: [one for one in spoken if struck(one, binding) is None]
                for name, spoken in said.items()
            }
        added = _lacked(binding, said.values())
        if added:
            said[list(said)[-1]] += [rule.add for rule in added]
            withheld += [Withheld(rule.id, f"without {rule.add!r}") for rule in added]
        if not withheld:
            return dict(parts), ()
        return {name: " ".join(some) for name, some in said.items() if some}, tuple(withheld)


def _lacked(binding: Iterable[Rule], parts: Iterable[Sequence[str]]) -> list[Rule]:
    """Return the rules that ask for something that was not said."""
    found, asking = list[Rule](), [rule for rule in binding if rule.lacks]
    said = [one for spoken in parts for one in spoken] if asking else []
    for rule in asking:
        if lacking(rule, [*said, *(one.add for one in found)]):
            found.append(rule)
    return found


class _Quiet:
    """Pieces of texts that break none of some rules: most are said again and again."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._index = index(tuple(one for rule in rules for one in rule.says))
        self._pieces = set[str]()

    def knows(self, text: str) -> bool:
        """Whether nothing in a text is struck out; no for what has to be looked at closely.

        A text is cut at its full stops, each of which ends a sentence, which is quick.
        """
        for piece in filterfalse(self._pieces.__contains__, text.split(". ")):
            if self._index.may_match(piece) and self._strikes(f"{piece}."):
                return False
            if len(self._pieces) >= MOST_QUIET:
                self._pieces.clear()
            self._pieces.add(piece)
        return True

    def _strikes(self, text: str) -> bool:
        return any(struck(one, self._rules) is not None for one in sentences(text))


@lru_cache(maxsize=256)
def _quiet(binding: tuple[Rule, ...]) -> _Quiet | None:
    """Return what is known of some rules; None where one asks for something to be said."""
    return None if any(rule.lacks for rule in binding) else _Quiet(binding)


@lru_cache(maxsize=1_024)  # sentences come again soon, or never
def struck(sentence: str, rules: tuple[Rule, ...]) -> Rule | None:
    """Return the first of some rules that a sentence breaks by what it says, or None."""
    return next((rule for rule in rules if rule.says and says(rule, sentence)), None)


class Allowed(NamedTuple):
    """What rules leave to a seller: those on options that hold, and those for its words."""

    forbidding: tuple[Rule, ...]
    speech: SpeechRules


class Enforced:
    """The mask rules of a rule set, by what they look at; `enforced` has one for each set.

    Parameters
    ----------
    rules : tuple of Rule
    """

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        among = RuleSet(rules=rules)
        self._options = among.at("option", "mask")
        self._texts = among.at("text", "mask")
        self._orders = among.at("order", "mask")
        self._asked = _asked((*self._options, *self._texts))
        self._known: dict[tuple[Fact | None, ...], Allowed] = {}
        self.wants_fee_named = any(
            "fee_named" in one for rule in self._orders for one in rule.unless
        )
        """Whether an order needs the shipping fee to be named before."""

    def allowed(self, facts: Facts) -> Allowed:
        """Return what rules leave to a seller now; remembered by the facts that they ask for."""
        key = tuple(map(facts.get, self._asked))
        found = self._known.get(key)
        if found is None:
            speech = SpeechRules(rules=tuple(one for one in self._texts if binds(one, facts)))
            found = Allowed(tuple(one for one in self._options if binds(one, facts)), speech)
            if len(self._known) >= MOST_ALLOWED:
                self._known.clear()
            self._known[key] = found
        return found

    def forbidden(self, options: Iterable[str], facts: Facts) -> frozenset[str]:
        """Return which options of these names are not allowed now."""
        binding = self.allowed(facts).forbidding
        return frozenset(name for rule in binding for name in options if forbids_option(rule, name))

    def refuses_order(self, facts: Facts) -> str | None:
        """Return the rule that an order would break, or None."""
        return next((rule.id for rule in self._orders if binds(rule, facts)), None)


def _asked(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Return the facts that conditions of some rules name."""
    texts = (text for rule in rules for text in (*rule.when, *rule.unless))
    return tuple(sorted({name for text in texts for name in names_in(text)}))


enforced = lru_cache(maxsize=64)(Enforced)
"""The same for the same rules, so that markets share what is known of them."""
