"""Files and options of parameters that hold what no number can be; each is refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from retailsim.agents.csales.behavioral.parameters import parameters_of
from retailsim.agents.errors import BadOption
from retailsim.agents.parameter_files import not_finite
from retailsim.agents.retail.behavioral.parameters import load_parameters


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[buyer.choice]\nprice = nan\n", "buyer.choice.price: must be a finite number"),
        ("[buyer.choice]\nintercept = -inf\n", "buyer.choice.intercept: must be a finite"),
        ("[buyer.inquiry]\ntopics = [0.1, nan, 0.1, 0.1]\n", "buyer.inquiry.topics: must be a"),
        ("[buyer.choice]\ntaste_sd = -1.0\n", ">= 0.0 - at `$.buyer.choice.taste_sd`"),
        ("[buyer.quantity]\nmany = 10000000000\n", "<= 20 - at `$.buyer.quantity.many`"),
        ('base = ["field"]\n', "base = ['field'] is not one of paper, field"),
        ("x = " + "[" * 50_000, "nested too deeply"),
        ("[buyer.choice]\nprice = " + "9" * 6000, "thousands of digits"),
    ],
)
def test_a_file_is_refused_in_one_line(text: str, told: str, tmp_path: Path) -> None:
    place = tmp_path / "parameters.toml"
    place.write_text(text)
    with pytest.raises(BadOption) as refused:
        load_parameters(str(place))
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_of_plain_numbers_is_taken(tmp_path: Path) -> None:
    place = tmp_path / "parameters.toml"
    place.write_text('base = "field"\n[buyer.choice]\nprice = 2.0\ntaste_sd = 0.0\n')
    assert load_parameters(str(place)).buyer.choice.price == 2.0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_tables_among_the_options_of_a_sales_buyer_are_finite(value: float) -> None:
    table, key = TABLE
    with pytest.raises(BadOption, match=rf"{table}\.{key}: must be a finite number"):
        parameters_of({table: {key: value}}, "buyer:ann")
    parameters_of({table: {key: 1.0}}, "buyer:ann")


TABLE = ("surplus", "weight")


def test_the_first_number_that_is_none_is_named() -> None:
    tables: dict[str, Any] = {"a": {"b": [1.0, 2.0], "c": {"d": [float("nan")]}}, "e": "text"}
    assert not_finite(tables) == "a.c.d"
    assert not_finite({"a": {"b": 1, "c": "nan"}}) is None
