"""What to do about a catalogue, in the words of the command that could not read it."""

from __future__ import annotations

import shlex

import click

from retailsim.market.errors import NamedSettings, Setting, UnknownColumn
from retailsim.sim.cli.options import ScenarioSettings


def in_words_of(command: click.Command | None, error: NamedSettings) -> str:
    """Return the line of an error, with settings as they are typed behind a command.

    A command that writes a scenario has options of its own, as `new` has ``--currency EUR``; others
    take ``--set products.currency=EUR``. Where a command takes neither, or the settings are what
    somebody wrote, maybe into the scenario, they are told as they stand there.
    """
    taken = [] if command is None else command.params
    options = {name for one in taken for name in one.opts}

    def own(setting: Setting) -> str:
        table, _, key = setting.key.partition(".")
        if table == "columns":
            return f"--column {shlex.quote(f'{key}={setting.value}')}"
        return f"--{table} {shlex.quote(setting.value)}"

    def set_(setting: Setting) -> str:
        return f"--set {shlex.quote(f'products.{setting.key}={setting.value}')}"

    if all(own(one).split()[0] in options for one in error.settings):
        return error.said(own)
    wanted = not isinstance(error, UnknownColumn)
    if wanted and any(isinstance(one, ScenarioSettings) for one in taken):
        return error.said(set_)
    return str(error)
