"""The claim reader, rule by rule: what it finds, what takes a match back, what it remembers."""

from __future__ import annotations

import re

import msgspec
import pytest

from retailsim.market.claims import reader
from retailsim.market.claims.quantities import quantities
from retailsim.market.claims.reader import Claim, hits_of, read, sentences
from retailsim.market.claims.rules import KINDS, load_rules, read_rules
from retailsim.market.claims.sheet import Sheet
from tests.claims.sets import SETS, labelled

LAMP = Sheet(
    "Aldane Brass Table Lamp, Green Shade | Brass base, 14 inches tall | Linen shade"
    " | Wattage: 9 W | Cord: 6 ft | Bulb: not included | Gluten: none",
    money_cents=(4_900, 500, 5_400),
    return_days=30,
    delivery_days=(2, 5),
    discount=0.1,
)


ARRIVING = "It arrives tomorrow."
SAVING = "It cuts your electricity bills."


def kinds(text: str, sheet: Sheet = LAMP) -> list[str]:
    return [claim.kind for claim in read(text, sheet)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("This is hands down the greatest lamp money can buy.", "superlative"),
        ("Nine in ten doctors recommend it.", "endorsement"),
        ("It cures headaches.", "effect"),
        ("It comes with a five year warranty.", "guarantee"),
        ("It is brighter than any other lamp.", "superlative"),
        ("It gives twice as much light as yours.", "comparison"),
        (SAVING, "comparison"),
        ("Today it is $19.00 only.", "price"),
        ("With 25% off it is a steal.", "price"),
        ("Shipping is free.", "price"),
        ("You can send it back within ninety days.", "price"),
        (ARRIVING, "price"),
        ("It stands 30 inches tall.", "number"),
        ("It is made of solid oak.", "fact"),
    ],
)
def test_each_kind_is_found(text: str, kind: str) -> None:
    assert kinds(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "The base is brass.",
        "It is fourteen inches tall, or 36 cm.",
        "It costs $49.00, and $54.00 with shipping.",
        "With 10% off it is a good price.",
        "You can send it back within thirty days.",
        "It arrives in two to five days.",
        "Is it the best lamp in the world?",
        "It may be the best lamp in the world.",
        "It is not the best lamp in the world.",
        "Somebody asked whether it is the best lamp in the world.",
        'The listing says "Brass base, 14 inches tall" and no more.',
        "I have sold lamps for thirty years.",
        "The best thing about tonight is that you are here.",
        "",
    ],
)
def test_what_is_no_claim_or_on_the_sheet_is_left_alone(text: str) -> None:
    assert read(text, LAMP) == ()


def test_a_claim_has_its_sentence_and_the_rule() -> None:
    text = "Hello, friends. It never breaks, guaranteed! Good night."
    assert read(text, LAMP) == (
        Claim("It never breaks, guaranteed!", "guarantee", "promise", "unsupported"),
    )
    assert read("It never breaks. Good night.", LAMP)[0].sentence == "It never breaks."


def test_what_the_sheet_denies_is_contradicted() -> None:
    assert read("The bulb is included.", LAMP)[0].verdict == "contradicted"
    assert read("It stands 30 inches tall.", LAMP)[0].verdict == "contradicted"
    assert read("It weighs 30 pounds.", LAMP)[0].verdict == "unsupported"


def test_one_claim_a_sentence_and_one_for_each_sentence() -> None:
    assert len(read("It is the best in the world, guaranteed, and cures colds.", LAMP)) == 1
    assert len(read("It is the best in the world. It cures colds.", LAMP)) == 2


def test_what_was_read_before_is_known_and_the_same() -> None:
    text = "It is the best in the world. The lamp is brass. It never breaks! And so on."
    fresh = Sheet("Aldane Brass Table Lamp")
    first = read(text, fresh)
    assert fresh.read_before
    assert read(text, fresh) == first
    reader._harmless.clear()
    hits_of.cache_clear()
    assert read(text, Sheet("Aldane Brass Table Lamp")) == first


