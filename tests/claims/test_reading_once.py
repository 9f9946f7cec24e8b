"""What the claim reader skips and remembers to be quick changes nothing that it finds."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retailsim.market.claims import quantities, reader
from retailsim.market.claims.reader import hits_of, judged, read, sentences
from retailsim.market.claims.rules import Ready, load_rules
from retailsim.market.claims.sheet import Sheet, _keys
from tests.claims.necessary import always_has
from tests.claims.sets import SETS, Labelled, labelled

NEEDY = [ready for ready in load_rules().ready if ready.rule.needs]
SAID = [one for name in SETS for one in labelled(name)]
WORDS = sorted({word for one in SAID for word in one.sentence.split()})
NEEDED = sorted({part for ready in NEEDY for part in ready.rule.needs})


def hit_names(sentence: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """What is found in a sentence, read anew."""
    return [(hit.rule.name, hit.words, hit.objects) for hit in hits_of.__wrapped__(sentence)]


def same_without_looking_first(sentence: str) -> None:
    quick = hit_names(sentence)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ready, "may_match", lambda *_: True)
        assert hit_names(sentence) == quick


# -- what a rule needs -----------------------------------------------------------------------


def test_some_rules_say_what_they_need() -> None:
    assert len(NEEDY) >= 20


@pytest.mark.parametrize("ready", NEEDY, ids=lambda ready: str(ready.rule.name))
def test_no_match_of_a_rule_lacks_what_it_needs(ready: Ready) -> None:
    """By the expression itself, not by examples."""
    assert always_has(ready.expression, ready.rule.needs)


@pytest.mark.parametrize("ready", NEEDY, ids=lambda ready: str(ready.rule.name))
def test_the_proof_can_fail(ready: Ready) -> None:
    """Negative control: a rule that could match without its needs is not let through."""
    assert not always_has(ready.expression, ("zzz",))
    assert not always_has(f"{ready.expression}|zzz", ready.rule.needs)


@pytest.mark.parametrize(
    ("pattern", "strings", "known"),
    [
        ("abc", ("b",), True),
        ("a(?:b|c)", ("b",), False),
        ("a(?:b|c)", ("b", "c"), True),
        ("a(?:b|c)", ("ab", "ac"), True),
        ("ab?c", ("ab",), False),
        ("ab?c", ("ab", "ac"), True),
        (r"(?:\w+ ){0,3}b", ("b",), True),
        (r"(?:b ){0,3}\w", ("b",), False),
        (r"(?:b ){1,3}\w", ("b",), True),
        ("(?=b)a", ("b",), False),
        (r"a\wb", ("ab",), False),
    ],
)
def test_what_is_known_of_an_expression(
    pattern: str, strings: tuple[str, ...], known: bool
) -> None:
    assert always_has(pattern, strings) is known


def test_looking_first_loses_nothing_of_the_labelled_sentences() -> None:
    for one in SAID:
        same_without_looking_first(one.sentence)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_looking_first_loses_nothing_of_generated_matches(data: st.DataObject) -> None:
    """Sentences made around what a rule's own expression matches."""
    ready = data.draw(st.sampled_from(load_rules().ready))
    match = data.draw(st.from_regex(ready.pattern, fullmatch=True))
    trigger = data.draw(st.sampled_from([word.strip("*{}") for word in ready.rule.when]))
    same_without_looking_first(f"{trigger} {match} so.")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*WORDS, *NEEDED]), max_size=25))
def test_looking_first_loses_nothing_of_generated_texts(words: list[str]) -> None:
    same_without_looking_first(" ".join(words))


# -- what is remembered ----------------------------------------------------------------------


def afresh(text: str, sheet: Sheet) -> list[tuple[str, str, str]]:
    """What is found without any memory."""
    reader._harmless.clear()
    hits_of.cache_clear()
    sheet.quiet.clear()
    sheet.read_before.clear()
    return [(claim.sentence, claim.rule, claim.verdict) for claim in read(text, sheet)]


@pytest.mark.parametrize("name", SETS)
def test_memory_changes_no_verdict(name: str) -> None:
    """Many texts of shared sentences on all sheets of a set, read in any order."""
    rows, draw = labelled(name), random.Random(name)
    sheets = list({one.sheet.title: one.sheet.sheet() for one in rows}.values())
    texts = [" ".join(one.sentence for one in draw.sample(rows, 5)) for _ in range(40)]
    asked = [(text, draw.choice(sheets)) for text in texts * 2]
    remembered = [
        [(claim.sentence, claim.rule, claim.verdict) for claim in read(text, sheet)]
        for text, sheet in asked
    ]
    assert remembered == [afresh(text, sheet) for text, sheet in asked]
    assert any(remembered)


