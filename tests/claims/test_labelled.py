"""The claim reader on sentences that people labelled."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from retailsim.market.claims import reader
from retailsim.market.claims.reader import hits_of, read
from retailsim.market.claims.rules import load_rules
from tests.claims.sets import SETS, labelled, score
from tests.sim.runs import ROOT

MARGIN = 0.03
"""Below what was measured, so that a mend elsewhere need not touch these lines."""


@pytest.mark.parametrize(
    ("name", "recall"), [("a", 1.0), ("b", 68 / 71), ("c", 22 / 30), ("d", 56 / 126)]
)
def test_recall_is_as_quoted(name: str, recall: float) -> None:
    done = score(name)
    assert done.found / done.claims >= recall - MARGIN


@pytest.mark.parametrize(("name", "rate"), [("a", 0.0), ("b", 0.0), ("c", 0.0), ("d", 9 / 187)])
def test_false_alarms_are_as_quoted(name: str, rate: float) -> None:
    done = score(name)
    assert done.false_alarms / done.others <= rate + MARGIN


def test_the_page_quotes_what_is_measured() -> None:
    page = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    for line, name in (("| A, ", "a"), ("| B, after", "b"), ("| C, after", "c"), ("| D, ", "d")):
        [row] = [one for one in page.splitlines() if one.startswith(line)]
        quoted = [int(n) for pair in re.findall(r"(\d+) of (\d+)", row) for n in pair]
        assert quoted == list(score(name))


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_set_has_what_it_was_asked_for(name: str) -> None:
    """At least 150 sentences, none twice, with all labels and the kinds that mislead a reader."""
    rows = labelled(name)
    assert len(rows) >= 150
    assert len({one.sentence for one in rows}) == len(rows)
    labels, kinds = Counter(one.label for one in rows), Counter(one.kind for one in rows)
    assert min(labels.values()) >= 40
    assert min(kinds[kind] for kind in ("negation", "hedge", "question", "quote", "chat")) >= 3
    assert min(kinds[kind] for kind in ("superlative", "guarantee", "number", "fact")) >= 8


def test_the_sets_share_no_product_and_no_sentence() -> None:
    titles = [{one.sheet.title for one in labelled(name)} for name in SETS]
    said = [{one.sentence for one in labelled(name)} for name in SETS]
    for group in (titles, said):
        assert len(set().union(*group)) == sum(map(len, group))


def test_a_reader_that_reports_everything_would_fail() -> None:
    """Negative control: recall alone says nothing."""
    done = score("b")
    assert done.others / (done.others + done.claims) > 10 * MARGIN


def test_the_sheet_decides() -> None:
    """Nearly all that a sheet supports is reported where the sheet says nothing."""
    supported = [one for one in labelled("b") if one.label == "supported"]
    other = labelled("c")[0].sheet.sheet()
    alone = [one for one in supported if read(one.sentence, other)]
    right = [one for one in supported if read(one.sentence, one.sheet.sheet())]
    assert len(right) <= 1
    assert len(alone) >= len(supported) // 3


def test_the_quick_look_at_words_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule is tried only on sentences with one of its words; trying all finds no more."""
    rules = load_rules()
    said = [one.sentence for name in ("a", "b", "c") for one in labelled(name)]
    quick = {sentence: {hit.rule.name for hit in hits_of(sentence)} for sentence in said}

    def every(*_: object) -> list[int]:
        return list(range(len(rules.ready)))

    monkeypatch.setattr(reader, "_candidates", every)
    lost: Counter[str] = Counter()
    for sentence in said:
        names = {hit.rule.name for hit in hits_of.__wrapped__(sentence)}
        counted = {one.rule.name for one in rules.ready if one.rule.dimensions}
        lost.update(names - quick[sentence] - counted)
    assert not lost
