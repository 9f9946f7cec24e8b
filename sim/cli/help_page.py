"""Help pages: commands under headings, summaries in full, and an example for each command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

Names = tuple[str, Callable[[], Iterable[tuple[str, str]]]]
RUNNING = "retailsim.command"
"""Where a context keeps the command that runs."""
CommandsByHeading = Mapping[str, Iterable[click.Command]]


class Command(click.Command):
    """A command whose help ends with an example.

    Parameters
    ----------
    example : str
        What to type after the name of the program.
    names : pair of str and callable, or None
        A heading, and what gives the names that an argument may be with a line on each.
    """

    def __init__(
        self, *arguments: Any, example: str, names: Names | None = None, **attributes: Any
    ) -> None:
        super().__init__(*arguments, **attributes)
        self.example = example
        self.names = names

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; the program learns from the context which command it was that went wrong."""
        ctx.meta[RUNNING] = self
        return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names, and the example with the program's name as it was called."""
        if self.names is not None:
            heading, rows = self.names
            with formatter.section(heading):
                formatter.write_dl(list(rows()))
        _write_example(self.example, ctx, formatter)


class CommandGroup(click.Group):
    """Commands below one name, each summary in full; the help ends with an example, too."""

    command_class = Command

    def __init__(self, *arguments: Any, example: str, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.example = example

    def by_heading(self) -> CommandsByHeading:
        """Return the commands under the headings of the help page."""
        return {"Commands": self.commands.values()}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a line for each command, in the order in which they were added."""
        width = max(len(name) for name, command in self.commands.items() if not command.hidden)
        for heading, commands in self.by_heading().items():
            shown = [command for command in commands if not command.hidden]
            with formatter.section(heading):
                formatter.write_dl([(f"{one.name:{width}}", summary(one)) for one in shown])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example, with the program's name as it was called."""
        _write_example(self.example, ctx, formatter)


def summary(command: click.Command) -> str:
    """Return the first paragraph of a command's help; Click's own summaries are cut short."""
    return " ".join((command.help or "").partition("\n\n")[0].split())


def _write_example(example: str, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    with formatter.section("Example"):
        formatter.write_text(f"{ctx.find_root().info_name} {example}")
