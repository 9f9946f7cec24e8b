"""Rule files: the one that is built in, and a user's own on top of it."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec

from retailsim.events.toml_text import parse_toml
from retailsim.events.whole_file import read_bounded
from retailsim.market.rules.conditions import BadCondition, condition, names_in
from retailsim.market.rules.errors import BadRules
from retailsim.market.rules.facts import SINCE, meant
from retailsim.market.rules.phrases import BadPhrase, phrase
from retailsim.market.rules.rule import LEVELS, Level, Rule, RuleSet

MOST_BYTES = 256 * 1024
MOST_RULES = 200
MOST_PHRASES = 200
"""Of one rule, or of one thing that is heard."""
LONGEST_PHRASE = 200

Override = Level | Literal["off"]
OWN = "built-in rules"


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contents of a rule file."""

    rule: tuple[Rule, ...] = ()
    heard: dict[str, tuple[str, ...]] = {}
    levels: dict[str, Override] = {}


@cache
def built_in() -> RuleSet:
    """Return the rules that hold unless others are given."""
    text = files("retailsim.market").joinpath("data", "rules.toml").read_text(encoding="utf-8")
    return parsed(text, OWN, RuleSet())


def with_file(path: Path, own: RuleSet | None = None) -> RuleSet:
    """Return the built-in rules with what a user's file adds, replaces, moves or takes out.

    A rule of the file with the id of another takes its place.

    Raises
    ------
    BadRules
        In one line, with the place in the file.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadRules(path, f"more than {MOST_BYTES // 1024} kB; a rule file is shorter")
        text = read_bounded(path, MOST_BYTES).decode()
    except UnicodeDecodeError:
        raise BadRules(path, "is no text in UTF-8") from None
    except OSError as error:
        raise BadRules(path, f"cannot be read: {error.strerror or error}") from None
    found = parsed(text, path, built_in() if own is None else own)
    for rule in found.rules:
        for problem in _misspelt(rule):  # not in `parsed`: a run keeps the rules it was made with
            raise BadRules(path, f"rule {rule.id}: {problem}")
    return found


def parsed(text: str, source: Path | str, base: RuleSet) -> RuleSet:
    """Return rules with those of a text on top; raises `BadRules`."""
    try:
        tree = parse_toml(text)
        file = msgspec.convert(tree, _File)
    except tomllib.TOMLDecodeError as error:
        raise BadRules(source, f"is no TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise BadRules(source, _placed(str(error), tree)) from None
    _check(file, source, base)
    merged = {rule.id: rule for rule in (*base.rules, *file.rule)}
    found = tuple(merged.values())
    heard = {**base.heard, **file.heard}
    return with_levels(RuleSet(rules=found, heard=heard), file.levels, source)


def with_levels(rules: RuleSet, levels: Mapping[str, str], source: Path | str) -> RuleSet:
    """Return rules of other levels, without those that are off; raises `BadRules`."""
    known = [rule.id for rule in rules.rules]
    for id_, level in levels.items():
        if id_ not in known:
            close = get_close_matches(id_, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            raise BadRules(source, f"levels.{id_}: there is no such rule; {hint}")
        if level not in (*LEVELS, "off"):
            choices = ", ".join((*LEVELS, "off"))
            raise BadRules(source, f"levels.{id_} = {level!r}: choose one of {choices}")
    kept = [rule for rule in rules.rules if levels.get(rule.id) != "off"]
    moved = tuple(
        msgspec.convert({**msgspec.to_builtins(rule), "level": levels[rule.id]}, Rule)
        if rule.id in levels
        else rule
        for rule in kept
    )
    for rule in moved:
        _check_level(rule, f"{source}: levels.{rule.id}")
    return msgspec.structs.replace(rules, rules=moved)


def _check(file: _File, source: Path | str, base: RuleSet) -> None:
    if len(file.rule) > MOST_RULES:
        raise BadRules(source, f"{len(file.rule)} rules; {MOST_RULES} are the most")
    seen: set[str] = set()
    for number, rule in enumerate(file.rule, 1):
        where = f"rule {number} ({rule.id})" if rule.id else f"rule {number}"
        if not rule.id or not rule.why or not rule.source:
            raise BadRules(source, f"{where}: id, why and source must say something")
        if rule.id in seen:
            raise BadRules(source, f"{where}: there is another rule of this id in the file")
        seen.add(rule.id)
        for problem in _problems(rule):
            raise BadRules(source, f"{where}: {problem}")
    for name, phrases in file.heard.items():
        for problem in _phrase_problems(phrases):
            raise BadRules(source, f"heard.{name}: {problem}")
    for rule in file.rule:
        for problem in _unheard(rule, {*base.heard, *file.heard}):
            raise BadRules(source, f"rule {rule.id}: {problem}")


def _problems(rule: Rule) -> Iterator[str]:
    places = rule.looks_at
    if len(places) != 1:
        given = f"looks at {len(places)} things" if places else "looks at nothing"
        yield f"{given}; give one of option, says, lacks, claims and order = true"
    yield from _phrase_problems((*rule.says, *rule.lacks, *rule.unless_says))
    for one in (*rule.when, *rule.unless):
        try:
            condition(one)
        except BadCondition as error:
            yield str(error)
    for one in rule.option:
        if "*" in one[:-1]:
            yield f"option {one!r}: a * may only stand at the end"
    if rule.limit is not None and not 0.0 <= rule.limit <= 1.0:
        yield f"limit = {rule.limit:g}: is a share from 0 to 1"
    if rule.limit is not None and rule.level != "budget":
        yield f'limit: is for level = "budget", and this is "{rule.level}"'
    yield from _level_problems(rule)


def _level_problems(rule: Rule) -> Iterator[str]:
    if rule.lacks and rule.level == "mask" and not rule.add:
        yield 'add: a rule with lacks at level "mask" has to say what the market adds instead'


def _check_level(rule: Rule, where: str) -> None:
    for problem in _level_problems(rule):
        raise BadRules(where, problem)


def _phrase_problems(phrases: Collection[str]) -> Iterator[str]:
    if len(phrases) > MOST_PHRASES:
        yield f"{len(phrases)} phrases; {MOST_PHRASES} are the most"
    for one in phrases:
        if len(one) > LONGEST_PHRASE:
            yield f"{one[:40]!r}...: a phrase has at most {LONGEST_PHRASE} characters"
        else:
            try:
                phrase(one)
            except BadPhrase as error:
                yield f"{one!r}: {error}"


def _unheard(rule: Rule, heard: Collection[str]) -> Iterator[str]:
    for name in _facts_of(rule):
        if name.startswith(SINCE) and name.removeprefix(SINCE) not in heard:
            known = ", ".join(sorted(heard)) or "nothing"
            yield f"{name}: nothing of this name is heard; there is {known}"


def _misspelt(rule: Rule) -> Iterator[str]:
    """Say which facts of a rule nobody tells: it would never hold, or always, without a word."""
    for name in _facts_of(rule):
        if fact := meant(name):
            yield f"{name}: there is no such fact; did you mean {fact}?"


def _facts_of(rule: Rule) -> Iterator[str]:
    for text in (*rule.when, *rule.unless):
        yield from names_in(text)


_AT = " - at `$."


def _placed(problem: str, tree: Mapping[str, object]) -> str:
    """Name a rule by its id in a message of the TOML reader, where it has one."""
    mark = problem.rfind(_AT)  # the last: a text of the file, which stands before, may hold it too
    text, place = (problem, "") if mark < 0 else (problem[:mark], problem[mark + len(_AT) :])
    rules = tree.get("rule")
    place = place.rstrip("`")
    if place.startswith("rule[") and isinstance(rules, list):
        number = int(place[5:].partition("]")[0])
        named = rules[number].get("id") if isinstance(rules[number], dict) else None
        place = f"rule {number + 1}" + (f" ({named})" if named else "") + place.partition("]")[2]
    return f"{place}: {text}" if place else text
