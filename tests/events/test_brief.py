"""What a user gave is quoted in a line, but never a megabyte of it."""

from __future__ import annotations

from retailsim.events.brief import brief
from retailsim.events.errors import RetailSimError


def test_lines_that_people_write_stay_as_they_are() -> None:
    line = f"cannot read the catalogue /{'a/' * 240}x.csv: there is no such file"
    assert brief(line) == line


def test_a_megabyte_in_a_word_is_left_out_between_its_ends() -> None:
    line = str(RetailSimError(f"cannot read {'x' * 2**20}.csv: name a file"))
    assert line.startswith("cannot read xxx")
    assert "... (1,048,181 characters) ..." in line
    assert line.endswith("x.csv: name a file")
    assert len(line) < 600


def test_a_megabyte_of_words_is_left_out_between_its_ends() -> None:
    line = str(RetailSimError(f"no seat {'ab ' * 2**20}: correct it"))
    assert line.startswith("no seat ab ab")
    assert line.endswith("ab : correct it")
    assert len(line) < 4_000
