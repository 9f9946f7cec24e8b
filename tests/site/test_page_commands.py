"""Every command of every page is understood by the program's parser, and done by a test."""

from __future__ import annotations

import ast
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from retailsim.sim.cli import main
from tests.sim.runs import ROOT
from tests.site.page_plays import PLAYS
from tests.site.page_steps import CommandStep, steps

PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
}
PROGRAM = re.compile(r"^(?:[A-Z_]+=\S+ )*(?:\S*python3? -m sim|retailsim) (.*)$")
STARTED = re.compile(r"^(?:exec|xargs(?: -\S+(?: \d+)?)*) ")

PLAYED = {
    "docs/agent-over-http.md": "tests/wire/test_wire_examples.py",
    "docs/export.md": "tests/export/test_export_page.py",
    "docs/first-model-run.md": "tests/test_first_model_run.py",
    "docs/migration.md": "tests/site/test_migration.py",
    "docs/shop-questions.md": "tests/test_shop_questions.py",
    "docs/writing-an-agent.md": "tests/test_examples.py",
    **{name: "tests/site/test_tutorials.py" for name in PAGES if "/tutorials/" in name},
    **dict.fromkeys(PLAYS, "tests/site/test_pages_played.py"),
}
"""Pages whose commands a test does."""


def typed(page: str) -> Iterator[str]:
    """What a page has its reader type, but for what belongs to the shell."""
    for step in steps(PAGES[page]):
        if isinstance(step, CommandStep):
            for line in step.lines:
                yield from _parts(line)


def _parts(line: str) -> Iterator[str]:
    lexer = shlex.shlex(line, posix=False, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    part: list[str] = []
    try:
        words = list(lexer)
    except ValueError:  # no command but a text with an apostrophe
        return
    for word in [*words, ";"]:
        if set(word) <= set("|&;<>"):
            yield " ".join(part)
            part = []
        else:
            part.append(word)


def commands(page: str) -> Iterator[str]:
    """Yield what a page has its reader type to the program: the words behind its name."""
    for line in typed(page):
        match = PROGRAM.match(STARTED.sub("", line))
        if match is not None:
            yield match[1]


def understood(line: str) -> str | None:
    """Return what the program's own parser says against a command; nothing is run."""
    match = PROGRAM.match(line)
    if match is None:
        return None
    try:
        command: click.Command = main
        words = shlex.split(match[1])
        context = click.Context(main, info_name="sim")
        while isinstance(command, click.Group):
            name, found, words = command.resolve_command(context, words)
            assert found is not None
            command, context = found, click.Context(found, parent=context, info_name=name)
        command.make_parser(context).parse_args(words)
    except click.UsageError as error:
        return error.format_message()
    return None


@pytest.mark.parametrize("page", PAGES)
def test_the_parser_understands_each_command(page: str) -> None:
    for line in typed(page):
        assert understood(line) is None, f"{line}: {understood(line)}"


def test_the_parser_refuses_what_is_wrong() -> None:
    """The control: a wrong command, a wrong option, an option without its value."""
    assert understood("python -m sim launch csales --seed 3 --set a.b=c") is None
    assert understood("retailsim policy learn csales --out learnt.json") is None
    assert "lunch" in (understood("python -m sim lunch") or "")
    assert "--sead" in (understood("python -m sim launch --sead 3") or "")
    assert "argument" in (understood("python -m sim launch --seed") or "")
    assert list(_parts("seq 1 3 | xargs python -m sim shard runs/big > x")) == [
        "seq 1 3",
        "xargs python -m sim shard runs/big",
        "x",
    ]


def test_every_page_with_commands_is_played() -> None:
    with_commands = {page for page in PAGES if any(PROGRAM.match(line) for line in typed(page))} - {
        "CHANGELOG.md"
    }
    assert with_commands <= set(PLAYED)
    for page, test in PLAYED.items():
        assert page in PAGES and (ROOT / test).is_file(), page


FENCES = re.compile(r"^```(python|toml|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [page for page in PAGES if page != "docs/api.md"])
def test_each_block_of_code_is_of_its_language(page: str) -> None:
    """docs/api.md has signatures, which are none."""
    for language, text in FENCES.findall(PAGES[page]):
        match language:
            case "python":
                compile(text, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            case "toml":
                tomllib.loads(text)
            case _:
                json.loads(text)


def test_the_pages_are_those_of_the_project() -> None:
    assert Path(ROOT / "README.md").name in PAGES and len(PAGES) > 80
