"""docs/commands.md names every command with its options, and no other."""

from __future__ import annotations

import re

import click
import pytest

from retailsim.sim.cli import main
from tests.sim.runs import ROOT

PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
COMMANDS = {name: command for name, command in main.commands.items() if not command.hidden}


def parts(command: click.Command) -> list[click.Command]:
    """A command and those below it."""
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return [command, *(part for one in below for part in parts(one))]


def params(command: click.Command) -> list[click.Parameter]:
    return [param for part in parts(command) for param in part.params]


def options(command: click.Command) -> set[str]:
    """The long options of a command and of those below it."""
    found = params(command)
    names = {name for option in found for name in (*option.opts, *option.secondary_opts)}
    return {name for name in names if name.startswith("--")}


def test_every_command_has_a_line() -> None:
    table = PAGE.split("## ")[0]
    assert set(re.findall(r"^\| `(\w+)", table, re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_is_named(name: str) -> None:
    assert options(COMMANDS[name]) <= set(re.findall(r"--[a-z-]+", PAGE))


def test_every_option_named_is_there() -> None:
    known = {option for command in COMMANDS.values() for option in options(command)}
    assert set(re.findall(r"--[a-z]+(?:-[a-z]+)*", PAGE)) <= known | {"--help", "--version"}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_says_what_it_is_for(name: str) -> None:
    for option in params(COMMANDS[name]):
        if isinstance(option, click.Option):
            assert option.help, option.name
