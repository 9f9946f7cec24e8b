"""What the market skips and remembers to keep mask rules quickly changes nothing that it keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retailsim.market.claims.reader import sentences
from retailsim.market.rules import conduct, enforcing
from retailsim.market.rules.conduct import Heard, ear_for
from retailsim.market.rules.enforcing import Allowed, Enforced, SpeechRules, enforced
from retailsim.market.rules.judging import Act, binds, broken
from retailsim.market.rules.phrases import LONGEST_SENTENCE, heard, index, normal, words_of
from retailsim.market.rules.rule import Rule, RuleSet
from retailsim.market.rules.rule_file import built_in
from tests.rules.score import labelled

SPOKEN = tuple(rule for rule in built_in().at("text", "mask") if rule.says)
SAID = [one.text for name in "ab" for one in labelled(name)]
BREAKING = {
    "false-urgency": "Only 3 left at this price, so hurry.",
    "social-proof-in-words": "Thousands of happy customers love it.",
    "no-human-claim": "I am a real person, not a bot.",
    "bait-and-switch": "That one is sold out.",
}
ASKING = ("No thank you.", "This is a deal-breaker.", "Are you a bot?", "I can't accept that.")
ENDS = (". ", ".\n\n", "\n", "? ", "! ", '." ', "... ", ".", " ", "?. ", ".) ")
LONG = "lamp " * 80
"""More of a sentence than is looked at."""


def test_a_text_as_long_as_what_is_looked_at_is_sure_and_a_longer_one_is_not() -> None:
    magic = index(("magic",))
    longest = ("x" * LONGEST_SENTENCE)[: -len(" magic")]
    assert [magic.may_match(f"{longest} {word}") for word in ("magic", "tragi")] == [True, False]
    assert magic.may_match(f"{longest} tragic")


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Sentences that break rules, that do not, that ask, odd ends, and words cut in the middle."""
    cut = st.integers(0, 30).map(lambda n: f"{LONG[: LONGEST_SENTENCE - n]} only todays lamp")
    own = st.sampled_from([*BREAKING.values(), *ASKING, "It is the lamp.", "Das Café schließt."])
    said = st.one_of(st.sampled_from(SAID), own, cut)
    parts = draw(st.lists(st.tuples(said, st.sampled_from(ENDS)), min_size=1, max_size=7))
    return "".join(one.rstrip(".") + end for one, end in parts)


def slowly(text: str, rules: Sequence[Rule]) -> tuple[str, list[tuple[str, str]]]:
    """What is said of a text and what is struck out, as the log's reader judges it."""
    said = sentences(text)
    act = Act(episode="e", turn=1, facts={}, sentences=tuple(said))
    bare = RuleSet(rules=tuple(_always(rule) for rule in rules))
    found = [(one.rule.id, one.by) for one in broken(bare, act)]
    by_sentence = dict(reversed([(by, id_) for id_, by in found]))
    kept = [one for one in said if one not in by_sentence]
    struck = [(rule.id, one) for rule in rules for one in said if by_sentence.get(one) == rule.id]
    return (" ".join(kept) if struck else text), struck


def _always(rule: Rule) -> Rule:
    fields = {name: getattr(rule, name) for name in Rule.__struct_fields__}
    return Rule(**{**fields, "when": (), "unless": ()})


@pytest.fixture(params=[2, 65_536], ids=["forgets", "remembers"])
def memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Memory of other examples is kept on purpose: it is what could go wrong."""
    monkeypatch.setattr(enforcing, "MOST_QUIET", request.param)
    monkeypatch.setattr(conduct, "MOST_KNOWN", request.param)
    yield


@pytest.mark.usefixtures("memory")
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts())
def test_the_same_sentences_are_struck_out_as_by_looking_at_all(text: str) -> None:
    passed, struck = slowly(text, SPOKEN)
    for _ in range(2):
        speech = SpeechRules(rules=SPOKEN)
        assert not (speech.passes(text) and struck)
        found = speech.let_through(text)
        assert (found.text, list(map(tuple, found.withheld))) == (passed, struck)


def test_looking_at_all_strikes_out_what_breaks_each_rule() -> None:
    """Negative control: the comparison is not of nothing with nothing."""
    assert set(BREAKING) == {rule.id for rule in SPOKEN}
    for id_, said in BREAKING.items():
        assert slowly(f"It is a lamp. {said}", SPOKEN) == ("It is a lamp.", [(id_, said)])


def test_a_word_that_is_cut_where_a_sentence_is_too_long_is_looked_at_as_by_the_reader() -> None:
    """What is read of this sentence ends "only today", which the quick look did not find."""
    said = f"{LONG[: LONGEST_SENTENCE - len(' only today')]} only todays lamp."
    assert [rule for rule, _ in slowly(said, SPOKEN)[1]] == ["false-urgency"]
    assert [one.rule for one in SpeechRules(rules=SPOKEN).let_through(said).withheld] == [
        "false-urgency"
    ]


@pytest.mark.usefixtures("memory")
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts())
def test_the_same_is_heard_as_by_listening_to_every_sentence(text: str) -> None:
    listened = built_in().heard
    names = {
        name
        for name, phrases in listened.items()
        for piece in text.split(". ")
        for one in sentences(piece)
        if heard(one, phrases)
    }
    for _ in range(2):
        found = Heard(ear_for(listened))
        found.listen(text, 3)
        assert found.facts(5) == {f"turns_since_{name}": 2 for name in names}


def test_something_is_heard() -> None:
    """Negative control of the test before."""
    assert set(ear_for(built_in().heard).hears(" ".join(ASKING))) == set(built_in().heard)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60) | texts())
def test_words_are_those_of_the_expression(text: str) -> None:
    text = text[:LONGEST_SENTENCE]
    assert words_of(text) == [word.encode() for word in re.findall(r"\w+", normal(text))]


FACTS = (
    "average_rating",
    "rating_number",
    "seller_is_person",
    "shown",
    "selected",
    "selected_for_turns",
    "turns_since_refused",
    "turns_since_dealbreaker",
    "turns_since_asked_if_machine",
    "no_rule_asks_for_this",
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(FACTS), st.booleans() | st.integers(0, 5)))
def test_what_is_left_to_a_seller_is_as_by_asking_every_rule(facts: dict[str, int]) -> None:
    rules = built_in()
    bound = [
        tuple(rule for rule in rules.at(where, "mask") if binds(rule, facts))
        for where in ("option", "text")
    ]
    expected = Allowed(bound[0], SpeechRules(rules=bound[1]))
    assert enforced(rules.rules).allowed(facts) == expected
    assert Enforced(rules.rules).allowed(facts) == expected
