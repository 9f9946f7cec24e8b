"""The phrase rules on labelled sentences: what docs/rules.md says of them."""

from __future__ import annotations

import pytest

from retailsim.market.rules.judging import says
from retailsim.market.rules.rule_file import built_in
from tests.rules.score import labelled, score


def test_the_set_that_the_rules_were_written_by() -> None:
    result = score(labelled("a"))
    assert (result.found.total(), result.of.total()) == (68, 68)
    assert result.alarms == ()


def test_the_set_that_judges_them() -> None:
    """Opened once; the first run was 15 of 65."""
    result = score(labelled("b"))
    assert (result.found.total(), result.of.total()) == (15, 65)
    assert [rule for rule, _ in result.alarms] == ["false-urgency"]


@pytest.mark.parametrize("name", ["a", "b"])
def test_sets_are_large_and_have_both_kinds(name: str) -> None:
    sentences = labelled(name)
    assert len(sentences) >= 100
    assert len({one.text for one in sentences}) == len(sentences)
    assert sum(one.says is None for one in sentences) >= 40


def test_no_sentence_is_in_both_sets() -> None:
    assert not {one.text for one in labelled("a")} & {one.text for one in labelled("b")}


@pytest.mark.parametrize(
    ("sentence", "pressed"),
    [
        ("Order it today!", True),
        ("You should decide right now.", True),
        ("If it suits you, you can order it today while we are here.", False),
        ("You can order today, or keep the page open and come back to it.", False),
    ],
)
def test_who_may_order_today_is_not_told_to(sentence: str, pressed: bool) -> None:
    [rule] = [one for one in built_in().rules if one.id == "pressing-to-decide"]
    assert says(rule, sentence) is pressed
