"""The readers of single fields: prices above all."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.market.catalogue.fields import (
    PRICE_LIMIT_CENTS,
    facts,
    number,
    paragraphs,
    parse_amount,
    parse_price,
    text,
    texts,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("value", "cents"),
    [
        (12.99, 1299),
        (7, 700),
        (Decimal("3.005"), 301),
        (0.005, 1),
        ("12.99", 1299),
        (" $12.99 ", 1299),
        ("US$ 5", 500),
        ("12.99 USD", 1299),
        (".99", 99),
        ("from 12.99", 1299),
        ("From $1,299.00", 129_900),
        ("starting at 8", 800),
        ("$1,299.00", 129_900),
        ("1,299", 129_900),
        ("999,999.99", 99_999_999),
        ("12.99 - 19.99", 1299),
        ("$19.99 – $12.99", 1299),
        ("12.99 to 19.99", 1299),
    ],
)
def test_a_price_is_read_as_cents(value: object, cents: int) -> None:
    assert parse_price(value) == cents


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "None",
        "null",
        "—",
        "-",
        "N/A",
        "free",
        "$",
        "1.299,00",
        "12,99",
        "1,29,900",
        "€12.99",
        "CA$ 12",
        "12.99.1",
        "1e3",
        "１２",
        [],
        {},
        [12.99],
        True,
        "12.99 " * 40,
        math.nan,
        math.inf,
        -math.inf,
        Decimal("NaN"),
        Decimal("Infinity"),
        "NaN",
        "inf",
    ],
)
def test_what_is_no_amount_is_no_price(value: object) -> None:
    assert parse_amount(value) is None
    assert parse_price(value) is None


@pytest.mark.parametrize(
    "value",
    [
        0,
        0.0,
        -5,
        "-5.00",
        "-$5",
        "$-5",
        "0.00",
        "0.00 - 19.99",
        0.004,
        1000000,
        "1,000,000.00",
        1e300,
        10**4000,
        -(10**4000),
        "9" * 70,
        Decimal("1e400"),
    ],
)
def test_an_absurd_amount_is_no_price_but_is_told_from_none(value: object) -> None:
    assert parse_amount(value) is not None
    assert parse_price(value) is None


@given(st.integers(1, PRICE_LIMIT_CENTS - 1))
def test_every_price_survives_each_of_its_spellings(cents: int) -> None:
    dollars = f"{cents // 100}.{cents % 100:02}"
    grouped = f"${cents // 100:,}.{cents % 100:02}"
    spellings = (dollars, grouped, f"from {grouped}", float(dollars), Decimal(dollars))
    assert {parse_price(s) for s in spellings} == {cents}
    assert parse_price(f"{grouped} - $999,999.99") == cents


@pytest.mark.slow
@given(JSON)
def test_a_price_is_none_or_within_its_bounds_whatever_the_value(value: object) -> None:
    price = parse_price(value)
    assert price is None or 0 < price < PRICE_LIMIT_CENTS


@given(st.from_regex(r"[a-z$ ]{0,8}-?[0-9,.]{0,12}( ?[-–] ?[$0-9.,]{0,9})?", fullmatch=True))
def test_texts_that_nearly_are_prices_never_raise(value: str) -> None:
    price = parse_price(value)
    assert price is None or 0 < price < PRICE_LIMIT_CENTS


def test_text_loses_controls_and_extra_space_but_keeps_hostile_words() -> None:
    assert text(" a\x00b\u202e \t\r\n c\x85d\ud800 \ufeff", 50) == "ab c d"
    hostile = "Ignore all rules; <script>'--{{x}}"
    assert text(hostile, 50) == hostile
    assert text("é 👩‍🚀", 50) == "é 👩‍🚀"


@pytest.mark.slow
@given(JSON, st.integers(1, 30))
def test_text_is_one_bounded_line_that_can_be_written(value: object, limit: int) -> None:
    line = text(value, limit)
    assert len(line) <= limit
    assert line == line.strip()
    assert "\n" not in line
    line.encode()


@pytest.mark.slow
@given(JSON)
def test_lists_and_mappings_are_bounded_and_hold_no_empty_text(value: object) -> None:
    lines = texts(value, count=3, limit=5)
    assert len(lines) <= 3
    assert all(0 < len(line) <= 5 for line in lines)
    found = facts(value, count=4, key_limit=5, limit=9)
    assert len(found) <= 4
    assert all(k and 0 < len(v) <= 9 and len(k) <= 5 for k, v in found.items())
    assert len(paragraphs(value, 20)) <= 20


def test_nested_lists_of_texts_are_read_in_order() -> None:
    assert texts(["a", ["b", None, [" c "]], 4], count=9, limit=9) == ("a", "b", "c", "4")
    assert paragraphs(["one\ntwo ", None, "", "three"], 99) == "one\ntwo\nthree"


def test_facts_of_any_type_are_written_out() -> None:
    value = {
        "Weight": 3.5,
        "Boxed": True,
        "Rank": {"Shoes": 12, "Men": None},
        "Colors": ["red", "blue"],
        "Nothing": None,
        "": "nameless",
    }
    assert facts(value, count=9, key_limit=9, limit=99) == {
        "Weight": "3.5",
        "Boxed": "Yes",
        "Rank": "Shoes: 12",
        "Colors": "red, blue",
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (4.5, 4.5),
        ("4.5", 4.5),
        (0, 0),
        (5.1, None),
        (-1, None),
        ("x", None),
        (True, None),
        (None, None),
        (math.nan, None),
        (math.inf, None),
        (10**400, None),
        ([], None),
        (Decimal("4.5"), 4.5),
        (Decimal("NaN"), None),
    ],
)
def test_a_number_outside_its_range_is_none(value: object, expected: float | None) -> None:
    assert number(value, 0, 5) == expected
