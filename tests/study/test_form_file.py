"""The form of a study: what a file may say, what is right, and which file is refused."""

from __future__ import annotations

from typing import Any

import pytest

from retailsim.sim.study.errors import BadStudy
from retailsim.sim.study.form_file import Asked, StudyForm, fields_of, read_form

CHOICE = 'name = "a"\nlabel = "A?"\nkind = "choice"\noptions = ["x", "y"]\n'


def form(text: str) -> StudyForm:
    return read_form(text, "form.toml")


def check(kind: str, right: str, more: str = "") -> Asked:
    """One check, whose right answer is TOML."""
    asked = f'[[checks]]\nname = "a"\nlabel = "A?"\nkind = "{kind}"\nright = {right}\n{more}'
    return form(asked).checks[0]


def test_nothing_in_a_file_is_an_empty_form() -> None:
    assert form("") == StudyForm()
    assert StudyForm().limits.tries == 2 and StudyForm().limits.misses == 1


@pytest.mark.parametrize(
    ("asked", "right", "wrong"),
    [
        (check("text", '"Blue"'), [" blue ", "BLUE"], ["blue!", "", None]),
        (check("text", '["blue", "navy"]'), ["Navy", "blue"], ["red"]),
        (check("number", "15"), [15], [14, None, True]),
        (check("number", "1"), [1], [True]),
        (check("stars", "5", "most = 5"), [5], [4]),
        (check("yes or no", "false"), [False], [True, None, 0]),
        (check("choice", '"x"', 'options = ["x", "y"]'), ["x"], ["y", None]),
        (
            check("choices", '["x", "y"]', 'options = ["x", "y", "z"]'),
            [("y", "x"), ["x", "y"]],
            [("x",), ("x", "y", "z"), None],
        ),
    ],
)
def test_what_is_right(asked: Asked, right: list[Any], wrong: list[Any]) -> None:
    assert [one for one in right if not asked.is_right(one)] == []
    assert [one for one in wrong if asked.is_right(one)] == []


def test_items_are_fields() -> None:
    found = form(
        "[limits]\ntries = 3\nmisses = 0\n"
        '[[between]]\nafter = [2]\nname = "b"\nlabel = "B?"\nkind = "stars"\nmost = 5\n'
        f"[[questions]]\n{CHOICE}"
        '[[questions]]\nname = "c"\nlabel = "C?"\nonly_if = { a = "x" }\noptional = true\n'
        '[[questions]]\nname = "d"\nlabel = "D?"\nonly_if = { a = ["x", "y"] }\n'
    )
    assert (found.limits.tries, found.limits.misses) == (3, 0)
    assert found.after(1) == () and [one.field.name for one in found.after(2)] == ["b"]
    a, c, d = fields_of(found.questions)
    assert [(one.value, one.label) for one in a.options] == [("x", "X"), ("y", "Y")]
    assert c.only_if == ("a", ("x",)) and d.only_if == ("a", ("x", "y")) and c.optional
    assert c.most == 4_000, "a text has bounds"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[questions", "is not TOML"),
        ("[limits]\ntries = 0", "limits.tries"),
        ("[[check]]", "check: unknown key; did you mean checks"),
        ('[[questions]]\nname = "A b"\nlabel = "?"', r"questions\[0\].name"),
        (f"[[questions]]\n{CHOICE}[[between]]\n{CHOICE}", "a: two items have this name"),
        (f"[[checks]]\n{CHOICE}", "checks.a: right: a check needs the answer"),
        (f'[[checks]]\n{CHOICE}right = "z"', "checks.a: right: .* please choose one of X, Y"),
        (f"[[questions]]\n{CHOICE}after = [1]", "questions.a: after: is only for items between"),
        (f'[[questions]]\n{CHOICE}only_if = {{ b = "x" }}', "only_if: no item before this one"),
        (f"[[questions]]\n{CHOICE}only_if = {{}}", r"questions\[0\].only_if"),
        ('[[questions]]\nname = "a"\nlabel = "?"\noptions = ["x"]', "options: choice, choices"),
        ('[[questions]]\nname = "a"\nlabel = "?"\nkind = "choice"', "options: choice, choices"),
        (
            '[[questions]]\nname = "a"\nlabel = "?"\nkind = "number"\nleast = 3\nmost = 2',
            "3 is above 2",
        ),
        ('[[questions]]\nname = "a"\nlabel = "\\u0000"', "the character NUL"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(text: str, said: str) -> None:
    with pytest.raises(BadStudy, match=r"^form.toml: ") as error:
        form(text)
    assert error.match(said)
    assert "\n" not in str(error.value)
