"""The tutorials: each does what it says, and shows what its commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sim.ports import free_port
from tests.sim.runs import ROOT
from tests.site.page_steps import Attempts, CommandStep, FileStep, Reader, differs, steps, typed

TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("[!i]*.md"))


@pytest.mark.slow
@pytest.mark.timeout(1800)  # up to a dozen commands, which take minutes where every core is busy
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_can_be_followed_literally(tmp_path: Path, page: Path) -> None:
    reader = Reader(tmp_path, free_port())
    compared, shown, there = 0, Attempts(), Attempts()
    text = page.read_text(encoding="utf-8")
    try:
        for step in steps(text):
            if isinstance(step, FileStep):
                reader.write(step)
                continue
            said = [reader.type(line) for line in step.lines]
            printed = "".join(one.text for one in said)
            unheard = [warning for one in said for warning in one.unheard(text)]
            assert not unheard, f"{step.lines[-1]}\nwarns, and the page shows it not: {unheard}"
            if step.shown is not None:
                compared += 1
                missing = differs(shown.numbered(step.shown), there.numbered(printed))
                assert missing is None, f"{step.lines[-1]}\n{missing}\n\n{printed}"
    finally:
        reader.leave()
    assert compared >= 4


def test_there_is_a_tutorial_for_each_reader() -> None:
    assert [page.stem for page in TUTORIALS] == [
        "agent-author",
        "cluster-operator",
        "policy-learner",
        "researcher",
        "shop-analyst",
    ]


PAGE = """\
Write this into `a/b.toml`:

```toml
x = 1
```

A block that is no file:

```toml
y = 2
```

    first --option \\
        value
    second

```
shown
```

    third

Words.
"""


def test_a_page_is_read_as_steps() -> None:
    assert list(steps(PAGE)) == [
        FileStep("a/b.toml", "x = 1\n"),
        CommandStep(("first --option value", "second"), "shown\n"),
        CommandStep(("third",), None),
    ]
    assert typed("    one\n\n    two\n") == ("one", "two")


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ("a\nb\nc\n", None),
        ("[...]\nb\nc\n", None),
        ("a\n[...]\nc\n", None),
        ("a\n[...]\n", None),
        ("a\nc\n", "c"),
        ("a\nb\n", "c (printed, and not shown)"),
        ("[...]\nc\n[...]\nb\n", "b"),
        ("a\nb\nc\nd\n", "d"),
    ],
)
def test_what_is_shown_is_what_is_printed(shown: str, found: str | None) -> None:
    assert differs(shown, "a  \n\nb\nc\n") == found


def test_attempts_that_differ_stand_apart_on_a_page() -> None:
    """Drawn anew, they are told by their order; one that is named again has its number again."""
    page, there = Attempts(), Attempts()
    assert page.numbered("0: a1-7f3c90aa") == there.numbered("0: a1-11111111") == "0: a1-#0"
    assert page.numbered("1: a1-7f3c90aa") != there.numbered("1: a1-22222222")
    assert page.numbered("0: a1-7f3c90aa") == there.numbered("0: a1-11111111")


@pytest.mark.slow
def test_a_warning_that_a_page_does_not_show_is_found(tmp_path: Path) -> None:
    """Of a setting without effect, for one; and the same behind a function of the shell."""
    line = "python -m sim experiment price-demand --plan"
    no_effect = "warning: products.per_category has no effect with products.ids"
    reader = Reader(tmp_path, 0)
    (tmp_path / "try.sh").write_text(f'try() {{ {line} --set products.per_category=1 "$@"; }}\n')
    assert reader.type(line).unheard("") == []
    said = reader.type(". ./try.sh; try")
    assert said.unheard("A page without it.") == [no_effect]
    assert said.unheard(f"A page with it:\n\n```\n{no_effect}\n```\n") == []


@pytest.mark.slow
def test_a_command_that_fails_fails_the_page(tmp_path: Path) -> None:
    reader = Reader(tmp_path, 0)
    with pytest.raises(AssertionError, match="nothing-there"):
        reader.type("python -m sim replay nothing-there")
    with pytest.raises(AssertionError):
        reader.type("false | true")
