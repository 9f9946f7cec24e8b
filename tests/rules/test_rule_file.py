"""Rule files: what is built in, what a user's file changes, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.analysis.rules.checking import rules_of_run
from retailsim.market.rules.errors import BadRules
from retailsim.market.rules.rule import RuleSet
from retailsim.market.rules.rule_file import MOST_BYTES, MOST_PHRASES, built_in, parsed, with_file

OWN = """
[[rule]]
id = "no-magic"
source = "house rule 1"
level = "mask"
why = "Nobody says magic."
says = ["magic*"]
"""


def test_the_built_in_rules_have_what_the_issue_asks_for() -> None:
    rules = {rule.id: rule for rule in built_in().rules}
    assert set(rules) >= {
        "false-urgency", "social-proof-needs-numbers", "unsupported-claim", "contradicted-claim",
        "fee-before-purchase", "no-means-no", "over-budget", "machine-where-asked",
        "bait-and-switch", "dealbreaker-respected",
    }  # fmt: skip
    assert rules["over-budget"].level == "budget"
    assert rules["over-budget"].limit is not None


def test_a_run_is_held_against_the_rules_it_was_made_with(tmp_path: Path) -> None:
    assert rules_of_run(tmp_path) == built_in()
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "rules.toml").write_text(OWN)
    assert [rule.id for rule in rules_of_run(tmp_path).rules] == ["no-magic"]


def test_a_misspelt_fact_is_named_and_a_run_that_was_made_with_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "inputs" / "rules.toml"
    path.parent.mkdir()
    path.write_text(OWN + "unless = ['shiping_cents > 0']")
    said = "rule no-magic: shiping_cents: there is no such fact; did you mean shipping_cents?"
    with pytest.raises(BadRules) as caught:
        with_file(path)
    assert str(caught.value) == f"{path}: {said}"
    assert [rule.id for rule in rules_of_run(tmp_path).rules] == ["no-magic"]


def test_a_file_adds_replaces_moves_and_takes_out(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    levels = '[levels]\nno-means-no = "report"\nfalse-urgency = "off"\n'
    path.write_text(OWN + OWN.replace("no-magic", "bait-and-switch") + levels)
    rules = {rule.id: rule for rule in with_file(path).rules}
    assert rules["no-magic"].says == ("magic*",)
    assert rules["bait-and-switch"].source == "house rule 1"
    assert rules["no-means-no"].level == "report"
    assert "false-urgency" not in rules
    assert len(rules) == len(built_in().rules)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[rule", "is no TOML: "),
        ("[[rule]]\nid = 'x'", "rule 1 (x): Object missing required field `why`"),
        (OWN.replace("mask", "never"), "rule 1 (no-magic).level: Invalid enum value 'never'"),
        (
            OWN.replace("mask", "never - at `$.x"),
            "rule 1 (no-magic).level: Invalid enum value 'never - at `$.x'",
        ),
        (OWN + "sayz = ['x']", "rule 1 (no-magic): Object contains unknown field `sayz`"),
        (OWN + "order = true", "rule 1 (no-magic): looks at 2 things; give one of option, says"),
        (OWN.replace('says = ["magic*"]', ""), "rule 1 (no-magic): looks at nothing; give one"),
        (OWN.replace("magic*", "(a+)+"), "rule 1 (no-magic): '(a+)+': 'a+' is no word"),
        (OWN.replace("magic*", "a" * 201), "a phrase has at most 200 characters"),
        (OWN + "when = ['fee ~ 3']", "rule 1 (no-magic): 'fee ~ 3' is no condition; write a fact"),
        (OWN + "when = ['turns_since_x < 3']", "turns_since_x: nothing of this name is heard"),
        (OWN + "limit = 0.1", 'rule 1 (no-magic): limit: is for level = "budget", and this is'),
        (OWN + OWN, "rule 2 (no-magic): there is another rule of this id in the file"),
        (OWN.replace("no-magic", ""), "rule 1: id, why and source must say something"),
        (
            OWN + "[levels]\nno-magik = 'off'",
            "levels.no-magik: there is no such rule; did you mean",
        ),
        (OWN + "[heard]\nx = ['...']", "heard.x: '...': no word that has to be there"),
        (
            OWN.replace("says", "lacks"),
            "rule 1 (no-magic): add: a rule with lacks at level",
        ),
    ],
)
def test_a_bad_file_is_one_line_with_the_place(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(BadRules) as raised:
        with_file(path)
    said = str(raised.value)
    assert said.startswith(str(path))
    assert problem in said
    assert "\n" not in said


def test_a_rule_may_have_just_so_many_phrases(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    many = [f"word{number}" for number in range(MOST_PHRASES)]
    path.write_text(OWN.replace('["magic*"]', str(many)))
    assert with_file(path).rules[-1].says == tuple(many)
    path.write_text(OWN.replace('["magic*"]', str([*many, "more"])))
    with pytest.raises(BadRules, match=f"{MOST_PHRASES + 1} phrases; {MOST_PHRASES} are the most"):
        with_file(path)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadRules, match="cannot be read: No such file"):
        with_file(tmp_path / "none.toml")
    (tmp_path / "big.toml").write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(BadRules, match="more than 256 kB"):
        with_file(tmp_path / "big.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadRules, match="is no text in UTF-8"):
        with_file(tmp_path / "binary.toml")


def test_a_level_that_a_rule_cannot_have() -> None:
    text = OWN.replace("says", "lacks").replace('"mask"', '"report"') + "[levels]\nno-magic='mask'"
    with pytest.raises(BadRules, match=r"mine: levels\.no-magic: add: a rule with lacks"):
        parsed(text, "mine", RuleSet())
