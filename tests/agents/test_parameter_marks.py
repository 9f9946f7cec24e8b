"""What the data file marks as fitted is what the calibration files fit, and nothing else."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import pytest

DATA = (files("retailsim.agents.data") / "behavioral.toml").read_text("utf-8")
FIELD = (files("retailsim.agents.data") / "behavioral-field.toml").read_text("utf-8")
REFERENCE = "buyer.gender_fit.unisex.female"
"""The group that the others are compared to: 0, and in no calibration."""
WORDS = (
    "# Of every pole of buyers, shift and rating are [F]; of sellers, overclaim of the emotional.\n"
)


def numbers(tree: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Dotted paths of all numbers below a table."""
    for key, value in tree.items():
        path = f"{above}.{key}" if above else key
        if isinstance(value, dict):
            yield from numbers(value, path)
        elif isinstance(value, int | float):
            yield path


def marked(text: str) -> set[str]:
    """Keys that a file marks [F]: on their own line, on their table's, or by the words on poles."""
    table, whole, found = "", False, set[str]()
    for line in text.splitlines():
        code, _, comment = line.partition("#")
        if head := re.fullmatch(r"\[([^\]]+)\]\s*", code):
            table, whole = head[1], "[F]" in comment
        elif pair := re.match(r"(\w+) = (.+)", code):
            path = f"{table}.{pair[1]}"
            own = tomllib.loads(code)
            poled = WORDS in text and (
                (table.startswith("buyer.poles.") and pair[1] in ("shift", "rating"))
                or path == "seller.poles.emotional.overclaim"
            )
            if whole or "[F]" in comment or poled:
                found |= set(numbers(own, table))
    return found - {REFERENCE}


def fitted() -> set[str]:
    """Keys of the data file that calibrations move; the others are options of scenarios."""
    keys = set[str]()
    for name in ("published", "stand-ins"):
        text = (files("retailsim.sim.calibration") / f"{name}.toml").read_text("utf-8")
        keys |= {one["key"] for one in tomllib.loads(text)["parameters"]}
    return {key for key in keys if ":" not in key}


def test_the_marks_are_the_calibrations() -> None:
    assert marked(DATA) == fitted()
    assert len(fitted()) > 20
    assert fitted() <= set(numbers(tomllib.loads(DATA)))


def test_the_reference_group_is_left_at_nothing() -> None:
    assert tomllib.loads(DATA)["buyer"]["gender_fit"]["unisex"]["female"] == 0.0


def test_nothing_of_the_set_for_people_is_fitted() -> None:
    assert "[F]" not in FIELD


@pytest.mark.parametrize(
    ("was", "would_be"),
    [("price = 1.1               # [R]", "price = 1.1 # [F]"), (WORDS, ""), ("pictures [F]", "")],
)
def test_a_mark_too_many_or_too_few_is_noticed(was: str, would_be: str) -> None:
    """The control."""
    assert DATA.count(was) == 1
    assert marked(DATA.replace(was, would_be)) != fitted()


def test_what_is_quoted_from_memory_says_so() -> None:
    """Neither is a published figure that anybody here has looked up."""
    for text, names in ((DATA, ("Gupta",)), (FIELD, ("Bell, Chiang",))):
        lines = text.splitlines()
        for name in names:
            (at,) = (number for number, line in enumerate(lines) if name in line)
            assert "from memory, unchecked" in " ".join(lines[at - 1 : at + 2])
