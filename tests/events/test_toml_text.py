"""TOML from outside is a table or one clear error, whatever somebody writes."""

from __future__ import annotations

import tomllib

import pytest

from retailsim.events.toml_text import DEEPEST, parse_toml


def test_what_is_meant_is_taken() -> None:
    seeds = "seed = 99999999999999999999\nmany = [[1, 2], [3.5]]\n[a.b.c]\nd = true\n"
    assert parse_toml(seeds) == tomllib.loads(seeds)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = " + "[" * 50_000, "nested too deeply"),
        ("x = " + "[" * 300 + "]" * 300, "nested too deeply"),
        (f"[{'.'.join('a' * 3000)}]", "nested too deeply"),
        ("x = " + "9" * 6000, "thousands of digits"),
        ("x = 0x" + "f" * 6000, "hundreds of digits"),
        ("x = [[0x" + "f" * 6000 + "]]", "hundreds of digits"),
        ("x = ", "Invalid value"),
    ],
)
def test_what_nobody_means_is_refused(text: str, told: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError, match=told):
        parse_toml(text)


@pytest.mark.parametrize(("levels", "goes"), [(DEEPEST - 1, True), (DEEPEST, False)])
def test_the_last_level_that_goes(levels: int, goes: bool) -> None:
    text = f"[{'.'.join('a' * levels)}]"
    if goes:
        assert parse_toml(text) == tomllib.loads(text)
    else:
        with pytest.raises(tomllib.TOMLDecodeError):
            parse_toml(text)
