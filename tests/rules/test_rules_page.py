"""docs/rules.md has every built-in rule and every fact; one that is missing is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from retailsim.market.rules.conditions import names_in
from retailsim.market.rules.facts import FACTS, SINCE, meant
from retailsim.market.rules.rule import Rule
from retailsim.market.rules.rule_file import built_in

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "rules.md").read_text()
CELL = re.compile(r"`([a-zA-Z_-]+)`")
YET = "none yet"
"""What the page says of facts that no protocol tells so far."""


def rows(head: str) -> list[list[str]]:
    """The cells of the table below this head."""
    lines = PAGE[PAGE.index(head) :].splitlines()[2:]
    table = lines[: next(n for n, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


@pytest.mark.parametrize("rule", built_in().rules, ids=lambda rule: rule.id)
def test_a_built_in_rule_has_its_row_and_its_level(rule: Rule) -> None:
    levels = {id_: level for ids, level, *_ in rows("| rule |") for id_ in CELL.findall(ids)}
    assert rule.id in levels, "no row in docs/rules.md"
    assert levels[rule.id].split(",")[0] == rule.level


@pytest.mark.parametrize("rule", built_in().rules, ids=lambda rule: rule.id)
def test_a_built_in_rule_names_facts_that_there_are(rule: Rule) -> None:
    named = {name for text in (*rule.when, *rule.unless) for name in names_in(text)}
    unknown = {name for name in named - FACTS if not name.startswith(SINCE)}
    assert not unknown, f"in no line of market/rules/facts.py: {unknown}"


def test_every_fact_is_explained() -> None:
    explained = {name for names, *_ in rows("| fact |") for name in CELL.findall(names)}
    assert explained - {f"{SINCE}NAME"} == FACTS


def test_every_fact_is_told_by_a_protocol_but_those_of_none_yet() -> None:
    told = "".join(path.read_text() for path in (ROOT / "market").rglob("conduct.py"))
    nobody = {
        name
        for names, where, *_ in rows("| fact |")
        if where == YET
        for name in CELL.findall(names)
    }
    untold = {name for name in FACTS - nobody if f'"{name}"' not in told}
    assert not untold, f"in no conduct.py of market/protocols: {untold}"
    assert not {name for name in nobody if f'"{name}"' in told}


def test_what_is_like_no_fact_may_be_one_of_somebody_elses() -> None:
    assert meant("colour_of_the_moon") is None
    assert meant("fee_nmed") == "fee_named"
    assert {meant(name) for name in FACTS} == {None}