def test_a_sheet_that_remembers_much_forgets_and_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retailsim.market.claims.sheet.MOST_REMEMBERED", 2)
    sheet = Sheet("Aldane Brass Table Lamp | Cord: 6 ft")
    text = "It is made of oak. Its cord is 6 ft. It is 9 ft. It is made of brass. It never breaks."
    found = [claim.sentence for claim in read(text, sheet)]
    assert found == ["It is made of oak.", "It is 9 ft.", "It never breaks."]
    assert [claim.sentence for claim in read(text, sheet)] == found
    assert len(sheet.quiet) <= 2
    assert len(sheet.read_before) <= 2


def test_a_sentence_judged_alone_is_judged_the_same() -> None:
    for one in SAID:
        sheet = one.sheet.sheet()
        parts = sentences(one.sentence)
        alone = [judged(said, hits_of(reader._plain(said, sheet)), sheet) for said in parts]
        expected = [claim.rule for claim in alone if claim]
        assert [claim.rule for claim in read(one.sentence, sheet)] == expected


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SAID), st.sampled_from(WORDS))
def test_a_word_is_found_on_a_page_as_by_looking_at_all_of_it(one: Labelled, word: str) -> None:
    page = one.sheet.sheet().page
    word = "".join(filter(str.isalnum, word.lower())) or "lamp"
    every = {said for said in _tokens(page.text) if not _keys(said).isdisjoint(_keys(word))}
    assert page._forms(word) == every


def _tokens(text: str) -> set[str]:
    blank = "".join(one if one.isascii() and one.isalnum() else " " for one in text)
    return set(blank.split())


# -- the slow way ----------------------------------------------------------------------------


def slowly(text: str, sheet: Sheet) -> list[tuple[str, str, str]]:
    """Every sentence by itself, without memory and without a look at what may be left out."""
    found: list[tuple[str, str, str]] = []
    text = text.replace("No. ", "No.")
    for piece in text.split(". "):
        for said in sentences(piece):
            plain = said
            for own, instead in (*sheet.names, *sheet.amounts, *sheet.terms):
                plain = plain.replace(own, instead)
            plain = reader._QUOTED.sub(
                lambda one: "" if reader._on_page(one[1], sheet) else one[0], plain
            )
            claim = judged(said, hits_of.__wrapped__(plain), sheet)
            if claim is not None:
                whole = f"{said}."
                found.append((whole if whole in text else said, claim.rule, claim.verdict))
    return found


ENDS = (". ", ".\n\n", "\n", "? ", "! ", '." ', "... ", ".", " ")
QUOTES = ('"{}"', "“{}”", '"{}" and "{}"', "{}", 'the listing says "{}"', '"{}')


@st.composite
def told(draw: st.DrawFn) -> tuple[str, Sheet]:
    """A text about one product: sentences of the sets, quotations of the sheet, odd ends."""
    sheet = draw(st.sampled_from(SAID)).sheet
    values = (sheet.title, *sheet.features, *sheet.details.values(), "as it is", "no such value")
    quoted = st.tuples(st.sampled_from(QUOTES), st.sampled_from(values)).map(
        lambda pair: pair[0].format(pair[1], pair[1])
    )
    price = f"${sheet.price_cents / 100:,.2f} is what it costs, and {sheet.return_days} days"
    said = st.one_of(st.sampled_from(SAID).map(lambda one: one.sentence), quoted, st.just(price))
    parts = draw(st.lists(st.tuples(said, st.sampled_from(ENDS)), min_size=1, max_size=9))
    return "".join(one.rstrip(".") + end for one, end in parts), sheet.sheet()


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(told())
def test_reading_once_finds_what_reading_slowly_finds(one: tuple[str, Sheet]) -> None:
    """Memory of other examples is kept on purpose: it is what could go wrong."""
    text, sheet = one
    expected = slowly(text, sheet)
    for _ in range(2):
        assert [(c.sentence, c.rule, c.verdict) for c in read(text, sheet)] == expected


def test_reading_slowly_finds_something() -> None:
    """Negative control: the comparison is not of nothing with nothing."""
    found = [slowly(one.sentence, one.sheet.sheet()) for one in SAID]
    assert sum(map(bool, found)) > 100


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(["about ", "just under ", "over ", "at least a ", "below ", "x ", "most "])
    ),
    st.integers(1, 99),
)
def test_a_bound_is_found_as_by_looking_for_each(words: list[str], number: int) -> None:
    text = f"{''.join(words)}{number} mm"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantities, "_LIMITS", re.compile(""))
        expected = quantities.quantities(text)
    assert quantities.quantities(text) == expected


@pytest.mark.parametrize("name", ["_APPROX", "_OVER", "_UNDER"])
def test_no_bound_matches_without_what_is_looked_for_first(name: str) -> None:
    first = quantities._LIMITS.pattern.split("|")
    assert always_has(getattr(quantities, name).pattern, first)
