"""The program: its commands under their headings, and its errors as lines.

Every command imports what it needs when it runs, so that help is quick.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, TextIO

import click

from retailsim.events.brief import brief
from retailsim.sim.cli.annotate_commands import annotate
from retailsim.sim.cli.help_page import RUNNING, CommandGroup, CommandsByHeading
from retailsim.sim.cli.look_commands import catalog, compare, export, replay, report, studio
from retailsim.sim.cli.make_commands import agents, new, profiles, schema
from retailsim.sim.cli.people_commands import play, study
from retailsim.sim.cli.polars_memory import spare_memory
from retailsim.sim.cli.policy_commands import policy
from retailsim.sim.cli.run_commands import (
    gather,
    import_,
    launch,
    resume,
    shard,
    verify,
)
from retailsim.sim.cli.study_commands import (
    backtest,
    calibrate,
    experiment,
    infer,
    plan,
    sweep,
)

HEADINGS: Mapping[str, Sequence[click.Command]] = {
    "Run": (launch, resume, shard, gather, verify, import_, play, study),
    "Look": (replay, report, compare, export, catalog, studio),
    "Ask": (experiment, sweep, plan, backtest, infer, annotate, calibrate, policy),
    "Make": (new, agents, profiles, schema),
}


class _Program(CommandGroup):
    """Turns every error that a user can cause into one line and an exit status."""

    def by_heading(self) -> CommandsByHeading:
        return HEADINGS

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        try:
            return super().make_context(info_name, args, parent, **extra)
        except KeyboardInterrupt:  # while the words of the command line are read
            click.echo("interrupted: nothing was begun", err=True)
            raise click.exceptions.Exit(3) from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _warned
                return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except BrokenPipeError:
            # Whoever read our output has seen enough; Python must not complain at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(3)
        except Exception as error:  # noqa: BLE001 - turned into a line and a status
            from retailsim.market.errors import NamedSettings
            from retailsim.sim.error_line import folds, line_and_status, root

            line, status = line_and_status(error)
            refused = root(error)
            if isinstance(refused, NamedSettings):
                from retailsim.sim.cli.remedies import in_words_of

                line = brief(in_words_of(ctx.meta.get(RUNNING), refused))
            _tell(line, folded=folds(error))
            ctx.exit(status)


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Say what a user should know on one line; what libraries warn of stays as Python has it."""
    from retailsim.events.errors import RetailSimWarning

    if issubclass(category, RetailSimWarning):
        words = _plain(f"warning: {message}") + "\n"
    else:
        words = warnings.formatwarning(message, category, filename, lineno, line)
    with suppress(OSError):  # as Python has it: what nobody hears stops nothing
        click.echo(words, err=True, nl=False)


def _tell(line: str, *, folded: bool) -> None:
    """Say what went wrong on one line, or on three short ones, whatever the names in it hold."""
    from retailsim.sim.error_line import folded_lines

    plain = _plain(f"error: {line}")
    click.echo("\n".join(folded_lines(plain)) if folded else plain, err=True)


def _plain(line: str) -> str:
    return "".join(char if char.isprintable() else " " for char in line)


@click.group(
    cls=_Program,
    example="launch",
    commands=[command for commands in HEADINGS.values() for command in commands],
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="retailsim", prog_name="retailsim")
def main() -> None:
    """Simulate retail: sellers and buyers from the pitch to the review."""
    spare_memory()


@main.command(name="_worker", hidden=True, example="_worker")
def worker() -> None:
    """Be a worker of a run: reads its job from standard input."""
    from retailsim.sim.execution.workers import work

    sys.exit(work())


@main.command(name="_companion", hidden=True, example="_companion")
def companion() -> None:
    """Be the page beside a run that is played: reads which from standard input."""
    from retailsim.sim.studio.companion import accompany

    sys.exit(accompany())
