"""Help pages: commands under headings, no summary cut off, an example that works for each."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from retailsim.sim.cli import main
from retailsim.sim.cli.help_page import summary
from retailsim.sim.cli.program import HEADINGS
from retailsim.sim.execution.workers import worker_environment
from retailsim.sim.terminal.program_name import VARIABLE, program_name

NAMES = ("retailsim", "python -m sim")


def everything(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    """The words that lead to a command and to those below it."""
    yield path
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            if not below.hidden:
                yield from everything(below, *path, name)


COMMANDS = list(everything(main))
GROUPS = [(), ("annotate",), ("agents",), ("profiles",), ("policy",)]


def at(path: tuple[str, ...]) -> click.Command:
    command: click.Command = main
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    return command


def help_of(path: tuple[str, ...], called: str = "retailsim") -> str:
    """The help page of a command on a terminal of 80 columns."""
    result = CliRunner().invoke(main, [*path, "--help"], prog_name=called, env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    return result.stdout


def parsed(words: list[str]) -> tuple[str, ...]:
    """Read words as the program would, without running anything; return the command's path."""
    command: click.Command = main
    path: tuple[str, ...] = ()
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        path += (words[0],)
        command, words = command.commands[words[0]], words[1:]
    command.make_context(" ".join(path), words)
    return path


def test_every_command_stands_under_one_heading() -> None:
    listed = [str(command.name) for commands in HEADINGS.values() for command in commands]
    shown = [name for name, command in main.commands.items() if not command.hidden]
    assert sorted(listed) == sorted(shown)
    page = help_of(())
    assert re.findall(r"^(\w+):$", page, re.MULTILINE) == ["Options", *HEADINGS, "Example"]


@pytest.mark.parametrize("path", GROUPS)
def test_no_summary_is_cut_off(path: tuple[str, ...]) -> None:
    group = at(path)
    assert isinstance(group, click.Group)
    lines = help_of(path).splitlines()
    for name, command in group.commands.items():
        if not command.hidden:
            said = [line for line in lines if re.match(rf"  {name} ", line)]
            assert len(said) == 1
            assert said[0].split(maxsplit=1)[1] == summary(command)
            assert summary(command).endswith(".")
            assert len(said[0]) <= 80
    assert "..." not in "\n".join(lines[1:])


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_ends_with_an_example_on_one_line(path: tuple[str, ...]) -> None:
    for called in NAMES:
        *_, heading, example = help_of(path, called).rstrip().splitlines()
        assert heading == "Example:"
        assert re.match(rf"  {called} {' '.join(path)}\b", example)
        assert len(example) <= 80


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_example_parses(path: tuple[str, ...]) -> None:
    example = help_of(path).rstrip().splitlines()[-1]
    found = parsed(shlex.split(example.removeprefix("  retailsim ")))
    assert found[: len(path)] == path


def test_an_example_with_an_unknown_option_would_not_parse() -> None:
    with pytest.raises(click.NoSuchOption):
        parsed(["launch", "--nope"])


@pytest.mark.slow
def test_a_line_that_says_what_to_type_names_the_program_as_it_was_called(tmp_path: Path) -> None:
    """See `program_name`: what `launch` says at its end can be typed again."""
    for number, called in enumerate(NAMES):
        out = f"{tmp_path}/{number}"
        words = ["launch", "--set", "products.per_category=1", "--out", out]
        result = CliRunner().invoke(main, words, prog_name=called)
        assert f"its report: {called} report {out}\n" in result.stderr


def test_from_python_the_program_is_called_retailsim() -> None:
    assert program_name() == "retailsim"


def test_a_worker_calls_the_program_as_the_person_did(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last line may say how to resume; the worker itself was started by another name."""
    with main.make_context("python -m sim", ["launch"]):
        told = worker_environment()
    monkeypatch.setenv(VARIABLE, told[VARIABLE])
    with main.make_context("python -m retailsim.sim", ["_worker"]):
        assert program_name() == "python -m sim"