def test_another_sheet_is_another_verdict() -> None:
    """What is remembered of one product is not said of the next."""
    text = "It is made of solid oak."
    assert kinds(text) == ["fact"]
    assert kinds(text, Sheet("Oak Table | Top: solid oak")) == []


@pytest.mark.parametrize("text", ["the " * 50_000, "best " * 20_000, "1 " * 20_000, '"' * 20_000])
def test_a_hostile_text_takes_no_time(text: str) -> None:
    """Sentences are read to a limit; the suite's own time limit is the test."""
    read(text, LAMP)


def test_sentences_keep_their_marks() -> None:
    assert sentences('Yes! He said "no." Why?\nSo it is') == [
        "Yes!",
        'He said "no."',
        "Why?",
        "So it is",
    ]


# -- quantities ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10 inches", [("length", 254.0)]),
        ("half a litre", [("volume", 500.0)]),
        ("an hour and twenty minutes", [("time", 4800.0)]),
        ("a pound and a half", [("weight", 680.4)]),
        ("thirty-four dollars", [("money", 3400.0)]),
        ("two hundred and fifty grams", [("weight", 250.0)]),
        ("$1,234.50", [("money", 123450.0)]),
        ("three lamps", [(None, 3.0)]),
        ("one of you", [(None, 1.0)]),
    ],
)
def test_a_quantity_is_in_one_unit(text: str, expected: list[tuple[str | None, float]]) -> None:
    found = quantities(text)
    assert [one.dimension for one in found] == [dimension for dimension, _ in expected]
    assert [one.value for one in found] == pytest.approx([v for _, v in expected], rel=1e-3)


def test_an_ounce_is_a_weight_and_a_volume() -> None:
    assert {one.dimension for one in quantities("12 oz")} == {"weight", "volume"}


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("36 cm", True),
        ("about 40 cm", True),
        ("40 cm", False),
        ("over 12 inches", True),
        ("less than 12 inches", False),
        ("14 feet", False),
    ],
)
def test_a_number_may_be_rounded_and_no_more(said: str, stands: bool) -> None:
    assert (read(f"It stands {said} tall.", LAMP) == ()) is stands


@pytest.mark.parametrize(
    ("said", "stands"),
    [("10 by 14 inches", True), ("12 to 14 inches", True), ("14 to 20 inches", False)],
)
def test_the_unit_of_a_list_is_a_guess_that_is_held_against_nobody(said: str, stands: bool) -> None:
    """Only the number beside the unit is judged; the others may be of something else."""
    assert (read(f"It stands {said} tall.", LAMP) == ()) is stands


# -- the rules -----------------------------------------------------------------------------


def test_every_rule_has_a_name_and_a_reason() -> None:
    rules = [ready.rule for ready in load_rules().ready]
    assert len({rule.name for rule in rules}) == len(rules)
    assert {rule.kind for rule in rules} == set(KINDS)
    assert all(re.fullmatch(r"[A-Z].*\.", rule.why) for rule in rules)


def test_every_rule_is_needed() -> None:
    """A rule that matches none of the labelled sentences is one that nobody tried."""
    said = [one.sentence for name in SETS for one in labelled(name)]
    met = {hit.rule.name for one in (*said, SAVING, ARRIVING) for hit in hits_of(one)}
    assert {ready.rule.name for ready in load_rules().ready} == met


def test_a_rule_out_of_form_is_refused() -> None:
    broken = """
    guards = {question = "a", doubt = "a", denial = "a", asked = "a"}
    synonyms = {groups = []}
    words = {}
    rule = [{name = "n", kind = "gossip", why = "W.", when = ["a"], pattern = "a", check = "words"}]
    """
    with pytest.raises(msgspec.ValidationError, match="gossip"):
        read_rules(broken)
